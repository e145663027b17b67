"""Reading a form's bytes: what a browser sends, and nothing else."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import event, example, given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException

from api.form_post import MOST_FIELDS, parse

PAIRS = st.lists(
    st.tuples(
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1),
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    ),
    min_size=1,
    max_size=20,
)


@given(PAIRS)
def test_what_a_browser_encodes_comes_back_in_order(pairs: list[tuple[str, str]]) -> None:
    assert parse(urlencode(pairs).encode()) == pairs


@given(st.binary(max_size=300))
@example(b"a=%")
@example(b"a=%0")
@example(b"=&=")
@example(b"a=b;c=d")
def test_any_bytes_are_pairs_or_a_clean_refusal(body: bytes) -> None:
    try:
        pairs = parse(body)
    except HTTPException as refused:
        event(f"refused with {refused.status_code}")
        pairs = []
    assert all("\0" not in name + value for name, value in pairs)


def test_fields_are_counted() -> None:
    assert len(parse(b"&".join([b"a=b"] * MOST_FIELDS))) == MOST_FIELDS
    with pytest.raises(HTTPException):
        parse(b"&".join([b"a=b"] * (MOST_FIELDS + 1)))


def test_a_refusal_does_not_repeat_what_was_sent() -> None:
    with pytest.raises(HTTPException) as refused:
        parse(b"secret=%ff")
    assert "secret" not in str(refused.value)
    assert refused.value.__suppress_context__  # the decoder's own error quotes the bytes
    assert refused.value.status_code == 400
