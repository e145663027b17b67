"""The output checker's desk: drafts as they would leave, table by table, and the decisions of two people who are not the author."""

from __future__ import annotations

from pathlib import PurePosixPath

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from api.checker_answer import asked, judge_answer
from api.checker_comparison import comparisons, margins
from api.checker_evidence import evidence
from api.checker_picture import picture
from api.checker_tests import Tried, proven, tried
from api.office import page
from api.staff_guard import Guard, Visit
from disclosure.dimension import NOT
from pipeline import approval
from pipeline.release_names import MEDIA_TYPES
from pipeline.release_zone import VerifiedRelease
from pipeline.released_table import Released
from retention import releases
from retention.releases import TRANSITIONS, Release, ReleaseRefused, ReleaseState
from retention.secure_store import SecureStore, StepRefused
from retention.settings import ReleaseZone
from retention.staff import Role


def add_release_desk(guard: Guard, store: SecureStore, zone: ReleaseZone | None) -> None:
    """Register the pages of checking and approving."""

    @guard.get("/releases", Role.OUTPUT_CHECKER)
    def all_releases(visit: Visit) -> Response:
        order = list(ReleaseState)
        found = sorted(releases.releases(store), key=lambda one: order.index(one.state))
        return page("staff/releases", csrf=visit.session.csrf, member=visit.member, releases=found)

    @guard.get("/releases/{id}", Role.OUTPUT_CHECKER)
    def one_release(visit: Visit) -> Response:
        return _release_page(visit, 200, "")

    @guard.get("/releases/{id}/tables/{table}", Role.OUTPUT_CHECKER)
    def one_table(visit: Visit) -> Response:
        known = releases.release(store, visit.path("id"))
        draft = approval.read_draft(store, known.id)
        about = next((one for one in draft.metadata["tables"] if one["id"] == visit.path("table")), None)
        if about is None:
            raise HTTPException(404)
        released = Released(about, draft.file(about["files"]["csv"]))
        problem = ""
        try:
            labels = {
                one["name"]: {code["code"]: code["label"] for code in one["codes"]}
                | {NOT + code["code"]: f"Not chosen: {code['label']}" for code in one["codes"]}
                for one in about["dimensions"]
            }
            if (query := asked(store, known.wave, about["id"])) is not None:
                judged = judge_answer(store, known.wave, query, released, labels)
                withheld, exact, true_margins, drawn = judged.withheld, judged.exact, judged.margins, judged.drawn
            else:
                withheld, exact = evidence(store, known.wave, about)
                true_margins = margins(store, known.wave, released)
                drawn = picture(store, known.wave, about["id"], labels)
        except StepRefused as error:
            withheld, exact, true_margins, drawn, problem = (), False, (), None, str(error)
        return page(
            "staff/table",
            csrf=visit.session.csrf,
            member=visit.member,
            release=known,
            about=about,
            layout=released.layout(),
            margins=true_margins,
            comparisons=comparisons(store, known.id, released),
            withheld=withheld,
            exact=exact,
            drawn=drawn,
            problem=problem,
        )

    @guard.get("/releases/{id}/files/{name:path}", Role.OUTPUT_CHECKER)
    def one_file(visit: Visit) -> Response:
        draft = approval.read_draft(store, visit.path("id"))
        name = visit.path("name")
        if name not in draft.files:
            raise HTTPException(404)
        saved_as = f"{draft.id}-{PurePosixPath(name).name}"
        headers = {"Content-Disposition": f'attachment; filename="{saved_as}"'}
        return Response(draft.file(name), media_type=MEDIA_TYPES[PurePosixPath(name).suffix], headers=headers)

    @guard.post("/releases/{id}/{decision}", Role.OUTPUT_CHECKER)
    def decide(visit: Visit) -> Response:
        try:
            _decide(visit, store, zone)
        except ReleaseRefused as error:
            return _release_page(visit, 409, str(error))
        return RedirectResponse(f"/releases/{visit.path('id')}", 303)

    def _release_page(visit: Visit, status: int, problem: str) -> Response:
        known = releases.release(store, visit.path("id"))
        draft: VerifiedRelease | None = None
        tests: tuple[Tried, ...] = ()
        try:
            draft = approval.read_draft(store, known.id)
            tests = tried(store, known, draft)
        except (ReleaseRefused, StepRefused) as error:
            problem = problem or str(error)
        return page(
            "staff/release",
            status,
            csrf=visit.session.csrf,
            member=visit.member,
            release=known,
            draft=draft,
            tests=tests,
            proven=proven(store, store.wave(known.wave).survey),
            problem=problem,
            open_to=_open_to(known),
            published=zone is not None,
        )


def _open_to(release: Release) -> list[str]:
    """Names of the decisions that this release can take now."""
    names = {
        ReleaseState.CHECKED: "check",
        ReleaseState.RELEASED: "approve",
        ReleaseState.REFUSED: "refuse",
        ReleaseState.WITHDRAWN: "withdraw",
    }
    return [names[state] for state in names if state in TRANSITIONS[release.state]]


def _decide(visit: Visit, store: SecureStore, zone: ReleaseZone | None) -> None:
    release_id, person = visit.path("id"), visit.member.name
    match visit.path("decision"):
        case "check":
            draft = approval.read_draft(store, release_id)
            if {table["id"] for table in draft.metadata["tables"]} != set(visit.fields.get("looked", [])):
                raise ReleaseRefused("Tick every table once you have looked at it: only then can you sign for the release.")
            approval.check(store, release_id, person)
        case "approve":
            approval.approve(store, release_id, person, zone)
        case "refuse":
            releases.refuse(store, release_id, person, visit.field("reason"))
        case "withdraw":
            approval.withdraw(store, release_id, person, visit.field("reason"), zone)
        case _:
            raise HTTPException(404)
