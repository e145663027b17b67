"""A new version of a release: each page says what it replaces or is replaced by, and the old one stays where it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.researcher import create_app
from pipeline import approval
from pipeline.release_description import ReleaseInvalid
from pipeline.release_files import build_release
from retention import releases
from retention.ledger import Entry
from retention.secure_store import SecureStore, Wave
from retention.settings import ReleaseZone
from tests.release_samples import description, quick_passphrases, release_table, secure_zone

CHANGE = "One council was counted twice in the first version."


def test_both_versions_are_served_and_point_at_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quick_passphrases(monkeypatch)
    store = SecureStore(secure_zone(tmp_path / "secure"))
    store.add_wave(Wave("w", "big_ask", "body-w", "locator-w"), Entry("ann", "wave-open", "w"))
    zone = ReleaseZone(tmp_path / "release")
    second = replace(description("autumn-2026-2"), replaces="autumn-2026", changes=(CHANGE,))
    for about in (description("autumn-2026"), second):
        digest = build_release(approval.draft_folder(store.zone, about.id), about, [release_table()])
        releases.draft(store, about.id, "w", "ann", digest)
        approval.check(store, about.id, "chris")
        approval.approve(store, about.id, "ali", zone)
    with TestClient(create_app(zone)) as door:
        old, new = door.get("/releases/autumn-2026"), door.get("/releases/autumn-2026-2")
        assert (old.status_code, new.status_code) == (200, 200)
        assert '<a class="govuk-link" href="/releases/autumn-2026-2">' in old.text
        assert "There is a newer version" in old.text
        assert "There is a newer version" not in new.text
        assert CHANGE in new.text
        assert '<a class="govuk-link" href="/releases/autumn-2026">' in new.text
        assert "This is the first version." in old.text
        listed = {one["id"]: one["replaces"] for one in door.get("/api/v1/releases").json()["items"]}
        assert listed == {"autumn-2026": None, "autumn-2026-2": "autumn-2026"}
        assert 'name="robots"' not in old.text
        assert "x-robots-tag" not in old.headers
        approval.withdraw(store, "autumn-2026", "ann", "One council was counted twice.", zone)
        gone = door.get("/releases/autumn-2026")
        assert (gone.status_code, "One council was counted twice." in gone.text) == (410, True)
        assert '<a class="govuk-link" href="/releases/autumn-2026-2">' in gone.text


def test_a_new_version_says_what_changed() -> None:
    with pytest.raises(ReleaseInvalid, match="what changed"):
        replace(description(), replaces="spring-2026")
    with pytest.raises(ReleaseInvalid, match="what changed"):
        replace(description(), changes=(CHANGE,))
    with pytest.raises(ReleaseInvalid, match="itself"):
        replace(description("a"), replaces="a", changes=(CHANGE,))
