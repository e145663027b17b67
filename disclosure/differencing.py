"""Differencing: what follows from tables that cut the same children differently, be they released today or years ago.

Two tables may share no cell and still give one away: ages 4 to 8 less ages 5 to 8 are the four-year-olds; all areas less those
in care are everyone else; two waves together less the first are the second. For every set of variables in which tables can be
compared, this makes the table that nobody published, of the pieces into which the published categories cut each other, and
has the attack work on it together with all published tables. It belongs to the attack, and shares no code with the defence.

What a category stands for: a code that is a range of whole numbers ("4-8") those numbers; a code with codes below it the union
of theirs; any other code itself, unless `meanings` says otherwise (constituencies and councils as sets of small areas, say).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, permutations, product

import numpy as np
import numpy.typing as npt

from disclosure.approximate import attack_approximate, bounds_of
from disclosure.audit import AuditReport, Exposure, Progress, Proofs, audit
from disclosure.dimension import TOTAL, Dimension
from disclosure.error import DisclosureError
from disclosure.policy import Policy
from disclosure.published_table import WITHHELD, PublishedTable, Status

Atoms = frozenset[str]
Meanings = Mapping[str, Mapping[str, Atoms]]

POPULATION = "population"
MANY_CELLS = 500_000  # a comparison of more cells than this is not attempted: the tables are refused instead
_RANGE = re.compile(r"(\d{1,4})(?:-(\d{1,4}))?\Z")


def attack_together(
    new: Sequence[PublishedTable],
    earlier: Sequence[PublishedTable],
    policy: Policy,
    *,
    meanings: Meanings | None = None,
    proofs: Proofs | None = None,
    not_answers: Collection[str] = (),
    progress: Progress | None = None,
) -> AuditReport:
    """Attacks new tables together with each other and with everything released `earlier`.

    `meanings`: for a variable (or "population"), the atoms that a code stands for, where its name does not tell. `proofs` are
    of the new tables. `not_answers`: codes of those who gave no answer ("not asked", say), whom group disclosure is not about, in tables
    that are near the true counts. The report is on the new tables and on those of the earlier that may count some of the same children, in
    this order; what it counts as withheld is so in the new ones. Raises DisclosureError if the tables contradict themselves,
    or are too large to compare.
    """
    earlier = related(new, earlier, meanings or {})
    tables = _with_populations([*new, *earlier])
    unseen = comparisons(tables, meanings or {})
    rules = replace(policy, identifying_variables=policy.identifying_variables | {POPULATION})
    every = [*tables, *unseen]
    if all(table.exact for table in tables):
        report = audit(every, rules, proofs=None if earlier or unseen else proofs, progress=progress)
    else:
        secondary = any(not table.exact and (table.status == Status.SECONDARY).any() for table in tables)
        bounded = [bounds_of(table, policy, secondary=secondary) for table in every]
        report = attack_approximate(bounded, rules, not_answers=not_answers, progress=progress).report
    ours = {table.id for table in unseen}
    exposed = tuple(_said(each, ours) for each in report.exposed if each.table not in ours or _tells(each, policy))
    withheld = sum(int(table.withheld.sum()) for table in new)
    return replace(report, withheld=withheld, exposed=exposed, low=report.low[: len(tables)], high=report.high[: len(tables)])


def asks_as_much(one: Policy, other: Policy) -> bool:
    """True if what withstands the attack under one policy withstands it under the other: the same rules on what may be told of a count."""

    def rules(policy: Policy) -> tuple[object, ...]:
        asked = (policy.threshold, policy.zeros, policy.minimum_width, policy.group_disclosure)
        return (*asked, policy.identifying_variables, policy.structural_zeros)

    return rules(one) == rules(other)


def related(new: Sequence[PublishedTable], earlier: Sequence[PublishedTable], meanings: Meanings) -> list[PublishedTable]:
    """Those earlier tables that may count some of the same children as the new ones, directly or through other tables."""
    who = meanings.get(POPULATION, {})

    def atoms(table: PublishedTable) -> Atoms:
        return who.get(table.population, frozenset({table.population}))

    reached = frozenset().union(*map(atoms, new))
    while True:
        met = [table for table in earlier if atoms(table) & reached]
        wider = reached.union(*map(atoms, met))
        if wider == reached:
            return met
        reached = wider


def cells_behind(
    exposed: Sequence[Exposure], new: Sequence[PublishedTable], earlier: Sequence[PublishedTable], meanings: Meanings | None = None
) -> dict[str, npt.NDArray[np.bool_]]:
    """Published cells of the new tables, one for each small difference between tables: without it, the difference is open.

    By the table's id, shaped like it. Empty unless every exposure is such a difference and has such a cell.
    """
    tables = _with_populations([*new, *related(new, earlier, meanings or {})])
    unseen = comparisons(tables, meanings or {})
    found: dict[str, npt.NDArray[np.bool_]] = {}
    for exposure in exposed:
        places = [] if exposure.table else list(_behind(exposure.cell, tables[: len(new)], unseen))
        if not places:
            return {}
        _, table, at = min(places, key=lambda place: place[0])
        found.setdefault(table.id, np.zeros(table.values.shape, bool))[at] = True
    return found


def _behind(
    cell: Mapping[str, str], new: Sequence[PublishedTable], unseen: Sequence[PublishedTable]
) -> Iterator[tuple[int, PublishedTable, tuple[int, ...]]]:
    """Published cells that the difference was taken of, or less: a category above its own, or beside it, in any table compared."""
    for dimension in (dimension for table in unseen for dimension in table.dimensions if dimension.name in cell):
        for parent, children in dimension.partitions:
            for code in (parent, *children) if cell[dimension.name] in children else ():
                codes = {**cell, dimension.name: code}
                if code == dimension.total:
                    del codes[dimension.name]
                for table in new:
                    at = _place(table, codes)
                    if at is not None and table.values[at] > 0:
                        yield int(table.values[at]), table, at


def _place(table: PublishedTable, codes: Mapping[str, str]) -> tuple[int, ...] | None:
    """Where a table has a cell of these codes, totals left out."""
    fixed, names = dict(table.where), {dimension.name for dimension in table.dimensions}
    if any(codes.get(name) != code for name, code in fixed.items()) or not set(codes) <= names | set(fixed):
        return None
    places = [dimension.index.get(codes.get(dimension.name, dimension.total)) for dimension in table.dimensions]
    return None if None in places else tuple(place for place in places if place is not None)


def _tells(exposure: Exposure, policy: Policy) -> bool:
    """A difference between tables matters if it is a small count: not if it is nought, or enough children."""
    return exposure.high != 0 and exposure.low < policy.threshold


def _said(exposure: Exposure, ours: set[str]) -> Exposure:
    if exposure.table not in ours:  # of whose answers a table is, it says itself
        return replace(exposure, cell={n: c for n, c in exposure.cell.items() if n != POPULATION}) if exposure.table else exposure
    return replace(exposure, table="", how=f"comparing tables that cut the same children differently, {exposure.how}")


def _with_populations(tables: Sequence[PublishedTable]) -> list[PublishedTable]:
    """Whose answers a table counts, as a filter like any other; nothing to do where that is the same for all."""
    if len({table.population for table in tables}) == 1:
        return [replace(table, population="") for table in tables]
    return [replace(table, population="", where=(*table.where, (POPULATION, table.population))) for table in tables]


class _Variable:
    """One variable in all tables: the codes that each table shows ("" for everyone), and what each code stands for, where known."""

    def __init__(self, name: str, tables: Sequence[PublishedTable], meanings: Mapping[str, Atoms]) -> None:
        self.name, self.meanings = name, meanings
        self.cuts: list[frozenset[str]] = []
        self.below: dict[str, dict[frozenset[str], tuple[str, ...]]] = {}
        self.unclear: set[str] = set()
        self.listed: list[frozenset[str]] = []  # codes known to have no child in common
        for table in tables:
            fixed = [code for variable, code in table.where if variable == name]
            dimension = next((dimension for dimension in table.dimensions if dimension.name == name), None)
            if dimension is None:
                self.cuts.append(frozenset(fixed or [""]))
            else:
                self._take(dimension)
        # A sum of which another table has more parts ("not asked", say) holds of those alone whom its own table is about.
        self.below = {
            parent: {g: c for g, c in groups.items() if not any(g < other for other in groups)} for parent, groups in self.below.items()
        }
        shown = dict.fromkeys(code for cut in self.cuts for code in sorted(cut))
        self.atoms = {code: atoms for code in shown if code and (atoms := self._stands_for(code))}
        self.atoms = {code: atoms for code, atoms in self.atoms.items() if code not in self.unclear}

    def _take(self, dimension: Dimension) -> None:
        def named(code: str) -> str:
            return "" if code == dimension.total else code

        self.cuts.append(frozenset(named(code) for code in dimension.codes))
        several = len({parent for parent, _ in dimension.partitions}) < len(dimension.partitions)
        if several:  # options of which several may be chosen, or two hierarchies: what has which children in common is not known
            self.unclear |= set(dimension.codes)
        else:
            self.listed.append(frozenset(dimension.leaves))
        for parent, children in dimension.partitions:
            self.below.setdefault(named(parent), {})[frozenset(children)] = children

    def _stands_for(self, code: str) -> Atoms:
        """The atoms of a code; none, and the code is `unclear`, if two tables disagree."""
        if code in self.meanings:
            return self.meanings[code]
        if code in self.below:
            ways = {frozenset().union(*map(self._stands_for, children)) for children in self.below[code].values()}
            if len(ways) > 1:
                self.unclear.add(code)
            return frozenset().union(*ways)
        found = _RANGE.match(code) if self.name != POPULATION else None  # a wave's name is no range of years
        span = range(int(found[1]), int(found[2] or found[1]) + 1) if found else ()
        return frozenset(str(number) for number in span) or frozenset({code})

    def height(self, code: str) -> int:
        """How many levels of other codes are declared below a code."""
        return 1 + max(self.height(child) for group in self.below[code] for child in group) if code in self.below else 0

    def known_apart(self) -> bool:
        """True if codes that share no atom are certain to share no child: they are ranges, explained, or listed in one table."""
        opaque = {
            code for code, atoms in self.atoms.items() if code not in self.meanings and not _RANGE.match(code) and code not in self.below
        }
        return any(opaque <= listed for listed in (*self.listed, frozenset()))

    def closure(self, codes: frozenset[str]) -> frozenset[str]:
        """Codes that are told, with those that are left over where all others of a sum are."""
        while True:
            more = codes.union(
                *(group - codes for parent, groups in self.below.items() for group in groups if parent in codes and len(group - codes) == 1)
            )
            if more == codes:
                return codes
            codes = more

    def differ(self, one: str, other: str) -> bool:
        """True if the two have children in common, and the first is no smaller part of the second, as far as is known."""
        if other not in self.atoms or (one and one not in self.atoms):
            return False
        return not one or bool(self.atoms[one] & self.atoms[other] and not self.atoms[one] < self.atoms[other])

    def told(self, one: str, other: str, codes: frozenset[str]) -> bool:
        """True if what the first has beyond the second is made up of codes that are told."""
        whole = self.atoms[one] if one else self.everyone()
        rest = whole - self.atoms[other]
        if not rest or (not one and not self.atoms[other] <= whole):
            return False  # the same children, of which the first may be withheld; or a code that the total is not known to be made up of
        inside = [self.atoms[code] for code in codes if code in self.atoms]
        return frozenset().union(*(atoms for atoms in inside if atoms <= rest)) == rest

    def everyone(self) -> Atoms:
        """All that a table's total of this variable stands for; nothing if no table tells."""
        return max((frozenset().union(*map(self._stands_for, group)) for group in self.below.get("", ())), key=len, default=frozenset())


