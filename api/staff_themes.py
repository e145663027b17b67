"""Coding by hand: one cleaned text at a time, in an order that means nothing, and the themes of a code frame to tick."""

from __future__ import annotations

import secrets

from starlette.responses import RedirectResponse, Response

from api.closed_texts import ClosedTexts
from api.office import page
from api.staff_guard import Guard, Visit
from pipeline.theme_frame import Frame, read_frame
from retention import themes
from retention.review_marks import ReviewError
from retention.secure_store import SecureStore, StepRefused
from retention.staff import Role


def add_coding(guard: Guard, store: SecureStore) -> None:
    """Register the pages of coding."""
    texts = ClosedTexts(store, "texts_clean")
    held: dict[str, str] = {}  # person -> coding

    def frame_of(visit: Visit) -> Frame:
        known = themes.frames(store, visit.path("frame"))
        if not known:
            raise StepRefused("There is no such code frame: `bigask themes frame FILE` registers one.")
        return read_frame(known[-1][1])

    @guard.get("/themes/{wave}/{frame}", Role.ANALYST)
    def next_text(visit: Visit) -> Response:
        wave_id, frame = store.wave(visit.path("wave")).id, frame_of(visit)
        every = themes.codings(store, wave_id, frame.id, frame.version)
        taken = {coding for person, coding in held.items() if person != visit.member.name}
        left = [one for one in every if one.codes is None and one.id not in taken]
        chosen = next((one for one in left if one.id == held.get(visit.member.name)), None) or (secrets.choice(left) if left else None)
        if chosen is not None:
            held[visit.member.name] = chosen.id
        words = texts.text(wave_id, chosen.text) if chosen else ""
        done = sum(one.codes is not None for one in every)
        return page(
            "staff/coding", csrf=visit.session.csrf, member=visit.member, wave=wave_id, frame=frame, coding=chosen, words=words,
            done=done, total=len(every),
        )  # fmt: skip

    @guard.post("/themes/{wave}/{frame}", Role.ANALYST)
    def code(visit: Visit) -> Response:
        wave_id, frame = store.wave(visit.path("wave")).id, frame_of(visit)
        coding, codes = visit.field("coding"), visit.fields.get("theme", [])
        if not coding or held.get(visit.member.name) != coding:
            raise ReviewError("This text is not the one in your hands any more: take the next one.")
        if not set(codes) <= set(frame.codes):
            raise ReviewError("The page was not the one for this code frame: load it again, and decide again.")
        del held[visit.member.name]
        themes.code(store, coding, codes, visit.member.name)
        return RedirectResponse(f"/themes/{wave_id}/{frame.id}", 303)
