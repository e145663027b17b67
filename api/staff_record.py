"""The record of the survey, edited by the data protection officer: a section at a time, seen as a difference before it is kept."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from api.office import page
from api.staff_guard import Guard, Visit
from governance.editing import EDITABLE, Change, Section, begin, change, keep, own_folder, sections, versions
from governance.reading import RecordError
from governance.record import digest
from retention.secure_store import SecureStore, StepRefused
from retention.staff import Role

OFFICER = Role.DATA_PROTECTION_OFFICER
SURVEY = "big_ask"  # the record that an office begins from


def add_record(guard: Guard, store: SecureStore) -> None:
    """`/record`."""

    @guard.get("/record", OFFICER)
    def listed(visit: Visit) -> Response:
        own = own_folder(store).is_dir()
        files = [(file, sections(store, file)) for file in EDITABLE] if own else []
        return _page(visit, "staff/record", files=files, own=own, sha256=digest(own_folder(store)) if own else "", versions=versions(store))

    @guard.post("/record", OFFICER)
    def begun(visit: Visit) -> Response:
        begin(store, SURVEY, visit.member.name)
        return RedirectResponse("/record", 303)

    @guard.get("/record/{file}/{number}", OFFICER)
    def section(visit: Visit) -> Response:
        found = _section(visit)
        return _shown(visit, found, found.text, None, "", 200)

    @guard.post("/record/{file}/{number}", OFFICER)
    def changed(visit: Visit) -> Response:
        found, text = _section(visit), visit.field("text")
        try:
            made = change(store, visit.path("file"), found.number, text)
            if visit.field("keep"):
                if visit.field("before") != made.before or visit.field("after") != made.after:
                    raise RecordError("The record or these words are not what you looked at: look at the difference again.")
                keep(store, made, visit.member.name)
                return RedirectResponse("/record", 303)
        except (RecordError, StepRefused) as error:
            return _shown(visit, found, text, None, str(error), 409)
        return _shown(visit, found, text, made, "", 200)

    def _section(visit: Visit) -> Section:
        number = visit.path("number")
        if visit.path("file") not in EDITABLE or not (number.isascii() and number.isdigit()):
            raise HTTPException(404)
        every = sections(store, visit.path("file"))
        if int(number) >= len(every):
            raise HTTPException(404)
        return every[int(number)]

    def _shown(visit: Visit, one: Section, text: str, made: Change | None, problem: str, status: int) -> Response:
        return _page(visit, "staff/record_section", status, file=visit.path("file"), one=one, text=text, made=made, problem=problem)


def _page(visit: Visit, template: str, status: int = 200, **values: object) -> Response:
    return page(template, status, csrf=visit.session.csrf, member=visit.member, **values)
