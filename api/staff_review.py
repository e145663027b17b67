"""The review desk: one text at a time, in an order that means nothing, with nothing around it that says who wrote it."""

from __future__ import annotations

import re
import threading

from starlette.responses import RedirectResponse, Response

from api.office import page
from api.raw_texts import RawTexts
from api.review_desk import KINDS, decided_marks, kind_title, pieces
from api.staff_guard import Guard, Visit
from api.staff_session import Session, Sessions
from retention import review
from retention.review import Reason, ReviewError, ReviewItem, ReviewState
from retention.secure_store import SecureStore
from retention.staff import Role

_KIND_FIELD = re.compile(r"kind-(\d{1,4})\Z")  # of a proposed mark, by its number
_WORD_KIND_FIELD = re.compile(r"as-(\d{1,6}-\d{1,6})\Z")  # of a word outside the proposal, by its place


def add_review_desk(guard: Guard, store: SecureStore, sessions: Sessions, texts: RawTexts) -> None:
    """Register the pages of the review."""
    waiting = Waiting(store, sessions)

    @guard.get("/review", Role.REVIEWER)
    def queues(visit: Visit) -> Response:
        waves = [(wave, review.counts(store, wave.id)) for wave in store.waves()]
        return page("staff/queues", csrf=visit.session.csrf, member=visit.member, waves=[pair for pair in waves if sum(pair[1].values())])

    @guard.get("/review/{wave}", Role.REVIEWER)
    def next_text(visit: Visit) -> Response:
        return _desk(visit, waiting.in_hand(visit.session, store.wave(visit.path("wave")).id), 200, "")

    @guard.post("/review/{wave}", Role.REVIEWER)
    def decide(visit: Visit) -> Response:
        wave_id = store.wave(visit.path("wave")).id
        item_id = visit.session.current.get(wave_id, "")
        if not item_id or visit.field("item") != item_id:
            raise ReviewError("This text is not the one in your hands any more: take the next one.")
        item = review.item(store, item_id)
        text = texts.text(wave_id, item.text_row)
        try:
            kinds: dict[int | str, str] = {int(m[1]): visit.field(m[0]) for name in visit.fields if (m := _KIND_FIELD.match(name))}
            kinds |= {m[1]: visit.field(m[0]) for name in visit.fields if (m := _WORD_KIND_FIELD.match(name))}
            marks = decided_marks(text, item.proposed, visit.fields.get("word", []), visit.field("kind"), kinds)
            review.decide(store, item_id, marks, visit.member.name, len(text))
        except ReviewError as error:
            return _desk(visit, item, 409, str(error))
        del visit.session.current[wave_id]
        visit.session.decided.append((wave_id, item_id))
        return RedirectResponse(f"/review/{wave_id}", 303)

    @guard.post("/review/{wave}/undo", Role.REVIEWER)
    def undo(visit: Visit) -> Response:
        wave_id = store.wave(visit.path("wave")).id
        mine = [item for wave, item in visit.session.decided if wave == wave_id]
        if not mine:
            raise ReviewError("There is nothing of yours to undo since you signed in.")
        review.undo(store, mine[-1], visit.member.name)
        visit.session.decided.remove((wave_id, mine[-1]))
        visit.session.current[wave_id] = mine[-1]
        return RedirectResponse(f"/review/{wave_id}", 303)

    def _desk(visit: Visit, item: ReviewItem | None, status: int, problem: str) -> Response:
        wave_id = visit.path("wave")
        text = texts.text(wave_id, item.text_row) if item else ""
        return page(
            "staff/review",
            status,
            csrf=visit.session.csrf,
            member=visit.member,
            wave=wave_id,
            item=item,
            sample=item is not None and item.reason is Reason.SAMPLE,
            pieces=pieces(text, item.proposed) if item else [],
            kinds=KINDS,
            kind_title=kind_title,
            quoted=lambda mark: text[mark.start : mark.end],
            counts=review.counts(store, wave_id),
            can_undo=any(wave == wave_id for wave, _ in visit.session.decided),
            problem=problem,
        )


class Waiting:
    """Hands out the waiting texts of each wave. The list is read when it runs out, not for every page: it can be long."""

    def __init__(self, store: SecureStore, sessions: Sessions) -> None:
        self._store = store
        self._sessions = sessions
        self._lock = threading.Lock()
        self._ids: dict[str, list[str]] = {}

    def in_hand(self, session: Session, wave_id: str) -> ReviewItem | None:
        """The text that this reviewer is reading, or the next that nobody else has in hand; None when there is none."""
        with self._lock:
            held = session.current.pop(wave_id, None)
            chosen = self._pending(held) if held else None
            chosen = chosen or self._next(wave_id, session) or self._reload(wave_id, session)
            if chosen is not None:
                session.current[wave_id] = chosen.id
            return chosen

    def _next(self, wave_id: str, session: Session) -> ReviewItem | None:
        taken = self._sessions.taken(wave_id, session)
        ids = self._ids.get(wave_id, [])
        while ids:
            candidate = ids.pop()  # whoever has it in hand either decides it, or leaves it to the next reading of the list
            if candidate not in taken and (item := self._pending(candidate)) is not None:
                return item
        return None

    def _reload(self, wave_id: str, session: Session) -> ReviewItem | None:
        self._ids[wave_id] = [item.id for item in reversed(review.items(self._store, wave_id, ReviewState.PENDING))]
        return self._next(wave_id, session)

    def _pending(self, item_id: str) -> ReviewItem | None:
        item = review.item(self._store, item_id)
        return item if item.state is ReviewState.PENDING else None