def comparisons(tables: Sequence[PublishedTable], meanings: Meanings) -> list[PublishedTable]:
    """The tables that nobody published: everything withheld, over the pieces into which published categories cut each other.

    Only where two tables meet in cells of which the difference is neither published nor one that each table gives by itself, or which
    count the same children under two names.
    """
    made: dict[tuple[str, ...], PublishedTable] = {}
    for one, other in combinations(tables, 2):
        names = tuple(sorted(_variables_to_compare(one, other)))
        if not names or names in made:
            continue
        within = [table for table in tables if {name for name, _ in table.where} <= set(names)]
        variables = [_Variable(name, within, meanings.get(name, {})) for name in names]
        pairs = [_pairs(k, variables) for k in range(len(names))]
        if any(pairs):
            dimensions = [_pieces(variable, found) for variable, found in zip(variables, pairs, strict=True)]
            made[names] = _unseen(f"comparison by {' and '.join(names)}", dimensions, {table.id for table in tables})
    return list(made.values())


def _pairs(k: int, variables: Sequence[_Variable]) -> set[tuple[str, str]]:
    """Pairs of codes of the k-th variable, the second within, across or the same as the first, of whose difference no table tells."""
    mine, found = variables[k], set()
    others = [variable for at, variable in enumerate(variables) if at != k]
    count = len(mine.cuts)
    for a, b in permutations(range(count), 2):
        if mine.cuts[a] == mine.cuts[b]:
            continue
        shared = [variable.cuts[a] & variable.cuts[b] for variable in others]
        if not all(shared):
            continue
        alike = [c for c in range(count) if all(part <= variable.cuts[c] for part, variable in zip(shared, others, strict=True))]
        told = mine.closure(frozenset().union(*(mine.cuts[c] for c in alike)))
        for one, other in product(sorted(mine.cuts[a] - mine.cuts[b]), sorted(mine.cuts[b] - mine.cuts[a])):
            if mine.differ(one, other) and not mine.told(one, other, told):
                found.add((one, other))
    return found


