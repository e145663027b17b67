"""Inner cells, hierarchies and wishes as files: what is read of them, exactly, and what each refusal says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from disclosure.error import DisclosureError
from disclosure.inner_files import read_csv, read_inner, read_trees, read_wishes
from disclosure.table import Table

TREE = "code,parent\nTotal,\nN,Total\nS,Total\na,N\nb,N\nc,S\n"
COUNTS = "place,like,n\na,play,3\na,rest,40\nb,rest,31\n"


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.csv"
    path.write_text(text, encoding="utf-8")
    return path


def tables(folder: Path) -> tuple[Table, ...]:
    return read_inner([write(folder, "t", COUNTS), write(folder, "u", "like,n\nplay,3\nrest,71\n")], {}).tables


def test_a_table_of_regions_is_cut_off_below_them(tmp_path: Path) -> None:
    """Of a hierarchy, a table has what it uses and what is above that, however far: no councils of regions, nor regions of England."""
    tree = write(tmp_path, "tree", TREE + "x,a\ny,a\n")
    for lines, codes in (
        ("x,1\ny,2\nb,3\nc,4\n", ("Total", "N", "S", "a", "b", "c", "x", "y")),
        ("a,1\nb,2\nc,3\n", ("Total", "N", "S", "a", "b", "c")),
        ("N,1\nS,2\n", ("Total", "N", "S")),
        ("N,1\nc,2\n", ("Total", "N", "S", "c")),
    ):
        (table,) = read_inner([write(tmp_path, "t", "place,n\n" + lines)], {"place": tree}).tables
        assert table.dimensions[0].codes == codes
        assert table.counts[0] == sum(int(line[-1]) for line in lines.split())
    with pytest.raises(DisclosureError, match=r"'t\.csv': 'N' in column 'place' is a total, but only inner cells belong here"):
        read_inner([write(tmp_path, "t", "place,n\nN,1\nx,2\n")], {"place": tree})
    with pytest.raises(DisclosureError, match=r"'t\.csv': 'Total' in column 'place' is a total"):
        read_inner([write(tmp_path, "t", "place,n\na,1\nTotal,1\n")], {})


def test_keys_are_those_of_their_cells_in_whatever_order(tmp_path: Path) -> None:
    path = write(tmp_path, "t", "wish,place,n,key\nrest,b,5,50\nplay,a,6,60\nrest,a,7,0\n")
    plain = write(tmp_path, "u", "wish,n\nplay,6\nrest,12\n")
    inner = read_inner([path, plain], {"place": write(tmp_path, "tree", TREE)})
    assert set(inner.keys) == {"t"}
    assert [d.leaves for d in inner.tables[0].dimensions] == [("rest", "play"), ("a", "b", "c")]
    assert inner.keys["t"].tolist() == [[0, 50, 0], [60, 0, 0]]
    for bad in ("-1", "2.5", "", "inf", "x"):
        with pytest.raises(DisclosureError, match="must hold the sum of the cell's record keys in every row"):
            read_inner([write(tmp_path, "t", f"wish,n,key\nrest,5,{bad}\n")], {})


def test_two_files_of_one_name_or_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    with pytest.raises(DisclosureError, match="no two files of the same name"):
        read_inner([write(tmp_path, "t", COUNTS), write(tmp_path / "more", "t", COUNTS)], {})
    with pytest.raises(DisclosureError, match="at least one file"):
        read_inner([], {})


def test_a_hierarchy_may_have_labels_and_gives_each_code_one_parent(tmp_path: Path) -> None:
    labelled = write(tmp_path, "tree", "code,parent,label\nN,,North\na,N,A\n")
    assert read_trees({"place": labelled}, {"place", "wish"}) == {"place": {"N": "", "a": "N"}}
    for head in ("code,label,parent", "code", "code,parent,words", "code,parent,label,more"):
        with pytest.raises(DisclosureError, match="must have the columns code and parent, and perhaps label"):
            read_trees({"place": write(tmp_path, "tree", head + "\n" + ",".join("x" for _ in head.split(",")) + "\n")}, {"place"})
    with pytest.raises(DisclosureError, match="gives the code 'a' two parents"):
        read_trees({"place": write(tmp_path, "tree", TREE + "a,S\n")}, {"place"})


def test_a_status_may_be_blank_and_a_code_may_not(tmp_path: Path) -> None:
    assert read_csv(write(tmp_path, "t", "place,n,status,key\na,,,\n")).iloc[0].tolist() == ["a", "", "", ""]
    with pytest.raises(DisclosureError, match="has an empty code in column 'place'"):
        read_csv(write(tmp_path, "t", "place,n,status,key\n,1,x,2\n"))
    assert read_csv(write(tmp_path, "t", "place,n\n,1\n"), check_codes=False)["place"].tolist() == [""]
    with pytest.raises(DisclosureError, match="a column twice"):
        read_csv(write(tmp_path, "t", "place, place,n\na,b,1\n"))


def test_wishes_are_for_the_cells_they_name(tmp_path: Path) -> None:
    """A blank is a total; without a table's name, every table with these variables is meant."""
    one, other = mine = tables(tmp_path)
    asked = read_wishes(write(tmp_path, "w", "wish,place,like,table\nshow,a,,\nhide,,rest,\nshow,b,play,t\nhide,,play,u\n"), mine)
    assert np.argwhere(asked.show["t"]).tolist() == [[1, 0], [2, 1]]
    assert np.argwhere(asked.hide["t"]).tolist() == [[0, 2]]
    assert not asked.show["u"].any()
    assert np.argwhere(asked.hide["u"]).tolist() == [[1], [2]]
    assert asked.cost == {}
    assert (one.id, other.id) == ("t", "u")


def test_a_cost_is_the_count_where_none_is_given(tmp_path: Path) -> None:
    """The count, so that few children are withheld; of nobody, as of one, for a cost must be above 0."""
    asked = read_wishes(write(tmp_path, "w", "cost,place,like\n0.5,a,play\n1,b,\n"), tables(tmp_path))
    assert asked.cost["t"].tolist() == [[74, 3, 71], [43, 0.5, 40], [1, 1, 31]]
    assert asked.cost["u"].tolist() == [74, 3, 71]
    assert not asked.show["t"].any()
    assert not asked.hide["t"].any()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("cost,place\n2,a\n0,a\n", "'w.csv', line 3: a cost must be a number above 0"),
        ("cost,place\n-1,a\n", "'w.csv', line 2: a cost must be a number above 0"),
        ("cost,place\ninf,a\n", "'w.csv', line 2: a cost must be a number above 0"),
        ("cost,place\nnan,a\n", "'w.csv', line 2: a cost must be a number above 0"),
        ("cost,place\nmuch,a\n", "'w.csv', line 2: a cost must be a number above 0"),
        ("wish,place\nshow,a\nhide,z\n", "'w.csv', line 3: no table has this cell"),
        ("wish,table,place\nshow,u,a\n", "'w.csv', line 2: no table has this cell"),
        ("place,like\na,play\n", "'w.csv', line 2: give either a wish ('show' or 'hide') or a cost"),
        ("wish,age\nshow,4\n", "'w.csv' has the column 'age', which is no variable of any table"),
    ],
)
def test_a_bad_wish_is_told_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(DisclosureError) as refused:
        read_wishes(write(tmp_path, "w", text), tables(tmp_path))
    assert str(refused.value) == says
