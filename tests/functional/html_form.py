"""Reads a page as a browser without JavaScript does: its form, what the form would send, and what it offers to choose."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class HtmlPage:
    """One page. `hidden` are the hidden inputs, `offered` the values a field can be given, `chosen` those it has now."""

    title: str = ""
    heading: str = ""
    hidden: list[tuple[str, str]] = field(default_factory=list)
    offered: dict[str, list[str]] = field(default_factory=dict)
    chosen: dict[str, list[str]] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)
    actions: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def value(self, name: str) -> str:
        """The value of a hidden input that is there once."""
        return dict(self.hidden)[name]

    def post(self, action: str, *answers: tuple[str, str]) -> list[tuple[str, str]]:
        """What the browser sends: hidden inputs, these answers, and the button pressed."""
        return [*self.hidden, *answers, ("action", action)]

    def post_unchanged(self, action: str) -> list[tuple[str, str]]:
        """What the browser sends if the child touches nothing."""
        chosen = [(name, value) for name, values in self.chosen.items() for value in values]
        return self.post(action, *chosen, *self.written.items())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = HtmlPage()
        self._inside: list[str] = []
        self._area = ""
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {name: value or "" for name, value in attrs}
        page = self.page
        if tag == "input" and at.get("type") == "hidden":
            page.hidden.append((at["name"], at["value"]))
        elif tag == "input" and at.get("type") in ("radio", "checkbox"):
            page.offered.setdefault(at["name"], []).append(at["value"])
            if "checked" in at:
                page.chosen.setdefault(at["name"], []).append(at["value"])
        elif tag == "input" and at.get("type") == "text":
            page.written[at["name"]] = at["value"]
        elif tag == "textarea":
            self._area = at["name"]
            page.written[self._area] = ""
        elif tag == "select":
            self._select = at["name"]
        elif tag == "option" and at["value"]:
            page.offered.setdefault(self._select, []).append(at["value"])
            if "selected" in at:
                page.chosen.setdefault(self._select, []).append(at["value"])
        elif tag == "button" and at.get("name") == "action":
            page.actions.append(at["value"])
        if tag in ("title", "h1", "textarea"):
            self._inside.append(tag)
        if tag == "p" and "govuk-error-message" in at.get("class", ""):
            self._inside.append("error")
            page.errors.append("")

    def handle_endtag(self, tag: str) -> None:
        if self._inside and (tag == self._inside[-1] or (tag == "p" and self._inside[-1] == "error")):
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        where = self._inside[-1] if self._inside else ""
        if where == "title":
            self.page.title += data
        elif where == "h1":
            self.page.heading += data
        elif where == "error":
            self.page.errors[-1] += data
        elif where == "textarea":
            self.page.written[self._area] += data


def read_page(html: str) -> HtmlPage:
    """What a page holds."""
    reader = _Reader()
    reader.feed(html)
    for name, text in reader.page.written.items():
        reader.page.written[name] = text.removeprefix("\n")
    return reader.page
