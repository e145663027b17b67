"""The analyst's page of what slips through: the bound, the plan, the machine's recall and how well people agree. Counts alone."""

from __future__ import annotations

from markupsafe import Markup
from starlette.responses import Response

from api.office import page
from api.quality_chart import Measured, bound_curve, intervals
from api.staff_guard import Guard, Visit
from pipeline.agreement import agreement, pairs, pieces
from pipeline.recall import recall
from pipeline.residual import plan, residual
from pipeline.review_policy import load_review_policy
from retention import review
from retention.secure_store import SecureStore
from retention.staff import Role


def add_quality(guard: Guard, store: SecureStore) -> None:
    """Register the page."""

    @guard.get("/review-quality/{wave}", Role.ANALYST)
    def quality(visit: Visit) -> Response:
        wave = store.wave(visit.path("wave"))
        policy = load_review_policy()
        found = residual(store, wave.id, policy)
        machine = recall(review.items(store, wave.id), found)
        read = pairs(review.readings(store, wave.id))
        people, both = agreement(read), pieces(read)
        measured = []
        if machine.recall is not None and found.read:
            measured.append(Measured("Recall of the machine, by piece", machine.recall, machine.low, machine.high))
        interval = people.interval()
        if people.kappa is not None and interval is not None:
            measured.append(Measured("Cohen's kappa of the people", people.kappa, *interval))
        return page(
            "staff/quality",
            csrf=visit.session.csrf,
            member=visit.member,
            wave=wave,
            policy=policy,
            found=found,
            holds=found.complete and found.upper <= policy.most_per_1000,
            plans=plan(found, policy),
            machine=machine,
            people=people,
            interval=interval,
            pieces=both,
            curve=Markup(bound_curve(found, policy)),  # noqa: S704 - drawn by our own code from numbers alone
            shares=Markup(intervals(measured)) if measured else "",  # noqa: S704
        )
