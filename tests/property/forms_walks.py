"""Random children: strategies that answer a form page by page, as a browser would post it."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st

from forms.answers import Answers, clean_text, path, read
from forms.survey import Form, Kind, Page, Question

Pairs = list[tuple[str, str]]
# Words, other scripts, characters of four bytes, line ends, controls and combining marks.
TYPED = st.one_of(st.text(max_size=30), st.sampled_from(["", " ", "a\r\nb", "e\u0301", "\U0001f600" * 4, "<b>&amp;", '{"a": 1}', "\x00x"]))


@dataclass
class Walk:
    """One child's way through a form: what was posted, page by page, and the pages that were seen."""

    form: Form = field(repr=False)
    posted: dict[str, Pairs] = field(default_factory=dict)  # page id -> what that page's own fields posted last
    seen: list[str] = field(default_factory=list)

    @property
    def pairs(self) -> Pairs:
        """Everything the browser holds, in the order it was answered."""
        return [pair for pairs in self.posted.values() for pair in pairs]

    @property
    def answers(self) -> Answers:
        return read(self.form, self.pairs)


def picked(draw: st.DrawFn, question: Question, name: str) -> Pairs:
    """A permitted choice in one field, in the order in which the boxes happened to be ticked."""
    if question.kind is not Kind.CHOICES:
        return [(name, draw(st.sampled_from([option.code for option in question.options])))]
    free = [option.code for option in question.options if not option.exclusive]
    alone = [[option.code] for option in question.options if option.exclusive]
    some = st.lists(st.sampled_from(free), min_size=1, max_size=question.limit, unique=True)
    return [(name, code) for code in draw(st.one_of(some, st.sampled_from(alone)))]


def post(draw: st.DrawFn, page: Page) -> Pairs:
    """What one page posts: every choice made; text boxes filled or not, whatever was ticked beside them."""
    pairs: Pairs = []
    for question in page.questions:
        typed = question.kind in (Kind.TEXT, Kind.POSTCODE, Kind.SCHOOL)
        for name in page.fields if page.row is not None else question.choice_fields:
            if not typed or draw(st.booleans()):
                pairs += picked(draw, question, name)
        if question.text_field is not None and draw(st.booleans()):
            text = draw(TYPED)
            if len(clean_text(text)) <= (question.max_chars or 0):
                pairs.append((question.text_field, text))
    return pairs


@st.composite
def walks(draw: st.DrawFn, form: Form) -> Walk:
    """A child who answers every page asked, sometimes going back to change an answer on the way."""
    walk = Walk(form)
    changes_of_mind = draw(st.integers(0, 3))
    for _ in range(10 * len(form.pages)):
        todo = [page for page in path(form, walk.answers) if page.id not in walk.posted]
        if not todo:
            if changes_of_mind == 0:
                break
            changes_of_mind -= 1
            page = draw(st.sampled_from(path(form, walk.answers)))
        else:
            page = todo[0]
        walk.posted[page.id] = post(draw, page)
        walk.seen.append(page.id)
    return walk
