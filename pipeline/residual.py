"""What slips through: the rate of texts that still hold personal data among those nobody read, with an exact upper bound.

A simple random sample of the unread texts was drawn before anyone looked, and read by two people independently. The bound is
Clopper and Pearson's (1934), one-sided: with k of n sampled texts missed, no rate above it would give k or fewer as often as the
error allows. Every further draw is a further look, and spends part of the error (ReviewPolicy.confidence).
"""

from __future__ import annotations

from dataclasses import dataclass

from scipy.stats import beta

from pipeline.review_policy import ReviewPolicy, load_review_policy
from retention import review_draws
from retention.review import Reason, ReviewItem, items
from retention.review_marks import hidden
from retention.review_states import SETTLED
from retention.secure_store import SecureStore, StepRefused

PER = 1000


@dataclass(frozen=True)
class Residual:
    """`unread`: texts that nobody had to read; `drawn` of them at random in `looks` draws, `read` so far, `missed`: of those, texts in
    which people hid something that the machine had not. `confidence` of the bound, one-sided.
    """

    unread: int
    drawn: int
    read: int
    missed: int
    looks: int
    confidence: float

    def __post_init__(self) -> None:
        if not 0 <= self.missed <= self.read <= self.drawn <= self.unread or not 0 < self.confidence < 1:
            raise ValueError("the figures of a sample do not fit together")

    @property
    def complete(self) -> bool:
        """True once every drawn text is settled: before, those that are might be the easy ones."""
        return self.read == self.drawn

    @property
    def rate(self) -> float | None:
        """Missed texts per 1,000; None if none was read."""
        return PER * self.missed / self.read if self.read else None

    @property
    def upper(self) -> float:
        """Upper bound per 1,000. 0 if every text was read: then nothing is left to slip through unread."""
        return 0.0 if self.drawn == self.unread and self.complete else PER * upper(self.missed, self.read, self.confidence)


def upper(missed: int, read: int, confidence: float) -> float:
    """One-sided upper confidence bound of a share, by Clopper and Pearson. 1 if nothing was read."""
    return 1.0 if missed == read else float(beta.ppf(confidence, missed + 1, read - missed))


def lower(missed: int, read: int, confidence: float) -> float:
    """One-sided lower confidence bound of a share, by Clopper and Pearson. 0 if nothing was missed."""
    return 0.0 if missed == 0 else float(beta.ppf(1 - confidence, missed, read - missed + 1))


def needed(missed: int, most: float, confidence: float) -> int:
    """The fewest texts to read, with so many missed, for an upper bound of at most `most` (a share above 0)."""
    low, high = missed, missed + 1
    while upper(missed, high, confidence) > most:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if upper(missed, middle, confidence) > most else (low, middle)
    return high


def missed(item: ReviewItem) -> bool:
    """True if people hid something in this text that the machine had not proposed."""
    return bool(hidden(item.decided or ()) - hidden(item.proposed))


def residual(store: SecureStore, wave_id: str, policy: ReviewPolicy | None = None) -> Residual:
    """The residual of a wave as far as its sample is read. Raises StepRefused before its texts have been scanned."""
    policy = policy or load_review_policy()
    draws = review_draws.draws(store, wave_id)
    if not draws:
        raise StepRefused(f"No sample of wave '{wave_id}' has been drawn yet: run `bigask scrub` first.")
    sampled = [item for item in items(store, wave_id) if item.reason is Reason.SAMPLE]
    settled = [item for item in sampled if item.state in SETTLED]
    looks = len(draws)
    return Residual(draws[0].unread, len(sampled), len(settled), sum(map(missed, settled)), looks, policy.confidence(looks))


@dataclass(frozen=True)
class Plan:
    """How many more texts to read for the bound that the policy asks, if `further` more turn out to be missed."""

    further: int
    texts: int


def plan(found: Residual, policy: ReviewPolicy) -> tuple[Plan, ...]:
    """Plans for none, one and two more missed texts, and for missing on at the rate seen so far. Empty once the bound holds.

    Reading on is one more look, so its confidence is the next one. Where the sample would not do, the plan is to read all.
    """
    if found.complete and found.upper <= policy.most_per_1000:
        return ()
    confidence = policy.confidence(found.looks + 1) if found.complete else found.confidence
    most = policy.most_per_1000 / PER
    left = found.unread - found.read
    plans = [Plan(more, min(left, needed(found.missed + more, most, confidence) - found.read)) for more in (0, 1, 2)]
    return tuple(plan for plan in plans if plan.texts > 0)


def require_bound(store: SecureStore, wave_id: str, what: str, policy: ReviewPolicy | None = None) -> Residual:
    """The gate of whatever text leaves (`what`, in words). Raises StepRefused unless the bound that the policy asks holds."""
    policy = policy or load_review_policy()
    found = residual(store, wave_id, policy)
    if not found.complete:
        raise StepRefused(f"{what} cannot leave: {found.drawn - found.read} texts of the sample of wave '{wave_id}' wait to be read.")
    if found.upper > policy.most_per_1000:
        raise StepRefused(
            f"{what} cannot leave: up to {found.upper:.1f} of 1,000 unread texts of wave '{wave_id}' may still tell who somebody is, "
            f"and the policy allows {policy.most_per_1000:g}."
        )
    return found
