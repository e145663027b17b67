"""Opening and closing times: full hours of a known offset, and a boundary to the second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from forms.load import load_survey, survey_folder
from forms.survey import SurveyError
from forms.window import Opening, Window
from forms.yaml_file import read_yaml

OPENS, CLOSES = datetime.fromisoformat("2026-04-20T09:00+01:00"), datetime.fromisoformat("2026-05-31T23:00+01:00")
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        (OPENS - SECOND, Opening.NOT_YET),
        (OPENS, Opening.OPEN),
        (OPENS.astimezone(UTC), Opening.OPEN),  # 8 o'clock there, and the same moment
        (CLOSES - SECOND, Opening.OPEN),
        (CLOSES, Opening.FINISHING),
        (CLOSES + timedelta(minutes=30) - SECOND, Opening.FINISHING),
        (CLOSES + timedelta(minutes=30), Opening.OVER),
    ],
)
def test_each_boundary(moment: datetime, opening: Opening) -> None:
    assert Window(OPENS, CLOSES, 30).at(moment) is opening


def test_without_times_it_is_the_wave_that_opens_and_closes() -> None:
    assert Window().at(datetime(1990, 1, 1, tzinfo=UTC)) is Opening.OPEN
    assert Window(opens=OPENS).at(CLOSES) is Opening.OPEN
    assert Window(closes=CLOSES, grace_minutes=10).at(OPENS - SECOND) is Opening.OPEN


@pytest.mark.parametrize(
    ("window", "message"),
    [
        ({"opens": "2026-04-20T09:00"}, "offset from UTC"),
        ({"opens": "2026-04-20T09:30+01:00"}, "full hour"),
        ({"opens": "2026-04-20T00:00+01:00"}, "midnight"),
        ({"opens": "tomorrow"}, "window: Invalid isoformat"),
        ({"opens": CLOSES.isoformat(), "closes": OPENS.isoformat(), "grace_minutes": "10"}, "closes before it opens"),
        ({"opens": OPENS.isoformat(), "closes": OPENS.isoformat(), "grace_minutes": "10"}, "closes before it opens"),
        ({"closes": CLOSES.isoformat()}, "must be let finish"),
        ({"closes": CLOSES.isoformat(), "grace_minutes": "9"}, "10 to 1440"),
        ({"closes": CLOSES.isoformat(), "grace_minutes": "1441"}, "10 to 1440"),
        ({"opens": OPENS.isoformat(), "grace_minutes": "10"}, "give closes"),
        ({"open": OPENS.isoformat()}, "unknown key 'open'"),
    ],
)
def test_a_window_that_somebody_could_misread_is_refused(tmp_path: Path, window: dict[str, str], message: str) -> None:
    with pytest.raises(SurveyError, match=f"survey.yaml: window.*{message}|survey.yaml: {message}"):
        load_survey(with_window(tmp_path, window))


def test_the_window_is_read_from_the_survey(tmp_path: Path) -> None:
    survey = load_survey(with_window(tmp_path, {"opens": OPENS.isoformat(), "closes": CLOSES.isoformat(), "grace_minutes": "60"}))
    assert survey.window == Window(OPENS, CLOSES, 60)


def test_the_window_does_not_change_what_was_asked(tmp_path: Path) -> None:
    timed = load_survey(with_window(tmp_path, {"opens": OPENS.isoformat()}))
    assert {form.version for form in timed} == {form.version for form in load_survey()}


def with_window(folder: Path, window: dict[str, str]) -> Path:
    """The bundled survey with these times, in a folder of its own."""
    ours = survey_folder("big_ask")
    for path in ours.iterdir():
        if path.name != "survey.yaml":
            (folder / path.name).symlink_to(path)
    data = read_yaml(ours / "survey.yaml")
    (folder / "survey.yaml").write_text(yaml.safe_dump(data | {"window": window}, sort_keys=False), encoding="utf-8")
    return folder
