"""The precomputed set: answers to an allow-list of questions, as files that can be checked, approved and served where no builder runs."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import yaml

from disclosure.differencing import attack_together
from disclosure.table import DisclosureError
from pipeline.builder_answer import Answer, Builder, Refusal
from pipeline.builder_policy import load_builder_policy
from pipeline.builder_prepare import matrix_of
from pipeline.builder_query import EVERYWHERE, NotUnderstood, Query
from pipeline.progress import Progress, silent
from retention.answered import keep
from retention.secure_store import SecureStore, StepRefused

ASKED = Path(__file__).parent / "data" / "builder" / "precomputed.yaml"
INDEX = "index.json"


def read_asked(path: Path, wave_id: str) -> list[Query]:
    """The questions of a YAML list. Raises NotUnderstood."""
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
        return [_question(entry, wave_id) for entry in entries]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, TypeError, ValueError, KeyError, IndexError):
        raise NotUnderstood(f"'{path.name}' must be a list of questions: `by`, perhaps `geography` and `where`.") from None


def _question(entry: dict[str, Any], wave_id: str) -> Query:
    if not set(entry) <= {"by", "geography", "where"}:
        raise ValueError
    by = tuple((str(name), str(level)) for name, _, level in (str(one).partition(".") for one in entry.get("by", ())))
    where = (str(entry["where"][0]), str(entry["where"][1])) if entry.get("where") else None
    return Query(wave_id, by, str(entry.get("geography", EVERYWHERE)), where)


def precompute(store: SecureStore, wave_id: str, out: Path, asked: Path | None = None, progress: Progress = silent) -> dict[str, int | str]:
    """Answer the allow-list into a new folder: an index with the hash of each file, and a file for each table that is answered.

    What is refused is named in the index with its rule. All answers are attacked together, and are on record, before any is written.
    Raises NotUnderstood, DisclosureError, StepRefused; then there is no folder.
    """
    builder = Builder(matrix_of(store, wave_id), load_builder_policy())
    queries = read_asked(asked or ASKED, wave_id)
    answers, refusals = [], []
    for done, query in enumerate(queries, start=1):
        found = builder.ask(query, suggest=False)
        if isinstance(found, Refusal):
            refusals.append(found)
        else:
            answers.append(found)
        progress(done, len(queries))
    published = [answer.published(builder.policy) for answer in answers]
    if published and attack_together(published, [], builder.policy.disclosure).exposed:
        raise DisclosureError("the attack narrows down a count of the allowed answers: leave a question out")
    keep(store, wave_id, [answer.query.definition() for answer in answers])
    _write(out, builder, answers, refusals)
    return {"answered": len(answers), "refused": len(refusals), "cells": sum(answer.values.size for answer in answers)}


def _write(out: Path, builder: Builder, answers: list[Answer], refusals: list[Refusal]) -> None:
    if out.exists():
        raise StepRefused(f"'{out.name}' is there already: name a new folder.")
    making = out.with_name(f".{out.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    files = {}
    for answer in answers:
        content = json.dumps(_document(builder, answer), sort_keys=True).encode()
        (making / f"{answer.query.id}.json").write_bytes(content)
        files[f"{answer.query.id}.json"] = {"sha256": hashlib.sha256(content).hexdigest(), "asked": json.loads(answer.query.definition())}
    refused = [{"asked": json.loads(one.query.definition()), "rule": one.rule} for one in refusals]
    index = {"policy": builder.policy.disclosure.name, "rules": builder.policy.reasons, "files": files, "refused": refused}
    (making / INDEX).write_text(json.dumps(index, indent=1, sort_keys=True), encoding="utf-8")
    making.rename(out)


def _document(builder: Builder, answer: Answer) -> dict[str, Any]:
    labels = {d.name: dict(builder.matrix.variables[d.name].labels) for d in answer.dimensions}
    return {
        "id": answer.query.id,
        "asked": json.loads(answer.query.definition()),
        "dimensions": [{"name": d.name, "codes": [[code, labels[d.name].get(code, code)] for code in d.codes]} for d in answer.dimensions],
        "values": [None if value < 0 else value for value in answer.values.reshape(-1).tolist()],
        "withheld": {rule: cells for rule, (cells, _) in answer.withheld.items()},
    }
