"""Counts that were withheld come back from percentages, rates, means, bases and drawings; what is made with care does not."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure.clothes import Columns, attack_clothes, dimensions_in, read_rows
from disclosure.dimension import Dimension
from disclosure.error import DisclosureError
from disclosure.in_sight import Exposure
from disclosure.policy import Group, load_policy
from disclosure.statistics import percentage

POLICY = replace(load_policy("ons-threshold-10"), group_disclosure=Group.NONE)
PLACE, WISH = Dimension.flat("place", ["a", "b"]), Dimension.flat("wish", ["play", "rest", "learn"])
SCORE = Dimension.flat("score", ["1", "2", "3", "4", "5"])


def found(text: str, columns: Columns, *dimensions: Dimension, policy: object = POLICY) -> list[tuple[dict[str, str], int, int | None]]:
    report = attack_clothes({"file": text}, {"file": dimensions or (WISH,)}, {"file": columns}, policy)  # type: ignore[arg-type]
    return [(dict(e.cell), e.low, e.high) for e in report.exposed]


def test_a_percentage_and_its_base_are_a_count() -> None:
    text = "wish,n,percent\nTotal,60,100\nplay,,5.0\nrest,,45.0\nlearn,,50.0\n"
    columns = Columns(percent="percent", of="wish")
    assert found(text, columns) == [({"wish": "play"}, 3, 3)]
    assert found(text.replace("60", "6000"), columns) == []  # 300 of 6,000


def test_whole_per_cents_of_a_large_base_leave_enough_open() -> None:
    text = "wish,n,percent\nTotal,600,100\nplay,,1\nrest,,45\nlearn,,54\n"
    assert found(text, Columns(percent="percent", of="wish")) == []  # 3 to 9 of 600


def test_a_base_is_read_from_its_own_column() -> None:
    text = "place,wish,percent,base\na,play,8.3,48\na,rest,91.7,48\nb,play,50.0,200\n"
    columns = Columns(count="", percent="percent", base="base", of="wish")
    assert found(text, columns, PLACE, WISH) == [({"place": "a", "wish": "play"}, 4, 4)]


def test_percentages_without_a_base_give_the_base_away_where_a_total_limits_it() -> None:
    """2.13 %, 29.79 % and 68.09 % of at most 54 children are of 47: 1, 14 and 32."""
    open_ = "place,wish,n,percent\na,play,,2.13\na,rest,,29.79\na,learn,,68.09\na,Total,,\n"
    columns = Columns(percent="percent", of="wish", rounded_to=10)
    assert found(open_, columns, PLACE, WISH) == []
    limited = open_.replace("a,Total,,", "a,Total,50,")
    assert ({"place": "a", "wish": "play"}, 1, 1) in found(limited, columns, PLACE, WISH)


def test_rates_are_counts_too() -> None:
    text = "wish,n,rate\nTotal,850,\nplay,,8.2\nrest,400,\n"
    assert ({"wish": "play"}, 7, 7) in found(text, Columns(rate="rate", per=1000, of="wish"))


def test_a_charts_embedded_data_are_read() -> None:
    chart = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "mark": "bar",
        "data": {"values": [{"wish": "play", "share": 5.0}, {"wish": "rest", "share": 95.0}, {"wish": "Total", "n": 60}]},
    }
    text = json.dumps(chart)
    assert {"wish": "play", "share": "5.0"} in read_rows(text)
    assert found(text, Columns(percent="share", of="wish")) == [({"wish": "play"}, 3, 3)]


def test_lengths_drawn_to_scale_are_counts() -> None:
    """Two bars with their numbers give the scale; a third, withheld, is as long as its count."""
    text = "wish,n,width\nplay,,12.50\nrest,40,100.00\nlearn,60,150.00\nTotal,,\n"
    assert found(text, Columns(length="width"), Dimension.flat("wish", ["play", "rest", "learn"])) == [({"wish": "play"}, 5, 5)]
    assert found(text.replace("12.50", ""), Columns(length="width"), Dimension.flat("wish", ["play", "rest", "learn"])) == []


def test_rounded_counts_below_a_total_give_themselves_away() -> None:
    text = "wish,n\nTotal,10\nplay,0\nrest,0\nlearn,5\n"
    assert found(text, Columns(rounded_to=5)) == []
    tight = "wish,n\nTotal,15\nplay,0\nrest,0\nlearn,5\n"  # 13 at least: 2, 2 and 7 make 11 at most
    with pytest.raises(DisclosureError, match="fits"):
        found(tight, Columns(rounded_to=5))
    two = Dimension.flat("wish", ["play", "rest"])
    assert found("wish,n\nTotal,5\nplay,0\nrest,0\n", Columns(rounded_to=5), two) == []  # 1 and 2, or 2 and 1, or 2 and 2
    four = Dimension.flat("wish", ["play", "rest", "learn", "sing"])
    leak = "wish,n\nTotal,10\nplay,0\nrest,0\nlearn,0\nsing,0\n"
    assert len(found(leak, Columns(rounded_to=5), four)) == 5  # 2 each, and 8 together


def test_the_mean_of_a_few_children_is_their_sum() -> None:
    text = "place,n,mean\na,9,3.5\nb,10,3.5\n"
    columns = Columns(mean="mean", scores=(1, 5))
    told = found(text, columns, PLACE)
    assert {each[0]["place"] for each in told} == {"a"}
    assert len(told) == 2  # the count is small, and so is what its mean tells


def test_a_mean_at_the_end_of_its_scale_is_everybodys_answer() -> None:
    strict = replace(POLICY, group_disclosure=Group.ALL_BUT_ONE)
    columns = Columns(mean="mean", scores=(1, 5))
    for mean, told in (("5.00", True), ("5.0", False), ("4.97", True), ("4.95", False), ("1.00", True), ("1.05", False)):
        assert bool(found(f"place,n,mean\na,40,{mean}\n", columns, PLACE, policy=strict)) == told


def test_a_mean_gives_a_withheld_number_of_answers_away() -> None:
    """20 children, 17 of whom gave 3, and a mean of 3.3: of the other three, all gave 5."""
    text = "score,n,mean\nTotal,20,3.30\n3,17,\n1,0,\n2,0,\n4,,\n5,,\n"
    columns = Columns(mean="mean", scores=(1, 5), of="score", score="score")
    assert ({"score": "5"}, 3, 3) in found(text, columns, SCORE)
    coarse = text.replace("3.30", "3.3")
    assert ({"score": "5"}, 3, 3) not in found(coarse, columns, SCORE)


def test_numbers_that_contradict_each_other_are_told() -> None:
    with pytest.raises(DisclosureError, match="contradict"):
        found("wish,n,percent\nTotal,60,\nplay,10,50.0\n", Columns(percent="percent", of="wish"))


@pytest.mark.parametrize("text", ["{", "a,b\n1,2\n", "wish,n\nsleep,3\n"])
def test_what_holds_no_table_is_refused(text: str) -> None:
    with pytest.raises(DisclosureError):
        found(text, Columns())


@pytest.mark.parametrize("columns", [Columns(percent="pc"), Columns(mean="m"), Columns(count="count"), Columns(length="width")])
def test_a_column_that_is_not_there_is_no_reassurance(columns: Columns) -> None:
    with pytest.raises(DisclosureError, match="has no column"):
        found("wish,n\nplay,30\n", columns)


def test_an_unknown_base_variable_is_refused() -> None:
    with pytest.raises(DisclosureError, match="no variable 'age'"):
        found("wish,n,p\nplay,3,1\n", Columns(percent="p", of="age"))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 400), min_size=3, max_size=3), st.integers(0, 2), st.booleans())
def test_no_true_count_is_ever_excluded(counts: list[int], decimals: int, show_base: bool) -> None:
    base = sum(counts)
    if base == 0:
        return
    rows = [f"Total,{base if show_base else ''},"] + [
        f"{code},,{100 * count / base:.{decimals}f}" for code, count in zip(WISH.leaves, counts, strict=True)
    ]
    text = "wish,n,percent\n" + "\n".join(rows)
    report = attack_clothes({"f": text}, {"f": [WISH]}, {"f": Columns(percent="percent", of="wish")}, POLICY)
    true = np.array([base, *counts])
    assert (report.low[0] <= true).all()
    assert ((true <= report.high[0]) | (report.high[0] < 0)).all()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(10, 4000), min_size=3, max_size=3))
def test_percentages_made_by_the_rules_tell_no_small_count(counts: list[int]) -> None:
    """One count of 1 to 9 is withheld, beside another; percentages of the shown ones are made as for a release."""
    shown = [None, None, counts[2]]
    base = sum(counts)
    rows = [f"Total,{base},"] + [
        f"{code},{n if n else ''},{percentage(n, base, POLICY) or ''}" for code, n in zip(WISH.leaves, shown, strict=True)
    ]
    assert found("wish,n,percent\n" + "\n".join(rows), Columns(percent="percent", of="wish")) == []


def bounds(text: str, columns: Columns, *dimensions: Dimension) -> list[tuple[int, int]]:
    """The bounds of each count, by themselves."""
    report = attack_clothes({"file": text}, {"file": dimensions or (WISH,)}, {"file": columns}, POLICY)
    return list(zip(report.low[0].reshape(-1).tolist(), report.high[0].reshape(-1).tolist(), strict=True))


def test_a_number_says_as_much_as_its_digits() -> None:
    two = Dimension.flat("wish", ["play", "rest"])
    percent = Columns(percent="percent", of="wish")
    for written in ("50", "50%", "50 %", " 50% "):
        assert bounds(f"wish,n,percent\nTotal,200,\nplay,,{written}\n", percent, two) == [(200, 200), (99, 101), (99, 101)]
    assert bounds("wish,n,percent\nTotal,2000,\nplay,,50.0\n", percent, two) == [(2000, 2000), (999, 1001), (999, 1001)]
    assert bounds('wish,n,percent\nTotal,"2,000",\nplay,,%50\n', percent, two) == [(2000, 2000), (0, 2000), (0, 2000)]
    assert bounds('[{"wish": "Total", "n": 20}, {"wish": "play", "n": null}]', Columns(), two) == [(20, 20), (0, 20), (0, 20)]


def test_what_lies_behind_a_rounded_count_is_half_a_base_to_each_side() -> None:
    """By which half a whole base is rounded up is not known: the bounds hold either way."""
    two = Dimension.flat("wish", ["play", "rest"])
    for base, shown, low, high in ((10, 40, 35, 45), (5, 40, 38, 42), (1, 40, 40, 40)):
        assert bounds(f"wish,n\nplay,{shown}\n", Columns(rounded_to=base), two)[1] == (low, high)


def test_percentages_limit_their_base_and_are_limited_by_it() -> None:
    two = Dimension.flat("wish", ["play", "rest"])
    percent = Columns(percent="percent", of="wish")
    assert bounds("wish,n,percent\nplay,20,50.0\n", percent, two) == [(40, 40), (20, 20), (20, 20)]
    assert bounds("wish,n,percent\nplay,200,50\n", percent, two) == [(397, 404), (200, 200), (197, 204)]


MEANS = Columns(mean="mean", scores=(1, 5))


def told(text: str, columns: Columns, *dimensions: Dimension, rule: Group = Group.ALL_BUT_ONE) -> list[Exposure]:
    policy = replace(POLICY, group_disclosure=rule)
    report = attack_clothes({"file": text}, {"file": dimensions or (PLACE,)}, {"file": columns}, policy)
    return [each for each in report.exposed if "mean" in each.how]


@pytest.mark.parametrize(("count", "mean", "sums"), [(9, "3.56", (32, 32)), (1, "4", (4, 4)), (10, "3.50", None), (0, "0", None)])
def test_a_mean_of_fewer_children_than_the_threshold_tells_their_sum(count: int, mean: str, sums: tuple[int, int] | None) -> None:
    found = told(f"place,n,mean\na,{count},{mean}\nb,50,\n", MEANS)
    how = f"a mean of {count} children is the sum of their answers"
    assert found == ([Exposure("file", {"place": "a"}, *sums, how)] if sums else [])


@pytest.mark.parametrize(("rule", "mean", "sums"), [
    (Group.ALL_BUT_ONE, "4.97", (199, 199)), (Group.ALL_BUT_ONE, "4.95", None), (Group.ALL_BUT_ONE, "1.02", (41, 41)),
    (Group.ALL_BUT_ONE, "1.05", None),
    (Group.ALL, "4.98", None), (Group.ALL, "5.00", (200, 200)), (Group.ALL, "1.00", (40, 40)), (Group.NONE, "5.00", None),
])  # fmt: skip
def test_a_mean_within_one_answer_of_its_end_tells_everybodys(rule: Group, mean: str, sums: tuple[int, int] | None) -> None:
    found = told(f"place,n,mean\na,40,{mean}\n", MEANS, rule=rule)
    how = "a mean at the end of its scale is the answer of (nearly) everybody"
    assert found == ([Exposure("file", {"place": "a"}, *sums, how)] if sums else [])


def test_a_mean_of_an_open_number_of_children_tells_nothing_and_hides_no_other() -> None:
    text = "place,n,mean\na,40,5.00\nb,5,3.00\n"
    assert [each.cell for each in told(text, MEANS)] == [{"place": "a"}, {"place": "b"}]
    assert [each.cell for each in told(text, replace(MEANS, rounded_to=3))] == []
    assert [each.cell for each in told(text.replace("a,40", "a,"), MEANS)] == [{"place": "b"}]


def test_scores_may_be_below_nought_and_each_place_has_its_own() -> None:
    """In both places 18 children gave 0 and 2 another answer; their sum tells which."""
    score = Dimension.flat("score", ["-1", "0", "1", "not asked"])
    columns = Columns(mean="mean", scores=(-1, 1), of="score", score="score")
    rows = [f"{place},{code},{n},{mean}" for place, mean in (("a", "-0.10"), ("b", "0.10")) for code, n, mean in (
        ("Total", "20", mean), ("0", "18", ""), ("-1", "", ""), ("1", "", ""), ("not asked", "0", ""))]  # fmt: skip
    found = told("place,score,n,mean\n" + "\n".join(rows) + "\n", columns, PLACE, score, rule=Group.NONE)
    how = "the mean and the number of children leave only this"
    assert found == [Exposure("file", {"place": "a", "score": "-1"}, 2, 2, how), Exposure("file", {"place": "b", "score": "1"}, 2, 2, how)]


@pytest.mark.parametrize(
    ("children", "mean", "width", "seen"),
    [
        (20, "3.30", 1, True),  # 3 gave five
        (20, "3.10", 1, True),  # 1
        (20, "3.00", 1, False),  # none
        (20, "3.90", 1, True),  # 9
        (20, "4.00", 1, False),  # 10
        (24, "3.3", 1, False),  # 3 or 4
        (24, "3.3", 2, True),
    ],
)
def test_a_score_of_a_few_children_is_told_if_its_mean_leaves_less_than_the_width(children: int, mean: str, width: int, seen: bool) -> None:
    score = Dimension.flat("score", ["3", "4", "5"])
    columns = Columns(mean="mean", scores=(3, 5), of="score", score="score")
    text = f"score,n,mean\nTotal,{children},{mean}\n4,0,\n"
    report = attack_clothes({"file": text}, {"file": (score,)}, {"file": columns}, replace(POLICY, minimum_width=width))
    assert any(each.cell == {"score": "5"} and "mean" in each.how for each in report.exposed) is seen


def test_the_variables_of_a_text_are_read_from_its_rows() -> None:
    text = "area,wish,n\nTotal,play,9\na,Total,9\na,play,9\nb,rest,\n"
    area, wish = dimensions_in(text, ["area", "wish"], {"area": {"a": "N", "b": "N", "N": ""}})
    assert (wish.codes, wish.partitions) == (("Total", "play", "rest"), (("Total", ("play", "rest")),))
    assert (area.name, area.codes, area.total) == ("area", ("N", "a", "b"), "N")
    with pytest.raises(DisclosureError, match="no row has a code in 'age'"):
        dimensions_in(text, ["age"], {})


FEW = Dimension.flat("wish", ["play", "rest"])
OF_WISH = Columns(percent="percent", of="wish")


@pytest.mark.parametrize(("shown", "to"), [(200, 10), (198, 11), (202, 11)])
@pytest.mark.parametrize(("play", "rest", "counts"), [("51", "50", (101, 99)), ("50", "51", (99, 101)), ("50", "49", (101, 99))])
def test_parts_that_must_add_up_give_the_base_away(play: str, rest: str, counts: tuple[int, int], shown: int, to: int) -> None:
    """Rounded per cents that make 101 or 99 can be just so many children's: of 50.5 and 49.5 per cent each."""
    text = f"wish,n,percent\nTotal,{shown},\nplay,,{play}\nrest,,{rest}\n"
    columns = replace(OF_WISH, rounded_to=to)
    assert bounds(text, columns, FEW) == [(200, 200), (counts[0],) * 2, (counts[1],) * 2]


