"""A page for the office that shows what each policy makes of the same tables: pictures, what is lost, and how wide the bounds are."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from disclosure.compare import Compared, Refused
from disclosure.heat_map import cut_short, heat_map, legend, summary
from disclosure.labels import Labels
from disclosure.loss import Loss, binned, losses, widths
from disclosure.protect import Protected
from disclosure.published_table import PublishedTable, Status
from disclosure.table import Table

LISTED = 400  # withheld counts of a table that are listed
WHY = {Status.PRIMARY: "under the threshold", Status.SECONDARY: "for others, or by a rule on groups"}
UNCERTAINTY = (
    "The last column compares methods: how far off a reader's best guess may be, averaged over all counts. For a count that is shown it is "
    "how far the count was moved, for a withheld one half of what stays possible."
)
INVENTED = (
    "<p>These tables came without cell keys, so keys were invented to compare policies: counts are moved as far and as often as they would "
    "be, but these are not the counts that would be published.</p>"
)
STYLE = (
    "body{font:16px/1.5 'Atkinson Hyperlegible Next',Verdana,sans-serif;color:#1d2a33;max-width:76rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;margin:1rem 0}th,td{border-bottom:1px solid #46545e;padding:.3rem .8rem;text-align:right}"
    "th:first-child,td:first-child,.words{text-align:left}tr>th:first-child{white-space:nowrap}"
    "caption{text-align:left;font-weight:bold}summary{cursor:pointer}"
    ".wide{overflow-x:auto}h2{margin-top:3rem;border-top:2px solid #14505c;padding-top:1rem}"
)


def report_page(compared: Compared, labels: Labels | None = None) -> str:
    """The page as HTML, complete in itself. `labels`: for a variable, its codes in words, as far as there are."""
    true, results, words = compared.tables, compared.results, labels or {}
    body = [
        "<h1>What protection does to these tables</h1>",
        "<p>For the office alone: the pictures tell which withheld counts are small.</p>",
        "<h2>What is lost, by policy</h2>",
        _compared(true, results),
        *([INVENTED] if compared.invented else []),
    ]
    for number, result in enumerate(results):
        body.append(f"<h2>{escape(result.policy.title)}</h2><p>Policy “{escape(result.policy.name)}”.</p>")
        if isinstance(result, Refused):
            body.append(f"<p>Under this policy the tables cannot leave: {escape(result.why)}.</p>")
            continue
        body.append(legend(f"l{number}"))
        for k, (table, cost) in enumerate(zip(result.tables, losses(true, result.tables, result.audit), strict=True)):
            low, high = result.audit.low[k], result.audit.high[k]
            picture, name = heat_map(table, low, high, f"p{number}t{k}", words), escape(table.title or table.id)
            said = " ".join(filter(None, (summary(table), _changed(cost), cut_short(table))))
            body.append(f"<h3>{name}</h3><p>{escape(said)}</p>")
            what = f"Picture of {name} under {escape(result.policy.name)}"
            body.append(f'<div class="wide" tabindex="0" role="region" aria-label="{what}">{picture}</div>')
            body.append(_widths(table, low, high, exact=result.audit.exact))
            body.append(_listed(table, low, high, words))
    head = (
        f"<meta charset='utf-8'><meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>What protection does to these tables</title><style>{STYLE}</style>"
    )
    return f"<!DOCTYPE html><html lang='en'><head>{head}</head><body><main>{''.join(body)}</main></body></html>\n"


def _changed(cost: Loss) -> str:
    if not cost.largest_change:
        return ""
    return f"A shown count is {cost.mean_change:.1f} children from the true one on average, and {cost.largest_change} at most."


def _compared(true: Sequence[Table], results: Sequence[Protected | Refused]) -> str:
    rows = []
    for result in results:
        if isinstance(result, Refused):
            why = f"Cannot leave: {escape(result.why)}."
            rows.append(f"<tr><th scope='row'>{escape(result.policy.name)}</th><td colspan='7' class='words'>{why}</td></tr>")
            continue
        found = losses(true, result.tables, result.audit)
        cells, shown = sum(each.cells for each in found), sum(each.cells - each.primary - each.secondary for each in found)
        change = sum(each.mean_change * (each.cells - each.primary - each.secondary) for each in found) / max(shown, 1)
        unknown = [each.mean_unknown for each in found]
        known = [each for each in unknown if each is not None]
        mean = f"{np.average(known, weights=[each.cells for each in found]):.1f}" if len(known) == len(unknown) else "no limit"
        figures = (
            f"{sum(each.primary for each in found):,}",
            f"{sum(each.secondary for each in found):,}",
            f"{(cells - shown) / cells:.1%}",
            f"{sum(each.hidden_sum for each in found):,}",
            f"{change:.2f}",
            f"{max(each.largest_change for each in found):,}",
            mean,
        )
        rows.append(f"<tr><th scope='row'>{escape(result.policy.name)}</th>{''.join(f'<td>{each}</td>' for each in figures)}</tr>")
    heads = (
        "Policy", "Withheld for themselves", "Withheld for others", "Share withheld", "Children in withheld counts",
        "Mean change of a shown count", "Largest change", "Mean uncertainty of any count",
    )  # fmt: skip
    head = "".join(f"<th scope='col'>{each}</th>" for each in heads)
    return (
        f"<div class='wide' tabindex='0' role='region' aria-label='What is lost'><table><tr>{head}</tr>{''.join(rows)}</table></div>"
        f"<p>{escape(UNCERTAINTY)}</p>"
    )


def _widths(table: PublishedTable, low: np.ndarray, high: np.ndarray, *, exact: bool) -> str:
    """How far apart the bounds of withheld counts are, as a table with bars."""
    bins = binned(*widths(table, low, high))
    if not bins:
        return ""
    most = max(count for _, count in bins)
    rows = "".join(
        f"<tr><th scope='row'>{words}</th><td>{count:,}</td><td><svg width='240' height='14' aria-hidden='true'>"
        f"<rect width='{240 * count / max(most, 1):.1f}' height='14' fill='#14505c'/></svg></td></tr>"
        for words, count in bins
    )
    heads = f"<th scope='col'>{'Distance between the bounds' if exact else 'Distance, at least'}</th><th scope='col'>Counts</th><td></td>"
    return f"<table><caption>How wide withheld counts stay open</caption><tr>{heads}</tr>{rows}</table>"


def _listed(table: PublishedTable, low: np.ndarray, high: np.ndarray, labels: Labels) -> str:
    """The withheld counts as a table to read, those that are told most of first."""
    places = np.argwhere(table.withheld)
    if not len(places):
        return ""
    width = np.where(high < 0, np.iinfo(np.int64).max, high - low)[table.withheld]
    rows = []
    for at in map(tuple, places[np.argsort(width, kind="stable")][:LISTED].tolist()):
        codes = [(d.name, d.codes[k]) for d, k in zip(table.dimensions, at, strict=True)]
        names = "".join(f"<td class='words'>{escape(labels.get(name, {}).get(code, code))}</td>" for name, code in codes)
        bounds = f"{low[at]:,} or more" if high[at] < 0 else f"{low[at]:,} to {high[at]:,}"
        rows.append(f"<tr>{names}<td class='words'>{escape(WHY[Status(str(table.status[at]))])}</td><td>{bounds}</td></tr>")
    heads = "".join(f"<th scope='col' class='words'>{escape(head)}</th>" for head in (*(d.name for d in table.dimensions), "Why"))
    cut = f"<p>The {LISTED:,} of which most is known, out of {len(places):,}.</p>" if len(places) > LISTED else ""
    return (
        f"<details><summary>The withheld counts of {escape(table.title or table.id)} as a list</summary>{cut}"
        f"<table><tr>{heads}<th scope='col'>What stays possible</th></tr>{''.join(rows)}</table></details>"
    )
