"""The release zone under attack: changed, added, missing, swapped and linked files, forged approvals, a foreign office."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline import approval
from pipeline.release_files import build_release
from pipeline.release_names import sha256
from pipeline.release_zone import (
    ReleaseDamaged,
    ReleaseUnknown,
    Signed,
    office_key,
    publish,
    read_release,
    release_ids,
    take_back,
)
from retention import releases
from retention.ledger import Entry
from retention.releases import ReleaseRefused, ReleaseState
from retention.secure_store import SecureStore, Wave
from retention.settings import ReleaseZone
from tests.release_samples import description, quick_passphrases, release_table, secure_zone


@dataclass(frozen=True)
class Office:
    """A secure zone with one wave, a release zone, and a way to draft."""

    store: SecureStore
    zone: ReleaseZone

    def draft(self, release_id: str = "autumn-2026", author: str = "ann") -> None:
        folder = approval.draft_folder(self.store.zone, release_id)
        digest = build_release(folder, description(release_id), [release_table()])
        releases.draft(self.store, release_id, "w", author, digest)

    def release(self, release_id: str = "autumn-2026") -> Path:
        self.draft(release_id)
        approval.check(self.store, release_id, "chris")
        approval.approve(self.store, release_id, "ali", self.zone)
        return self.zone.folder / release_id


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    quick_passphrases(monkeypatch)
    store = SecureStore(secure_zone(tmp_path / "secure"))
    store.add_wave(Wave("w", "big_ask", "body-w", "locator-w"), Entry("ann", "wave-open", "w"))
    return Office(store, ReleaseZone(tmp_path / "release"))


@pytest.fixture
def folder(office: Office) -> Path:
    return office.release()


def read(folder: Path) -> object:
    return read_release(folder, office_key(folder.parent))


def test_a_release_is_what_was_approved(office: Office, folder: Path) -> None:
    found = read_release(folder, office_key(office.zone.folder))
    assert found.metadata["title"] == "What children told us, autumn 2026"
    assert found.approval["checker"] == "chris"
    assert found.withdrawn is None
    draft = approval.draft_folder(office.store.zone, "autumn-2026")
    for name in found.files:
        assert found.file(name) == (draft / name).read_bytes()
    assert not any(path.name.startswith(".") for path in office.zone.folder.rglob("*"))


def change_a_number(folder: Path) -> None:
    path = folder / "tables/life-by-place.csv"
    path.write_bytes(path.read_bytes().replace(b"2539", b"2538", 1))


def add_a_file(folder: Path) -> None:
    (folder / "tables/raw.csv").write_text("n")


def add_a_link(folder: Path) -> None:
    (folder / "tables/passwd.csv").symlink_to("/etc/passwd")


def swap_for_a_link(folder: Path) -> None:
    path = folder / "tables/life-by-place.csv"
    copy = folder.parent / "copy.csv"
    shutil.copy(path, copy)
    path.unlink()
    path.symlink_to(copy)


def remove_a_file(folder: Path) -> None:
    (folder / "tables/life-by-place.xlsx").unlink()


def change_file_and_manifest(folder: Path) -> None:
    change_a_number(folder)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    for entry in manifest["files"]:
        entry["sha256"] = sha256((folder / entry["name"]).read_bytes())
    (folder / "manifest.json").write_text(json.dumps(manifest))


def list_what_lies_outside(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["files"].append({"name": "../../secure/passphrase", "sha256": "0" * 64})
    (folder / "manifest.json").write_text(json.dumps(manifest))


def forge_the_approval(folder: Path) -> None:
    statement = json.loads((folder / "approval.json").read_bytes())
    statement["document"] = statement["document"].replace("chris", "nobody")
    (folder / "approval.json").write_text(json.dumps(statement))


def remove_the_approval(folder: Path) -> None:
    (folder / "approval.json").unlink()


def break_the_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_text("[")


ATTACKS: tuple[Callable[[Path], None], ...] = (
    change_a_number, add_a_file, add_a_link, swap_for_a_link, remove_a_file, change_file_and_manifest,
    list_what_lies_outside, forge_the_approval, remove_the_approval, break_the_manifest,
)  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_release_that_was_tampered_with_is_not_read(folder: Path, attack: Callable[[Path], None]) -> None:
    read(folder)
    attack(folder)
    with pytest.raises(ReleaseDamaged):
        read(folder)


def test_an_approval_does_not_carry_over_to_another_release(office: Office, folder: Path) -> None:
    other = office.zone.folder / "winter-2026"
    shutil.copytree(folder, other)
    with pytest.raises(ReleaseDamaged):
        read(other)


def test_only_plain_names_of_real_folders_are_releases(office: Office, folder: Path) -> None:
    (office.zone.folder / "link").symlink_to(folder)
    for name in ("link", "nothing", "Upper", "..", ".incoming-1"):
        with pytest.raises(ReleaseUnknown):
            read(office.zone.folder / name)
    found = read_release(folder, office_key(office.zone.folder))
    for name in ("../office.pub", "approval.json", "manifest.json", "/etc/passwd", "tables"):
        with pytest.raises(ReleaseUnknown):
            found.file(name)


def test_a_file_changed_after_verification_is_still_refused(office: Office, folder: Path) -> None:
    found = read_release(folder, office_key(office.zone.folder))
    change_a_number(folder)
    with pytest.raises(ReleaseDamaged):
        found.file("tables/life-by-place.csv")


def test_a_draft_that_changed_after_checking_cannot_leave(office: Office) -> None:
    office.draft()
    approval.check(office.store, "autumn-2026", "chris")
    change_a_number(approval.draft_folder(office.store.zone, "autumn-2026"))
    with pytest.raises(ReleaseRefused, match="changed after"):
        approval.approve(office.store, "autumn-2026", "ali", office.zone)
    assert releases.release(office.store, "autumn-2026").state is ReleaseState.CHECKED
    assert not office.zone.folder.exists()


def test_a_draft_rebuilt_after_checking_cannot_leave_either(office: Office) -> None:
    office.draft()
    approval.check(office.store, "autumn-2026", "chris")
    change_file_and_manifest(approval.draft_folder(office.store.zone, "autumn-2026"))
    with pytest.raises(ReleaseRefused, match="not those that were drafted"):
        approval.approve(office.store, "autumn-2026", "ali", office.zone)


def test_three_people_are_needed(office: Office) -> None:
    office.draft()
    with pytest.raises(ReleaseRefused, match="Three different people"):
        approval.check(office.store, "autumn-2026", "ann")
    approval.check(office.store, "autumn-2026", "chris")
    for person in ("ann", "chris"):
        with pytest.raises(ReleaseRefused, match="Three different people"):
            approval.approve(office.store, "autumn-2026", person, office.zone)


def test_publishing_again_changes_nothing_and_completes_what_was_interrupted(office: Office) -> None:
    office.draft()
    approval.check(office.store, "autumn-2026", "chris")
    approval.approve(office.store, "autumn-2026", "ali", None)  # killed before it was published
    left = office.zone.folder / ".incoming-0011"
    (left / "tables").mkdir(parents=True)
    assert approval.publish_released(office.store, office.zone) == ["autumn-2026"]
    first = {path: path.read_bytes() for path in office.zone.folder.rglob("*") if path.is_file()}
    assert approval.publish_released(office.store, office.zone) == ["autumn-2026"]
    assert {path: path.read_bytes() for path in office.zone.folder.rglob("*") if path.is_file()} == first
    assert release_ids(office.zone.folder) == ["autumn-2026"]
    assert not left.exists()


def test_a_withdrawn_release_says_why_and_a_forged_withdrawal_is_damage(office: Office, folder: Path) -> None:
    approval.withdraw(office.store, "autumn-2026", "ann", "A question was asked wrongly in one form.", office.zone)
    assert read_release(folder, office_key(office.zone.folder)).withdrawn == "A question was asked wrongly in one form."
    statement = json.loads((folder / "withdrawn.json").read_bytes())
    statement["document"] = statement["document"].replace("wrongly", "rightly")
    (folder / "withdrawn.json").write_text(json.dumps(statement))
    with pytest.raises(ReleaseDamaged):
        read(folder)


def test_another_office_cannot_publish_here(office: Office, folder: Path, tmp_path: Path) -> None:
    other = Office(SecureStore(secure_zone(tmp_path / "other")), office.zone)
    other.store.add_wave(Wave("w", "big_ask", "body-w", "locator-w"), Entry("ann", "wave-open", "w"))
    with pytest.raises(ReleaseDamaged, match="another office"):
        other.release("winter-2026")
    assert release_ids(office.zone.folder) == ["autumn-2026"]


def test_nothing_is_published_or_taken_back_without_a_signature(office: Office, folder: Path) -> None:
    key = office_key(office.zone.folder)
    draft = approval.draft_folder(office.store.zone, "autumn-2026")
    unsigned = Signed(json.dumps({"release": "autumn-2026", "withdrawn": "Because I say so."}), "00" * 64)
    with pytest.raises(ReleaseDamaged, match="not signed"):
        publish(draft, office.zone.folder, unsigned, key)
    with pytest.raises(ReleaseDamaged, match="not signed"):
        take_back(office.zone.folder, unsigned, key)
    assert not (folder / "withdrawn.json").exists()