def test_a_part_of_nobody_adds_nothing() -> None:
    text = "wish,n,percent\nTotal,200,\nplay,,51\nrest,,50\nlearn,,0\n"
    assert bounds(text, replace(OF_WISH, rounded_to=10)) == [(200, 200), (101, 101), (99, 99), (0, 0)]


@pytest.mark.parametrize(("known", "open_"), [("a", "b"), ("b", "a")])
@pytest.mark.parametrize("order", [("wish", "place"), ("place", "wish")])
def test_each_group_has_a_base_of_its_own_wherever_its_variable_stands(known: str, open_: str, order: tuple[str, str]) -> None:
    """In one place the base is known, in the other nearly; the variable of percentages comes first, or last."""
    known_rows = [("play", known, "", "40", "50"), ("rest", known, "", "60", "50")]
    open_rows = [("Total", open_, "200", "", ""), ("play", open_, "", "51", ""), ("rest", open_, "", "50", "")]
    columns = replace(OF_WISH, rounded_to=10, base="base")
    for rows in (known_rows + open_rows, open_rows + known_rows):
        named = [dict(zip(("wish", "place", "n", "percent", "base"), row, strict=True)) for row in rows]
        header = (*order, "n", "percent", "base")
        text = "\n".join([",".join(header), *(",".join(row[name] for name in header) for row in named)])
        found = bounds(text, columns, *({"wish": FEW, "place": PLACE}[name] for name in order))
        assert {(200, 200), (101, 101), (99, 99), (50, 50), (20, 20), (30, 30)} <= set(found)


