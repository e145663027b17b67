"""Variables of one answer each: a frame with a row for every response and a column for every declared variable."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from forms.survey import Survey, band_of_age
from pipeline.directory import ENGLAND
from pipeline.table_specs import UNKNOWN_AREA, TableSpecError, TableSpecs, VariableSpec

NOT_ASKED = "not_asked"
NOT_STATED = "9-17_not_stated"
SOUND, DOUBTFUL = "sound", "doubtful"
_FIRST_STATED = 9  # from this age on, bands come from the stated age


def derive(
    survey: Survey,
    specs: TableSpecs,
    responses: pd.DataFrame,
    answers: pd.DataFrame,
    located: pd.DataFrame,
    doubtful: Collection[int] = (),
) -> pd.DataFrame:
    """One row per response, indexed by `row`, with a column per variable that has one value for each.

    `doubtful`: rows that a rule of quality makes doubtful, for a variable that is derived as `quality`.

    Variables of several options are left to `chosen`. Responses located outside England are not in it. Raises TableSpecError for
    a code, form or version that the survey does not have, and if the data sets are not of the same children.
    """
    _check_rows(survey, responses, answers, located)
    frame = responses.set_index("row").join(located.set_index("row")[["lad25cd", "nation"]])
    frame = frame[frame["nation"].isna() | (frame["nation"] == ENGLAND)]
    result = pd.DataFrame(index=frame.index)
    for name, variable in specs.variables.items():
        if variable.derive == "age_band":
            result[name] = age_bands(survey, frame["form"], _of(answers, "age"))
        elif variable.derive == "area":
            result[name] = frame["lad25cd"].fillna(UNKNOWN_AREA)
        elif variable.derive == "quality":
            result[name] = pd.Series(frame.index.isin(list(doubtful)), index=frame.index).map({True: DOUBTFUL, False: SOUND})
        elif variable.derive is not None:
            raise TableSpecError(f"Variable '{name}' is to be derived as '{variable.derive}', which nothing here can do.")
        elif not variable.multiple:
            codes = _known(variable, _of(answers, variable.answer or "")).reindex(frame.index)
            if variable.groups:
                codes = codes.map(dict(variable.groups))
            result[name] = codes.fillna(NOT_ASKED)
    return result


def _check_rows(survey: Survey, responses: pd.DataFrame, answers: pd.DataFrame, located: pd.DataFrame) -> None:
    """Every data set speaks of the same children, and each child answered a form that is still as it was."""
    rows = set(responses["row"])
    if len(rows) != len(responses) or len(located) != len(rows) or set(located["row"]) != rows or not set(answers["row"]) <= rows:
        raise TableSpecError("The data sets of this wave do not speak of the same children: no table can be made of them.")
    for form, version in sorted(set(zip(responses["form"], responses["version"], strict=True))):
        if form not in survey.forms or survey.forms[form].version != version:
            raise TableSpecError(
                "Some children answered a form or version that forms/ does not hold: tabulate with the forms of that time."
            )


def _known(variable: VariableSpec, codes: pd.Series[str]) -> pd.Series[str]:
    """The codes, if all are known: another would be left out of a table in silence. Which is never said: a stranger may have sealed it."""
    strange = ~codes.isin([*variable.groups] or [*variable.labels])
    if strange.any():
        raise TableSpecError(f"Variable '{variable.name}' met {int(strange.sum())} answers that its question does not have.")
    return codes


def _of(answers: pd.DataFrame, field: str) -> pd.Series[str]:
    """The one code that each child gave to this field, by row."""
    mine = answers[answers["field"] == field]
    if mine["row"].duplicated().any():
        raise TableSpecError(f"Somebody gave two answers to '{field}', which takes one: no table can be made of them.")
    return mine.set_index("row")["code"]


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
    pairs = answers.loc[answers["field"] == variable.answer, ["row", "code"]].drop_duplicates()
    _known(variable, pairs["code"])
    return pairs
