"""Variables of one answer each: a frame with a row for every response and a column for every declared variable."""

from __future__ import annotations

import pandas as pd

from forms.survey import Survey, band_of_age
from pipeline.directory import ENGLAND
from pipeline.table_specs import UNKNOWN_AREA, TableSpecError, TableSpecs, VariableSpec

NOT_ASKED = "not_asked"
NOT_STATED = "9-17_not_stated"
_FIRST_STATED = 9  # from this age on, bands come from the stated age


def derive(survey: Survey, specs: TableSpecs, responses: pd.DataFrame, answers: pd.DataFrame, located: pd.DataFrame) -> pd.DataFrame:
    """One row per response, indexed by `row`, with a column per variable that has one value for each.

    Variables of several options are left to `chosen`. Responses located outside England are not in it.
    """
    frame = responses.set_index("row").join(located.set_index("row")[["lad25cd", "rgn", "nation"]])
    frame = frame[frame["nation"].isna() | (frame["nation"] == ENGLAND)]
    single = answers.drop_duplicates(["row", "field"]).set_index(["field", "row"])["code"]
    result = pd.DataFrame(index=frame.index)
    for name, variable in specs.variables.items():
        if variable.derive == "age_band":
            result[name] = age_bands(survey, frame["form"], _of(single, "age"))
        elif variable.derive == "area":
            result[name] = frame["lad25cd"].fillna(UNKNOWN_AREA)
        elif variable.derive is not None:
            raise TableSpecError(f"Variable '{name}' is to be derived as '{variable.derive}', which nothing here can do.")
        elif not variable.multiple:
            codes = _of(single, variable.answer or "").reindex(frame.index)
            if variable.groups:
                codes = codes.map(dict(variable.groups))
            result[name] = codes.fillna(NOT_ASKED)
    return result


def _of(single: pd.Series[str], field: str) -> pd.Series[str]:
    fields = single.index.get_level_values("field")
    return single[fields == field].droplevel("field")


def age_bands(survey: Survey, forms: pd.Series[str], ages: pd.Series[str]) -> pd.Series[str]:
    """The age band of each response, so that it never says which kind of form it was (A17).

    From 9 on the band comes from the stated age alone: a band "not stated" that held only children of the easy-read form, which spans
    two bands, would count them. Below, each form has one band, and every form of a band gives the same one.
    """
    stated = ages.reindex(forms.index)

    def band(form_id: str, age: object) -> str:
        bands = survey.forms[form_id].bands
        if max(bands[-1].ages) < _FIRST_STATED:
            return bands[0].value
        told = band_of_age(int(age)) if isinstance(age, str) and age.isdigit() else None
        return told.value if told is not None and min(told.ages) >= _FIRST_STATED else NOT_STATED

    return pd.Series([band(form, age) for form, age in zip(forms, stated, strict=True)], index=forms.index, dtype="str")


def chosen(variable: VariableSpec, answers: pd.DataFrame) -> pd.DataFrame:
    """The (row, code) pairs of a variable of several options."""
    return answers.loc[answers["field"] == variable.answer, ["row", "code"]].drop_duplicates()