def test_a_base_that_one_number_of_children_fits_is_as_possible_as_one_that_several_fit() -> None:
    """51 % of 121 are 62, of 179 are 91 or 92."""
    assert bounds("wish,n,percent\nTotal,150,\nplay,,51\n", replace(OF_WISH, rounded_to=59), FEW)[0] == (121, 179)


@pytest.mark.parametrize(("limit", "found"), [(204, (200, 200)), (203, (197, 204))])
def test_bases_are_tried_up_to_a_limit(limit: int, found: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("disclosure.clothes.MOST_BASE", limit)
    text = "wish,n,percent\nTotal,200,\nplay,,51\nrest,,50\n"
    assert bounds(text, replace(OF_WISH, rounded_to=9), FEW)[0] == found


@pytest.mark.parametrize(("percent", "base"), [("0.13", (2398, 2400)), ("0.12", (2400, 2402))])
def test_a_percentage_half_way_between_two_is_of_a_whole_child(percent: str, base: tuple[int, int]) -> None:
    """Three of 2,400 are 0.125 %, and may be written as 0.13 or as 0.12."""
    text = f"wish,n,percent\nTotal,2400,\nplay,,{percent}\n"
    lenient = replace(POLICY, threshold=2)  # so that the bounds are exact
    report = attack_clothes({"file": text}, {"file": [FEW]}, {"file": replace(OF_WISH, rounded_to=5)}, lenient)
    assert list(zip(report.low[0].tolist(), report.high[0].tolist(), strict=True))[:2] == [base, (3, 3)]


def test_a_base_of_one_is_a_base_and_one_of_nobody_may_be() -> None:
    columns = replace(OF_WISH, rounded_to=5)
    assert bounds("wish,n,percent\nTotal,3,\nplay,,100.0\n", columns, FEW) == [(1, 5), (1, 5), (0, 4)]
    assert bounds("wish,n,percent\nTotal,2,\nplay,,0\n", columns, FEW) == [(0, 4), (0, 0), (0, 4)]


def test_a_percentage_that_is_not_nought_is_of_somebody() -> None:
    """At most four, and a third of them: one of three."""
    text = "wish,n,percent\nTotal,2,\nplay,,33.3\n"
    assert bounds(text, replace(OF_WISH, rounded_to=5), FEW) == [(3, 3), (1, 1), (2, 2)]
    assert found(text, replace(OF_WISH, rounded_to=5), FEW)


def test_a_rate_of_somebody_is_of_enough_to_have_it() -> None:
    assert bounds("wish,n,rate\nplay,,8.2\n", Columns(rate="rate", of="wish"), FEW)[0] == (122, -1)  # 1 of 121.2, at least


def drawn(text: str, *dimensions: Dimension) -> list[tuple[int, int]]:
    return bounds("wish,n,width\n" + text, Columns(length="width"), *dimensions)[1:]


def test_known_bars_give_the_scale_however_small_they_are() -> None:
    assert drawn("play,1,2.50\nrest,,10.00\nlearn,0,0.00\n") == [(1, 1), (4, 4), (0, 0)]
    assert drawn("play,40,4.00\nrest,,0.50\nlearn,50,5.00\n") == [(40, 40), (5, 5), (50, 50)]
    assert drawn("play,1,2\nrest,3,4\nlearn,,6\n") == [(1, 1), (3, 3), (4, 4)]  # 1.5 for each child, and no more or less
    assert drawn("play,,30.00\nrest,,\nlearn,60,150.00\n")[::2] == [(12, 12), (60, 60)]


def test_bars_too_short_to_tell_a_scale_limit_nothing_above() -> None:
    for length, least in (("1", 13), ("0", 0)):
        low, high = drawn(f"play,13,0\nrest,,{length}\n", FEW)[1]
        assert low == least
        assert high == -1


def test_lengths_on_no_one_scale_are_refused() -> None:
    with pytest.raises(DisclosureError, match="not counts drawn to one scale"):
        drawn("play,10,10.0\nrest,20,11.0\n", FEW)
    with pytest.raises(DisclosureError, match="not counts drawn to one scale"):
        drawn("play,1,2\nrest,100,149\n", FEW)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (Columns(percent="n"), "with what they are of"),
        (Columns(rate="n"), "with what they are of"),
        (Columns(mean="n"), "with the scores they are of"),
        (Columns(mean="n", scores=(1, 5), score="age"), "no variable 'age'"),
    ],
)
def test_what_would_not_be_attacked_for_want_of_a_word_is_refused(columns: Columns, message: str) -> None:
    with pytest.raises(DisclosureError, match=message):
        found("wish,n\nplay,30\n", columns)