def _variables_to_compare(one: PublishedTable, other: PublishedTable) -> set[str]:
    names = [{dimension.name for dimension in table.dimensions} for table in (one, other)]
    fixed = [{name for name, _ in table.where} for table in (one, other)]
    return (names[0] & names[1]) | fixed[0] | fixed[1]


def _unseen(table_id: str, dimensions: Sequence[Dimension], taken: set[str]) -> PublishedTable:
    shape = tuple(len(dimension.codes) for dimension in dimensions)
    if np.prod(shape, dtype=float) > MANY_CELLS:
        raise DisclosureError(f"the tables are too large for a {table_id}: release fewer categories, or leave a table out")
    while table_id in taken:
        table_id += "'"
    status = np.full(shape, Status.SECONDARY.value)
    return PublishedTable(table_id, tuple(dimensions), np.full(shape, WITHHELD, np.int64), status, np.zeros(shape, np.int64))


def _pieces(variable: _Variable, pairs: set[tuple[str, str]]) -> Dimension:
    """A variable's codes where tables meet, and the pieces they cut each other into."""
    often = {code for code in variable.atoms if sum(code in cut for cut in variable.cuts) > 1}
    kept = often | {code for pair in pairs for code in pair}
    sets = {code: atoms for code, atoms in variable.atoms.items() if code in kept}
    pieces = _cut_up(sets)
    names: dict[Atoms, str] = {}
    for code in sorted(sets, key=variable.height):  # of codes for the same children the lowest: so no sum runs in a circle
        names.setdefault(sets[code], code)
    for piece in pieces:
        names.setdefault(piece, _name(piece, sets))
    partitions = _Partitions(variable.below, kept | {""})
    everyone = variable.everyone()
    for code in sorted({one for one, _ in pairs}):
        atoms = sets[code] if code else frozenset().union(*sets.values())
        # Named by what it is not: another comparison leaves over others, and the same name would be taken for the same children.
        beyond = [] if code or (everyone and everyone <= atoms) else [f"none of {' or '.join(sorted(sets))}"]
        if code or variable.known_apart():
            partitions.add(code, [*(names[piece] for piece in pieces if piece <= atoms), *beyond])
    for code, smaller in sorted(pairs):
        whole = sets[code] if code else everyone
        rest, known = whole - sets[smaller], sets[smaller] <= whole
        name = f"{code or 'all'} but not {smaller}"
        if rest and known:
            partitions.add(code, [smaller, names.setdefault(rest, name)])
        elif not code:  # everyone, under another name; or no table tells who everyone is
            partitions.add("", [smaller] if known else [smaller, name])
    return partitions.dimension(variable.name, sets)


