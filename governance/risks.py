"""The register of risks: what could harm a child, how likely and how badly, what is done about it, and which test shows that it works.

Levels follow the matrix of the ICO's template for data protection impact assessments, one cell more strictly: harm that would be
severe is never called low, however remote.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from governance.reading import require

NODE = re.compile(r"^tests/(?:[a-z_]+/)*test_[a-z0-9_]+\.py::test_[a-z0-9_]+$")
MODULE = re.compile(r"^(?:api|pipeline|governance|retention|disclosure|forms)(?:\.[a-z0-9_]+)+$")


class Likelihood(StrEnum):
    """How likely it is that the harm comes about."""

    REMOTE = "remote"
    POSSIBLE = "possible"
    PROBABLE = "probable"


class Severity(StrEnum):
    """How bad it would be for a child."""

    MINIMAL = "minimal"
    SIGNIFICANT = "significant"
    SEVERE = "severe"


class Level(StrEnum):
    """What both together come to. A high level that remains needs the ICO's opinion before anything is collected (Art. 36)."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


_MATRIX = {
    (Likelihood.REMOTE, Severity.MINIMAL): Level.LOW,
    (Likelihood.REMOTE, Severity.SIGNIFICANT): Level.LOW,
    (Likelihood.REMOTE, Severity.SEVERE): Level.MEDIUM,
    (Likelihood.POSSIBLE, Severity.MINIMAL): Level.LOW,
    (Likelihood.POSSIBLE, Severity.SIGNIFICANT): Level.MEDIUM,
    (Likelihood.POSSIBLE, Severity.SEVERE): Level.HIGH,
    (Likelihood.PROBABLE, Severity.MINIMAL): Level.LOW,
    (Likelihood.PROBABLE, Severity.SIGNIFICANT): Level.HIGH,
    (Likelihood.PROBABLE, Severity.SEVERE): Level.HIGH,
}


@dataclass(frozen=True)
class Rating:
    """Likelihood and severity of a risk at one time."""

    likelihood: Likelihood
    severity: Severity

    @property
    def level(self) -> Level:
        """Low, medium or high."""
        return _MATRIX[self.likelihood, self.severity]


class Standard(StrEnum):
    """The fifteen standards of the Children's Code."""

    BEST_INTERESTS = "best interests"
    IMPACT_ASSESSMENT = "impact assessment"
    AGE_APPROPRIATE = "age-appropriate application"
    TRANSPARENCY = "transparency"
    DETRIMENTAL_USE = "detrimental use"
    POLICIES = "policies and community standards"
    DEFAULTS = "default settings"
    MINIMISATION = "data minimisation"
    SHARING = "data sharing"
    GEOLOCATION = "geolocation"
    PARENTAL_CONTROLS = "parental controls"
    PROFILING = "profiling"
    NUDGE = "nudge techniques"
    CONNECTED_TOYS = "connected toys"
    ONLINE_TOOLS = "online tools"


@dataclass(frozen=True)
class Measure:
    """Something that is done about a risk, the modules that do it, and the tests that fail when it does not work."""

    code: str
    does: str
    modules: tuple[str, ...]
    tests: tuple[str, ...]

    def __post_init__(self) -> None:
        require(bool(self.modules), f"measure '{self.code}' names no module that does it.")
        require(bool(self.tests), f"measure '{self.code}' names no test that shows that it works.")
        for module in self.modules:
            require(bool(MODULE.match(module)), f"measure '{self.code}': '{module}' is no module, such as disclosure.primary.")
        for test in self.tests:
            require(bool(NODE.match(test)), f"measure '{self.code}': '{test}' is no test, such as tests/unit/test_a.py::test_b.")


@dataclass(frozen=True)
class Risk:
    """One entry of the register. `told`: the part of the children's page that tells it; `left`: what remains, in plain words."""

    code: str
    title: str
    source: str
    harm: str
    gdpr: tuple[str, ...]
    uncrc: tuple[int, ...]
    standards: tuple[Standard, ...]
    before: Rating
    after: Rating
    left: str
    owner: str
    told: str
    measures: tuple[str, ...]

    def __post_init__(self) -> None:
        where = f"risk '{self.code}'"
        require(bool(self.measures), f"{where} has no measure: name at least one, or do not process.")
        require(len(set(self.measures)) == len(self.measures), f"{where} names a measure twice.")
        require(bool(self.gdpr) and bool(self.uncrc) and bool(self.standards), f"{where} must say which articles and standards it touches.")
        require(all(1 <= article <= 54 for article in self.uncrc), f"{where}: the Convention's articles run from 1 to 54.")
        order = (list(Likelihood), list(Severity))
        require(
            order[0].index(self.after.likelihood) <= order[0].index(self.before.likelihood)
            and order[1].index(self.after.severity) <= order[1].index(self.before.severity),
            f"{where} is rated worse after its measures than before them.",
        )


@dataclass(frozen=True)
class Register:
    """All risks and all measures of one survey."""

    risks: tuple[Risk, ...]
    measures: tuple[Measure, ...]

    def __post_init__(self) -> None:
        for what, codes in (("risk", [risk.code for risk in self.risks]), ("measure", [measure.code for measure in self.measures])):
            for code in codes:
                require(codes.count(code) == 1, f"{what} '{code}' is there twice: keep one.")
        known = {measure.code for measure in self.measures}
        used = {code for risk in self.risks for code in risk.measures}
        for risk in self.risks:
            for code in risk.measures:
                require(code in known, f"risk '{risk.code}' names the measure '{code}', which is not described.")
        for code in sorted(known - used):
            require(False, f"measure '{code}' protects against no risk: name the risk, or remove it.")

    def measure(self, code: str) -> Measure:
        """The measure of this code."""
        return next(measure for measure in self.measures if measure.code == code)

    def tests(self) -> tuple[str, ...]:
        """Every test that any measure is bound to, once."""
        return tuple(dict.fromkeys(test for measure in self.measures for test in measure.tests))

    def high(self) -> tuple[Risk, ...]:
        """Risks that stay high after their measures."""
        return tuple(risk for risk in self.risks if risk.after.level is Level.HIGH)

    def topics(self) -> tuple[str, ...]:
        """Parts of the page for children, the worst first as it stood before anything was done, each once."""
        rank = {Level.HIGH: 0, Level.MEDIUM: 1, Level.LOW: 2}
        return tuple(dict.fromkeys(risk.told for risk in sorted(self.risks, key=lambda risk: rank[risk.before.level])))