def test_what_a_file_leaves_out_is_a_total_or_no_number() -> None:
    chart = '\n [{"wish": null, "n": 20}, {"wish": "play", "": 7, "n": 12.00}, {"": 3, "wish": "rest"}]'
    assert read_rows(chart) == [{"wish": "", "n": "20"}, {"wish": "play", "n": "12.00"}, {"wish": "rest"}]
    assert bounds(chart, Columns(length="")) == [(20, 20), (12, 12), (0, 8), (0, 8)]
    assert bounds('[{"n": 20, "place": "a"}, {"place": "a", "wish": "play", "n": 12}]', Columns(), PLACE, FEW)[3:6] == [
        (20, 20),
        (12, 12),
        (8, 8),
    ]
    assert bounds("n,wish\n20\n12,play\n", Columns(), FEW) == [(20, 20), (12, 12), (8, 8)]


def test_what_stands_of_a_cell_in_several_places_is_put_together() -> None:
    text = '{"counts": [{"wish": "Total", "n": 20}], "shares": [{"wish": "Total", "percent": 100}, {"wish": "play", "percent": 15.0}]}'
    assert bounds(text, OF_WISH, FEW) == [(20, 20), (3, 3), (17, 17)]


def test_a_finding_names_its_file_and_the_report_is_the_attacks() -> None:
    text = "wish,n\nTotal,60\nplay,3\nrest,\n"
    report = attack_clothes({"one": text, "two": text}, {"one": [FEW], "two": [FEW]}, {"one": Columns(), "two": Columns()}, POLICY)
    assert [(e.table, dict(e.cell)) for e in report.exposed] == [("one", {"wish": "play"})]
    assert (report.withheld, report.exact, report.narrowest) == (6, False, 0)
    safe = attack_clothes({"one": "wish,n\nTotal,60\nplay,\nrest,\n"}, {"one": [FEW]}, {"one": Columns()}, POLICY)
    assert (safe.withheld, safe.exact, safe.narrowest, safe.exposed) == (3, True, 60, ())
    assert safe.linear_programs > 0


def test_a_score_that_stands_in_the_file_is_told_once() -> None:
    """Of 20 children 3 gave five, and the file says so; the variable of scores comes before the place, and some codes are no scores."""
    score = Dimension.flat("score", ["3", "5", "X1"])
    columns = Columns(mean="mean", scores=(3, 5), of="score", score="score")
    rows = "score,place,n,mean\nTotal,a,20,3.30\n3,a,,\n5,a,{},\nX1,a,0,\n"
    for shown, how in (("3", "this count alone"), ("", "the mean and the number of children leave only this")):
        told = attack_clothes({"f": rows.format(shown)}, {"f": (score, PLACE)}, {"f": columns}, POLICY).exposed
        assert [(dict(e.cell), e.low, e.how) for e in told] == [({"score": "5", "place": "a"}, 3, how)]
