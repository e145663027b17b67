"""Everything at rest is in the retention schedule; nothing at rest tells an address, a browser, a session or a moment (A2, A4)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml
from sqlalchemy import BigInteger, Column, Date, DateTime, Float, Integer, LargeBinary, MetaData, String, Table, Text, Time, inspect
from sqlalchemy.types import TypeEngine

from retention import tables
from retention.database import connect, migrate
from retention.destroy import BUNDLES
from retention.schedule import RuleMissing, load_schedule
from retention.steps import NEEDS, Verb

ROOT = Path(__file__).parents[2]
CATEGORIES = {"code", "state", "day", "count", "public", "sealed", "staff", "offsets", "proof"}
SCHEMAS = {"collection": tables.collection, "secure": tables.secure}
ALL_TABLES = [(f"{zone}.{table.name}", table) for zone, metadata in SCHEMAS.items() for table in metadata.tables.values()]
HARMLESS: tuple[type[TypeEngine[object]], ...] = (String, Text, Integer, BigInteger, Date, LargeBinary)
TELLING = re.compile(
    r"(^|_)(ip|ipaddr|address|addr|host|ua|agent|user_agent|browser|device|session|cookie|referr?er|fingerprint|token)(_|$)"
)
MOMENT = re.compile(r"(^|_)(time|timestamp|at|when|hour|minute|second|moment)(_|$)")


def untold(metadata: MetaData, schema: str) -> list[str]:
    """Columns of tables that are not in the schedule, or are there and nowhere else."""
    told = load_schedule().columns
    found = {f"{schema}.{table.name}": {column.name for column in table.columns} for table in metadata.tables.values()}
    names = set(found) | {name for name in told if name.startswith(f"{schema}.")}
    return [f"{name}.{column}" for name in sorted(names) for column in found.get(name, set()) ^ set(told.get(name, {}))]


def too_telling(table: Table) -> list[str]:
    """Columns whose type or name could hold who sent something, or when within a day."""
    return [
        column.name
        for column in table.columns
        if type(column.type) not in HARMLESS or TELLING.search(column.name) or MOMENT.search(column.name)
    ]


@pytest.mark.parametrize("schema", sorted(SCHEMAS))
def test_every_column_is_categorised_and_no_other(schema: str) -> None:
    assert untold(SCHEMAS[schema], schema) == []


def test_every_category_is_one_that_is_explained() -> None:
    used = {category for columns in load_schedule().columns.values() for category in columns.values()}
    assert used == CATEGORIES
    explained = (ROOT / "retention" / "schedule.yaml").read_text(encoding="utf-8")
    for category in CATEGORIES:
        assert re.search(rf"#.*\b{category}\b", explained), f"'{category}' is not explained in schedule.yaml"


@pytest.mark.parametrize("name", [name for name, _ in ALL_TABLES])
def test_every_table_has_a_rule(name: str) -> None:
    rule = load_schedule().tables[name]
    keeps, reviews = rule.get("keep"), rule.get("review_after_days")
    assert (keeps is None) != (reviews is None), "a table is kept for a reason, or reviewed on a day"
    assert keeps is None or len(str(keeps)) >= 10
    assert reviews is None or (int(reviews) > 0 and str(rule["owner"]))


def test_no_rule_is_of_a_table_that_is_not_there() -> None:
    assert set(load_schedule().tables) == {name for name, _ in ALL_TABLES}


@pytest.mark.parametrize(("name", "table"), ALL_TABLES)
def test_no_column_tells_who_or_when(name: str, table: Table) -> None:
    assert too_telling(table) == []
    days = {column.name for column in table.columns if isinstance(column.type, Date)}
    categories = load_schedule().columns[name]
    assert days == {column for column, category in categories.items() if category == "day"}


@pytest.mark.parametrize("database", sorted(SCHEMAS))
def test_the_databases_themselves_hold_nothing_else(database_url: str, database: str) -> None:
    engine = connect(database_url)
    migrate(engine, database)
    reflected = MetaData()
    reflected.reflect(engine)
    reflected.remove(reflected.tables["alembic_version"])
    assert untold(reflected, database) == []
    for table in reflected.tables.values():
        for column in table.columns:
            kind = column.type.as_generic()
            assert isinstance(kind, HARMLESS), f"{table.name}.{column.name} is {kind!r}"
            assert not TELLING.search(column.name)
            assert not MOMENT.search(column.name)
    assert inspect(engine).get_view_names() == []


def test_the_search_can_see() -> None:
    bad = Table(
        "bad", MetaData(), Column("made", DateTime), Column("made_t", Time), Column("score", Float), Column("client_ip", String),
        Column("user_agent", String), Column("session", Integer), Column("received_at", Integer), Column("survey", String),
        Column("state", Text),
    )  # fmt: skip
    assert too_telling(bad) == ["made", "made_t", "score", "client_ip", "user_agent", "session", "received_at"]
    assert "secure.bad.made" in untold(bad.metadata, "secure")


# -- data sets -----------------------------------------------------------------------------------------------------------


def stored_kinds() -> Iterator[tuple[str, str]]:
    """Every kind of data set that the code stores: the first argument of `.save(...)` and `.add_file(...)` of a running step."""
    for path in sorted((ROOT / "pipeline").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("save", "add_file")):
                continue
            if not (isinstance(node.func.value, ast.Name) and node.func.value.id == "running"):
                continue
            where = f"{path.relative_to(ROOT)}:{node.lineno}"
            first = node.args[0]
            if isinstance(first, ast.Constant):
                yield where, str(first.value)
            else:
                assert isinstance(first, ast.Name), f"{where}: name the kind of the data set, so that its rule can be found"
                assert first.id == "kind", f"{where}: name the kind of the data set, so that its rule can be found"
                for kind in BUNDLES:  # the transfer's loop over both bundles
                    yield where, kind


def test_every_data_set_that_the_pipeline_stores_has_a_rule() -> None:
    found = list(stored_kinds())
    assert {kind for _, kind in found} >= {
        "bodies",
        "locators",
        "located",
        "answers",
        "texts",
        "spans",
        "texts_clean",
        "tables",
        "protected",
    }
    for where, kind in found:
        assert kind in load_schedule().rules, f"{where} stores '{kind}', which has no rule"


def test_every_rule_is_of_a_data_set_that_is_stored() -> None:
    assert set(load_schedule().rules) == {kind for _, kind in stored_kinds()}


def test_the_pipeline_stores_through_steps_only() -> None:
    """Whoever writes into the vault past a step writes without a rule."""
    for path in sorted([*(ROOT / "pipeline").rglob("*.py"), *(ROOT / "api").rglob("*.py")]):
        assert not re.search(r"vault\.write\(|add_asset\(", path.read_text(encoding="utf-8")), path.name


def test_what_a_step_needs_destroyed_is_due_for_destruction_by_then() -> None:
    rules, verbs = load_schedule().rules, list(Verb)
    due = {kind: rule.until_step for kind, rule in rules.items() if rule.until_step is not None}
    assert set(due) == set(NEEDS[Verb.RELEASE].destroyed)
    for kind, step in due.items():
        later = verbs[verbs.index(Verb(step)) + 1 :]
        assert all(kind in NEEDS[verb].destroyed for verb in later), f"'{kind}' is due after `{step}`, but a later step does not ask"


def test_raw_answers_and_places_are_kept_for_weeks_and_nothing_for_ever() -> None:
    rules = load_schedule().rules
    assert rules["locators"].review_after_days <= 30
    assert rules["bodies"].review_after_days <= 30
    assert rules["texts"].review_after_days <= 90
    for rule in rules.values():
        assert 0 < rule.review_after_days <= 730
        assert rule.owner
        assert rule.what
        assert rule.review_on(date(2026, 2, 28)) == date(2026, 2, 28) + timedelta(days=rule.review_after_days)


def test_a_data_set_without_a_rule_is_refused() -> None:
    with pytest.raises(RuleMissing, match=r"No retention rule for 'diary': add one to retention/schedule\.yaml"):
        load_schedule().rule("diary")


@pytest.mark.parametrize("lacking", ["what", "owner", "review_after_days"])
def test_a_rule_that_lacks_a_part_is_refused(tmp_path: Path, lacking: str) -> None:
    rule = {"what": "Something", "owner": "somebody", "review_after_days": 30}
    schedule = {"assets": {"thing": rule}, "columns": {}, "tables": {}}
    path = tmp_path / "whole.yaml"
    path.write_text(yaml.safe_dump(schedule), encoding="utf-8")
    assert load_schedule(path).rule("thing").review_after_days == 30
    for number, value in enumerate(
        [None, "", "soon" if lacking == "review_after_days" else None, -1 if lacking == "review_after_days" else ""]
    ):
        path = tmp_path / f"{number}.yaml"
        broken = {key: value if key == lacking else kept for key, kept in rule.items()}
        if number == 0:
            del broken[lacking]
        path.write_text(yaml.safe_dump({**schedule, "assets": {"thing": broken}}), encoding="utf-8")
        with pytest.raises(RuleMissing, match="'thing' needs what, owner and review_after_days"):
            load_schedule(path)


@pytest.mark.parametrize("content", ["", "[]", "assets: {}", "assets: [a]\ncolumns: {}\ntables: {}", "assets: {\n"])
def test_a_schedule_that_cannot_be_read_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "schedule.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(RuleMissing, match="retention schedule"):
        load_schedule(path)
