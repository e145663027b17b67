"""Whatever a child can answer on the website can be typed in from paper and imported from a file, and is the same response."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.answers import Response, complete
from forms.load import load_survey
from forms.setting import Setting
from forms.sheet import SheetError, columns, read_sheet
from tests.paper_samples import cells, sheet, type_in
from tests.property.forms_walks import walks

FORMS = load_survey().forms


def parts(response: Response) -> tuple[bytes, bytes]:
    return response.body(), response.locator.to_bytes()


@pytest.mark.parametrize("form_id", list(FORMS))
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_a_paper_typed_in_is_the_response_of_the_website(form_id: str, data: st.DataObject) -> None:
    form = FORMS[form_id]
    response = complete(form, data.draw(walks(form)).answers)
    paper, _ = type_in(form, response)
    assert parts(paper.response()) == parts(response)


@pytest.mark.parametrize("form_id", list(FORMS))
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_a_file_read_is_the_responses_of_the_website(form_id: str, data: st.DataObject) -> None:
    form = FORMS[form_id]
    responses = [complete(form, data.draw(walks(form)).answers) for _ in range(data.draw(st.integers(1, 3)))]
    found = read_sheet(form, Setting.ANY, sheet(form, [cells(form, response) for response in responses]))
    assert Counter(parts(response) for _, response in found) == Counter(map(parts, responses))
    assert len({response_id for response_id, _ in found}) == len(responses)


@pytest.mark.parametrize("form_id", list(FORMS))
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_on_the_paper_and_in_the_file_of_a_secure_setting_nothing_leads_to_a_place(form_id: str, data: st.DataObject) -> None:
    form = FORMS[form_id]
    response = complete(form, data.draw(walks(form)).answers)
    paper, asked = type_in(form, response, Setting.SECURE)
    assert not [entry.field for entry in asked if entry.printed.question.is_locator]
    rows = read_sheet(form, Setting.SECURE, sheet(form, [cells(form, response)], Setting.SECURE))
    for found in (paper.response(), rows[0][1]):
        assert (found.locator.postcode, found.locator.school, found.locator.council) == ("", "", "")
        assert found.body() == response.body()


@settings(max_examples=60, deadline=None)
@given(data=st.data(), junk=st.text(min_size=1, max_size=20).filter(lambda text: text.strip() and not text.strip().isdigit()))
def test_whatever_stands_in_a_cell_of_codes_is_never_repeated(data: st.DataObject, junk: str) -> None:
    form = FORMS["9-12"]
    column = data.draw(st.sampled_from([name for name in columns(form, Setting.ANY) if not name.endswith(".text")]))
    secret = "Zq" + junk
    with pytest.raises(SheetError) as caught:
        read_sheet(form, Setting.ANY, sheet(form, [{"where_live": "parents", column: secret}]))
    told = " ".join([str(caught.value), *map(str, caught.value.faults)])
    assert secret not in told
    assert "Zq" not in told
    assert caught.value.faults[0].row == 2
    assert caught.value.__cause__ is None
