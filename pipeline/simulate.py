"""Lets invented children answer through real HTTP, page by page, as a browser without JavaScript would."""

from __future__ import annotations

import asyncio
import html
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx

from forms.survey import Page
from pipeline.progress import Progress, silent
from pipeline.simulated_child import Child, Planted

_HIDDEN = re.compile(r"<input\b[^>]*\btype=\"hidden\"[^>]*>")
_ATTRIBUTE = re.compile(r"\b(name|value)=\"([^\"]*)\"")
_LONGEST_WALK = 60  # pages; no form has as many, so more means that the child is going in circles


class SimulationFailed(RuntimeError):
    """The door did not behave as a door should. The message names the form and page, never an answer."""


def simulate(door: str, children: Sequence[Child], diary: Path, progress: Progress = silent, at_once: int = 16) -> None:
    """Let every child answer at this address (such as http://127.0.0.1:8000), so many at once.

    `diary` is a file that notes who has finished, so that an interrupted simulation goes on with the others.
    Raises SimulationFailed.
    """
    finished = {int(line) for line in diary.read_text(encoding="ascii").split()} if diary.exists() else set()
    diary.parent.mkdir(parents=True, exist_ok=True)
    with diary.open("a", encoding="ascii", buffering=1) as file:

        def note(number: int) -> None:
            file.write(f"{number}\n")
            finished.add(number)
            progress(len(finished), len(children))

        asyncio.run(_all(door, children, finished, note, at_once))


async def _all(door: str, children: Sequence[Child], finished: set[int], note: Callable[[int], None], at_once: int) -> None:
    waiting = iter([number for number in range(len(children)) if number not in finished])

    async def worker(client: httpx.AsyncClient) -> None:
        for number in waiting:
            await _answer(client, children[number])
            note(number)

    limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    async with httpx.AsyncClient(base_url=door, limits=limits, timeout=60) as client:
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(at_once):
                    group.create_task(worker(client))
        except* httpx.HTTPError as failed:
            raise SimulationFailed(f"The child door at {door} did not answer ({type(failed.exceptions[0]).__name__}).") from None
        except* SimulationFailed as failed:
            raise failed.exceptions[0] from None


async def _answer(client: httpx.AsyncClient, child: Child) -> None:
    form = child.form
    landing = await client.get(f"/{form.id}")
    if landing.status_code != 200:
        raise SimulationFailed(f"The landing page of form {form.id} answered {landing.status_code}.")
    reply = await client.post(f"/{form.id}", data={"action": "start"})
    for _ in range(_LONGEST_WALK):
        if reply.status_code == 303:
            if not reply.headers["location"].endswith("/thank-you"):
                raise SimulationFailed(f"Form {form.id} ended somewhere else than at its thank-you page.")
            return
        hidden = _hidden(reply.text)
        page = _page(child, hidden)
        if reply.status_code != 200:
            raise SimulationFailed(f"Form {form.id}, page {page.id}: an answer was refused with {reply.status_code}.")
        fields: dict[str, list[str]] = {}
        for name, value in [*hidden, ("action", "next"), *child.answer(page)]:
            fields.setdefault(name, []).append(value)
        reply = await client.post(f"/{form.id}", data=fields)
    raise SimulationFailed(f"Form {form.id} never ended.")


def _hidden(page: str) -> list[tuple[str, str]]:
    found = []
    for tag in _HIDDEN.findall(page):
        attributes = {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(tag)}
        found.append((attributes["name"], attributes.get("value", "")))
    return found


def _page(child: Child, hidden: list[tuple[str, str]]) -> Page:
    page_id = dict(hidden).get("page", "")
    try:
        page = child.form.page(page_id)
    except KeyError:
        raise SimulationFailed(f"Form {child.form.id} showed a page that it does not have.") from None
    answered = dict(hidden)
    asked = tuple(
        question
        for question in page.questions
        if question.ask_if is None or answered.get(question.ask_if.question) in question.ask_if.any_of
    )
    return Page(page.id, asked, page.row)


def save_planted(path: Path, planted: Sequence[Planted]) -> None:
    """Keep hashes of the invented texts and the places of what was planted, never the texts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({item.text_sha256: [list(span) for span in item.spans] for item in planted}), encoding="ascii")


def load_planted(path: Path) -> dict[str, list[tuple[int, int, str]]]:
    """The reverse: SHA-256 of a text -> places in it."""
    data = json.loads(path.read_text(encoding="ascii"))
    return {digest: [(int(start), int(end), str(kind)) for start, end, kind in spans] for digest, spans in data.items()}
