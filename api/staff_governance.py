"""The assessment at the staff door: whether the survey may run, exactly what is missing, and every risk with what protects against it.

Everybody in the team can see it: who knows what was promised can say when it is broken.
"""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.office import page
from api.staff_guard import Guard, Visit
from forms.load import load_survey
from governance.approvals import Kind
from governance.charts import in_words, risk_matrix
from governance.gates import Gate
from governance.opening import CHECKS, standing
from pipeline.gate import record_of, situation
from retention.secure_store import SecureStore
from retention.staff import Role

_SHOWN = (Kind.APPROVAL, Kind.REVIEW, Kind.CONSULTATION, Kind.AMENDMENT, Kind.DEMONSTRATION)


def add_assessment(guard: Guard, store: SecureStore) -> None:
    """`/assessment`, for every role."""

    @guard.get("/assessment", *Role)
    def assessment(visit: Visit) -> Response:
        about = [_about(store, survey) for survey in _surveys(store)]
        return page("staff/assessment", csrf=visit.session.csrf, member=visit.member, surveys=about)

    @guard.get("/assessment/{survey}/{when}.svg", *Role)
    def chart(visit: Visit) -> Response:
        survey, when = visit.path("survey"), visit.path("when")
        if survey not in _surveys(store) or when not in ("before", "after"):
            raise HTTPException(404)
        risks = record_of(survey, store.zone).register.risks
        return Response(risk_matrix(risks, when == "after"), media_type="image/svg+xml")


def _surveys(store: SecureStore) -> list[str]:
    """The surveys that waves were opened for; before the first wave, the bundled one."""
    return sorted({wave.survey for wave in store.waves()} or {"big_ask"})


def _about(store: SecureStore, survey_id: str) -> dict[str, object]:
    """One survey's standing, as it is at this moment."""
    at = situation(store, None, load_survey(survey_id))
    found = standing(at)
    risks = at.record.register.risks
    return {
        "at": at,
        "record": at.record,
        "standing": found,
        "gates": [(gate, gate in CHECKS, [one.sentence for one in found.missing if one.gate is gate]) for gate in Gate],
        "charts": [("before", in_words(risks, False)), ("after", in_words(risks, True))],
        "approvals": [(needed, at.signed.approved_by(needed.code)) for needed in at.record.assessment.approvals],
        "decisions": [one for one in reversed(at.signed.decisions) if one.kind in _SHOWN],
    }
