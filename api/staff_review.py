"""The review desk: one text at a time, in an order that means nothing, with nothing around it that says who wrote it.

Two people read each text; neither learns what the other made of it, nor whether they are the first. A third sees where they differ.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.responses import RedirectResponse, Response

from api.closed_texts import ClosedTexts
from api.hands import Hands
from api.office import page
from api.review_desk import KINDS, Shown, decided_marks, differences, pieces, proposals
from api.staff_guard import Guard, Visit
from api.staff_session import Sessions
from retention import review, safeguarding_flags
from retention.review import ReviewItem
from retention.review_marks import ReviewError
from retention.review_states import ReviewState
from retention.secure_store import SecureStore
from retention.staff import Role

_KIND_FIELD = re.compile(r"kind-(\d{1,4})\Z")  # of a proposed mark, by its number
_WORD_KIND_FIELD = re.compile(r"as-(\d{1,6}-\d{1,6})\Z")  # of a word outside the proposal, by its place


@dataclass(frozen=True)
class Text:
    """A text in somebody's hand, with the marks it is shown with. `third`: to settle what two readers saw differently."""

    item: ReviewItem
    words: str
    shown: tuple[Shown, ...]
    third: bool

    @property
    def round(self) -> str:
        """How the page's form names what it was made for; the first and the second reading look alike."""
        return "third" if self.third else "blind"


def add_review_desk(guard: Guard, store: SecureStore, sessions: Sessions, texts: ClosedTexts) -> None:
    """Register the pages of the review."""
    hands = Hands(store, sessions)

    @guard.get("/review", Role.REVIEWER)
    def queues(visit: Visit) -> Response:
        name = visit.member.name
        waves = [(wave, review.read_by(store, wave.id, name), review.left_to(store, wave.id, name)) for wave in store.waves()]
        return page("staff/queues", csrf=visit.session.csrf, member=visit.member, waves=[entry for entry in waves if entry[1] + entry[2]])

    @guard.get("/review/{wave}", Role.REVIEWER)
    def next_text(visit: Visit) -> Response:
        wave_id = store.wave(visit.path("wave")).id
        item = hands.take(visit.member.name, wave_id)
        if item is not None and item.wave != wave_id:  # at most one text at a time, whatever the wave
            return RedirectResponse(f"/review/{item.wave}", 303)
        return _desk(visit, wave_id, _text(item) if item else None, 200, "")

    @guard.post("/review/{wave}", Role.REVIEWER)
    def decide(visit: Visit) -> Response:
        wave_id, name = store.wave(visit.path("wave")).id, visit.member.name
        item_id = visit.field("item")
        if not item_id or hands.holds(name) != (wave_id, item_id):
            raise ReviewError("This text is not the one in your hands any more: take the next one.")
        text = _text(review.item(store, item_id))
        if visit.field("round") != text.round:
            raise ReviewError("This text has moved on in the meantime: take it again.")
        try:
            kinds: dict[int | str, str] = {int(m[1]): visit.field(m[0]) for field in visit.fields if (m := _KIND_FIELD.match(field))}
            kinds |= {m[1]: visit.field(m[0]) for field in visit.fields if (m := _WORD_KIND_FIELD.match(field))}
            marks = [shown.mark for shown in text.shown]
            wanted = decided_marks(text.words, marks, visit.fields.get("word", []), visit.field("kind"), kinds)
        except ReviewError as error:
            return _desk(visit, wave_id, text, 409, str(error))
        hands.done(name)
        review.read(store, item_id, wanted, name, len(text.words))
        if visit.field("danger"):
            safeguarding_flags.raise_flag(store, wave_id, text.item.text_row, name)
        visit.session.decided.append((wave_id, item_id))
        return RedirectResponse(f"/review/{wave_id}", 303)

    @guard.post("/review/{wave}/undo", Role.REVIEWER)
    def undo(visit: Visit) -> Response:
        wave_id = store.wave(visit.path("wave")).id
        mine = [item for wave, item in visit.session.decided if wave == wave_id]
        if not mine:
            raise ReviewError("There is nothing of yours to undo since you signed in.")
        visit.session.decided.remove((wave_id, mine[-1]))  # first: what cannot be undone now never can
        review.undo(store, mine[-1], visit.member.name)
        hands.give(visit.member.name, wave_id, mine[-1])
        return RedirectResponse(f"/review/{wave_id}", 303)

    def _text(item: ReviewItem) -> Text:
        words = texts.text(item.wave, item.text_row)
        if item.state is ReviewState.DISPUTED:
            first, second, *_ = review.readings(store, item.wave, item.id)
            return Text(item, words, tuple(differences(words, first, second)), third=True)
        return Text(item, words, tuple(proposals(item.proposed, texts.reasons(item.wave, item.text_row))), third=False)

    def _desk(visit: Visit, wave_id: str, text: Text | None, status: int, problem: str) -> Response:
        name = visit.member.name
        if text is not None:
            review.viewed(store, wave_id, name)  # before it is shown: a view that cannot be written down is none
        return page(
            "staff/review",
            status,
            csrf=visit.session.csrf,
            member=visit.member,
            wave=wave_id,
            text=text,
            pieces=pieces(text.words, [shown.mark for shown in text.shown]) if text else [],
            kinds=KINDS,
            read=review.read_by(store, wave_id, name),
            left=review.left_to(store, wave_id, name),
            can_undo=any(wave == wave_id for wave, _ in visit.session.decided),
            problem=problem,
        )
