"""The operating point is data with a source and a reason, and the scrubber takes it from there."""

from pathlib import Path

import pytest
import yaml

from pipeline.scrub.policy import POLICY, ScrubPolicyError, load_policy
from pipeline.scrub.scrubber import Setting


def _altered(folder: Path, **rules: object) -> Path:
    content = yaml.safe_load(POLICY.read_text(encoding="utf-8"))
    content["rules"] |= rules
    content["rules"] = {name: rule for name, rule in content["rules"].items() if rule is not None}
    path = folder / "policy.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def _rule(value: object) -> dict[str, object]:
    return {"value": value, "source": "s", "reason": "r"}


def test_the_scrubber_takes_its_point_from_the_policy() -> None:
    assert (Setting().threshold, Setting().doubt) == (load_policy().threshold, load_policy().doubt)
    assert Setting(threshold=0.4).threshold == 0.4


@pytest.mark.parametrize(
    "rules",
    [
        {"threshold": None},
        {"extra": _rule(1)},
        {"threshold": {"value": 0.2, "source": "s"}},
        {"threshold": {"value": 0.2, "source": "", "reason": "r"}},
        {"threshold": _rule("0.2")},
        {"threshold": _rule(True)},
        {"threshold": _rule(0)},
        {"threshold": _rule(1)},
        {"recall": _rule(1.01)},
        {"doubt": _rule(0.2), "threshold": _rule(0.2)},
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(tmp_path: Path, rules: dict[str, object]) -> None:
    with pytest.raises(ScrubPolicyError):
        load_policy(_altered(tmp_path, **rules))


def test_a_policy_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("rules: [")
    with pytest.raises(ScrubPolicyError, match="cannot be read"):
        load_policy(tmp_path / "policy.yaml")


def test_doubt_just_below_the_threshold_is_allowed(tmp_path: Path) -> None:
    assert load_policy(_altered(tmp_path, doubt=_rule(0.19), threshold=_rule(0.2))).doubt == 0.19