class _Partitions:
    """What sums to what, the declared partitions first, those too of which one part is in one table only; "" stands for everyone."""

    def __init__(self, declared: Mapping[str, Mapping[frozenset[str], tuple[str, ...]]], kept: set[str]) -> None:
        inside = {parent: groups for parent, groups in declared.items() if parent in kept}
        listed = [(p, group, children) for p, groups in inside.items() for group, children in groups.items()]
        self.found = {(p, group): children for p, group, children in listed if group & kept and len(group - kept) <= 1}

    def add(self, parent: str, children: Sequence[str]) -> None:
        if parent not in children:
            self.found.setdefault((parent, frozenset(children)), tuple(children))

    def dimension(self, name: str, shown: Mapping[str, Atoms]) -> Dimension:
        root = TOTAL
        while root in shown:
            root += "'"
        listed = [(parent or root, children) for (parent, _), children in self.found.items()]
        used = dict.fromkeys([root, *shown, *(code for parent, children in listed for code in (parent, *children))])
        placed = {code for _, children in listed for code in children}
        for code in [code for code in used if code != root and code not in placed]:
            listed.append((root, (code, f"anything but {code}")))
            used[f"anything but {code}"] = None
        return Dimension(name, tuple(used), tuple(listed))


def _cut_up(sets: Mapping[str, Atoms]) -> list[Atoms]:
    """Atoms that lie in the same sets, together."""
    inside: dict[str, list[str]] = {}
    for code, stands_for in sets.items():
        for atom in sorted(stands_for):
            inside.setdefault(atom, []).append(code)
    together: dict[tuple[str, ...], set[str]] = {}
    for atom, codes in inside.items():
        together.setdefault(tuple(codes), set()).add(atom)
    return [frozenset(atoms) for atoms in together.values()]


def _name(piece: Atoms, sets: Mapping[str, Atoms]) -> str:
    inside = [code for code, stands_for in sets.items() if piece <= stands_for]
    beside = [code for code, stands_for in sets.items() if code not in inside and any(stands_for & sets[other] for other in inside)]
    return " and ".join(inside) + (f" but not {' or '.join(beside)}" if beside else "")
