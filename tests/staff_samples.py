"""A secure zone with people, texts to review and drafted releases, for the tests of the staff door. Every text is made up here."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from starlette.testclient import TestClient

from disclosure.audit import audit
from disclosure.policy import load_policy
from disclosure.published_table import Status
from disclosure.relations import to_relations
from pipeline import approval
from pipeline.release_files import build_release
from pipeline.steps.protect import to_frame
from retention import releases
from retention.ledger import Entry
from retention.review import Reason, add_items
from retention.review_draws import Draw, add_draw
from retention.review_marks import Mark
from retention.secure_store import SecureStore, Wave
from retention.settings import SecureZone
from retention.staff import Role, add_member
from tests.release_samples import INNER, description, published, quick_passphrases, release_table, secure_zone
from tests.second_factors import enrol, next_code

WAVE = "2026-autumn"
LIFE = ("happy", "okay", "sad")
PASSWORD = "correct horse battery"
PEOPLE = {
    "ann": Role.ANALYST,
    "rita": Role.REVIEWER,
    "ron": Role.REVIEWER,
    "rose": Role.REVIEWER,
    "chris": Role.OUTPUT_CHECKER,
    "ali": Role.OUTPUT_CHECKER,
    "olga": Role.OUTPUT_CHECKER,
    "lea": Role.SAFEGUARDING_LEAD,
    "leo": Role.SAFEGUARDING_LEAD,
    "dora": Role.DATA_PROTECTION_OFFICER,
    "adam": Role.ADMINISTRATOR,
}
TEXTS = (
    "My teacher Mr Quillfeather at Larkmeadow Primary never listens, and Zofia is sad too",
    "more parks and less homework please",
    '<script>alert(1)</script> & "quotes" from Bramblewick',
)
PROPOSED = (
    (Mark(11, 26, "PERSON"), Mark(30, 48, "SCHOOL")),
    (),
    (Mark(42, 53, "PLACE"),),
)


def make_office(folder: Path) -> SecureStore:
    """Eleven people, three texts in the queue, and a release drafted by olga."""
    with pytest.MonkeyPatch.context() as patch:
        quick_passphrases(patch)
        store = SecureStore(secure_zone(folder))
        for name, role in PEOPLE.items():
            add_member(store, name, role, PASSWORD, by="setup")
            enrol(store, name)
    store.add_wave(Wave(WAVE, "big_ask", "body", "locator"), Entry("ann", "wave-open", WAVE))
    frame = pd.DataFrame({"text_row": range(len(TEXTS)), "row": [7, 8, 9], "field": ["better_life"] * 3, "text": TEXTS})
    stored = store.vault.write(frame)
    spans = store.vault.write(spans_frame())
    protected = [store.vault.write(frame) for frame in evidence_frames()]
    counted = store.vault.write(counted_frame())
    queue = [(row, Reason.FLAGGED if marks else Reason.SAMPLE, marks) for row, marks in enumerate(PROPOSED)]
    with store.record(Entry("ann", "scrub", WAVE)) as connection:
        store.add_asset(connection, WAVE, "texts", stored)
        store.add_asset(connection, WAVE, "spans", spans)
        store.add_asset(connection, WAVE, "tables", counted)
        store.add_asset(connection, WAVE, "protected", protected[0])
        store.add_asset(connection, WAVE, "attack", protected[1])
        add_items(connection, WAVE, queue)
        add_draw(connection, Draw(WAVE, 1, "5eed", 1, 1))
    about = description()
    about = replace(about, attack=replace(about.attack, answers=12, record_sets=1))
    digest = build_release(approval.draft_folder(store.zone, "autumn-2026"), about, [release_table()])
    releases.draft(store, "autumn-2026", WAVE, "olga", digest)
    return store


def spans_frame() -> pd.DataFrame:
    """What the machine proposes, with the layer that found it: the places of PROPOSED."""
    rows = [(row, mark.start, mark.end, mark.label, 0.9, "relation") for row, marks in enumerate(PROPOSED) for mark in marks]
    return pd.DataFrame(rows, columns=["text_row", "start", "end", "label", "score", "layer"])


def counted_frame() -> pd.DataFrame:
    """What counting leaves in the vault about the sample's table: its true inner cells."""
    rows = [
        ("life-by-place", json.dumps([place, life]), n) for place, counts in INNER.items() for life, n in zip(LIFE, counts, strict=True)
    ]
    return pd.DataFrame(rows, columns=["table", "codes", "n"])


def evidence_frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    """What protecting leaves in the vault about the sample's table: statuses (one of them small), and the attack's real bounds."""
    table = published()
    status = table.status.copy()
    status[tuple(np.argwhere(table.withheld)[-1])] = Status.PRIMARY.value
    small = replace(table, status=status)
    report = audit([small], load_policy("ons-threshold-10"))
    cells = [
        {
            "table": small.id,
            "cell": {d.name: d.codes[k] for d, k in zip(small.dimensions, at, strict=True)},
            "low": int(report.low[0][tuple(at)]),
            "high": int(report.high[0][tuple(at)]),
        }
        for at in np.argwhere(small.withheld)
    ]
    document = json.dumps(
        {
            "report": {"attack": report.to_dict()},
            "certificate": {"exact": report.exact, "withheld": cells},
            "relations": [to_relations(small)],
            "earlier_releases": ["last-year"],
            "answers": 12,
        }
    )
    return to_frame([small]), pd.DataFrame({"document": [document]})


def zone_in(folder: Path) -> SecureZone:
    """The zone that `make_office` made in this folder, or a copy of it."""
    return SecureZone(folder, f"sqlite:///{folder / 'secure.sqlite'}", folder / "passphrase")


def csrf_of(html: str) -> str:
    """The token that the door put into a page's forms."""
    return re.findall(r'name="csrf" value="([^"]*)"', html)[0]


def sign_in(client: TestClient, name: str, password: str = PASSWORD) -> str:
    """Sign in as a browser would; returns the token for the next forms, or "" if the door refused."""
    client.cookies.clear()
    token = csrf_of(client.get("/login").text)
    answer = client.post("/login", data={"csrf": token, "name": name, "password": password, "code": next_code()}, follow_redirects=True)
    return csrf_of(answer.text) if answer.status_code == 200 else ""
