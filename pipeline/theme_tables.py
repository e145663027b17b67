"""The tables that a code frame leads to: one for each variable that it is broken down by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from disclosure.dimension import Dimension
from pipeline.table_specs import TableSpec, TableSpecs, VariableSpec
from pipeline.theme_frame import NO_TEXT, NONE, Frame, ThemeError

THEMES = "themes."  # before a frame's id: the field under which its themes stand among the answers


def with_tables(specs: TableSpecs, frame: Frame, good: Sequence[str]) -> TableSpecs:
    """The tables with a variable of several options for these themes, and a table for each variable of `frame.by`. Raises ThemeError."""
    name = f"themes_{frame.id}"
    labels = {theme.code: theme.label for theme in frame.themes if theme.code in good}
    labels |= {NONE: "None of these themes", NO_TEXT: "Wrote nothing"}
    variable = VariableSpec(name, frame.title, Dimension.multiple(name, labels), labels, answer=field_of(frame), multiple=True)
    ((population, code),) = frame.where.items()
    if population not in specs.variables or code not in specs.variables[population].dimension.codes:
        raise ThemeError(f"Frame '{frame.id}' counts an unknown population '{population}: {code}'.")
    tables = []
    for by in frame.by:
        other, _, level = by.partition(".")
        if other not in specs.variables or other == population or (level and level != specs.variables[other].top_level):
            raise ThemeError(f"Frame '{frame.id}' is broken down by '{by}', which is no variable or level of the tables.")
        title = f"{frame.title}, by {specs.variables[other].title[:1].lower()}{specs.variables[other].title[1:]}"
        table_id = f"themes-{frame.id}-by-{other}".replace("_", "-")
        tables.append(TableSpec(table_id, title, ((name, ""), (other, level)), ((population, code),), name))
    return replace(specs, variables={**specs.variables, name: variable}, tables=(*specs.tables, *tables))


def field_of(frame: Frame) -> str:
    """The field under which themes stand among the answers: no question has it."""
    return f"{THEMES}{frame.id}"
