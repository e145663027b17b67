"""Lets invented children answer through real HTTP, page by page, as a browser without JavaScript would."""

from __future__ import annotations

import asyncio
import html
import json
import re
import socket
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import httpx

from forms.survey import Page
from pipeline.progress import Progress, silent
from pipeline.simulated_child import Child, Planted
from retention.keys import write_private

Nonce = Callable[[str], str]  # from the nonce that the door gives to the one that the child answers under
_NOTE = re.compile(r"(\d+)(?: ([0-9a-f]{32}))?\n")
_HIDDEN = re.compile(r"<input\b[^>]*\btype=\"hidden\"[^>]*>")
_ATTRIBUTE = re.compile(r"\b(name|value)=\"([^\"]*)\"")
_LONGEST_WALK = 60  # pages; no form has as many, so more means that the child is going in circles


class SimulationFailed(RuntimeError):
    """The door did not behave as a door should. The message names the form and page, never an answer."""


class Diary:
    """Who has begun, under which nonce, and who has finished: kept in a file, so that an interrupted simulation goes on.

    A child who was interrupted answers again under the same nonce, so the door does not take the answers twice (A15).
    """

    def __init__(self, path: Path) -> None:
        lines = path.read_text(encoding="ascii").splitlines(keepends=True) if path.exists() else []
        notes = [note for line in lines if (note := _NOTE.fullmatch(line))]
        self.begun = {int(note[1]): note[2] for note in notes if note[2]}
        self.finished = {int(note[1]) for note in notes if not note[2]}
        write_private(path, "".join(note[0] for note in notes).encode("ascii"))  # without a line that a kill cut off
        self._path = path

    def begin(self, child: int, given: str) -> str:
        """The nonce that this child answers under: the one it began with, or else the one it was given now."""
        if child not in self.begun:
            self.begun[child] = given
            self._note(f"{child} {given}")
        return self.begun[child]

    def finish(self, child: int) -> None:
        """Note that this child has been thanked."""
        self.finished.add(child)
        self._note(str(child))

    def _note(self, line: str) -> None:
        with self._path.open("a", encoding="ascii") as file:
            file.write(line + "\n")


def simulate(door: str, children: Sequence[Child], diary: Path, progress: Progress = silent, at_once: int = 16) -> None:
    """Let every child answer at this address (such as http://127.0.0.1:8000), so many at once. Raises SimulationFailed.

    `diary` is the file of a Diary: interrupted and called again, it goes on, and no child is there twice.
    """
    asyncio.run(_all(door, children, Diary(diary), progress, at_once))


async def _all(door: str, children: Sequence[Child], diary: Diary, progress: Progress, at_once: int) -> None:
    waiting = iter([number for number in range(len(children)) if number not in diary.finished])
    progress(len(diary.finished), len(children))

    async def worker(number: int) -> None:
        school = httpx.AsyncHTTPTransport(local_address=own_address(door, number))
        # one each: a shared pool looks at every connection every time
        async with httpx.AsyncClient(base_url=door, timeout=60, transport=school) as client:
            for number in waiting:
                await answer_form(client, children[number], partial(diary.begin, number))
                diary.finish(number)
                progress(len(diary.finished), len(children))

    try:
        async with asyncio.TaskGroup() as group:
            for number in range(at_once):
                group.create_task(worker(number))
    except ExceptionGroup as failed:  # one of each kind may be in it: what the door said tells more than that it was silent
        told = next((error for error in failed.exceptions if isinstance(error, SimulationFailed)), None)
        if told is not None:
            raise told from None
        if any(not isinstance(error, httpx.HTTPError) for error in failed.exceptions):
            raise
        raise SimulationFailed(f"The child door at {door} did not answer ({type(failed.exceptions[0]).__name__}).") from None


def own_address(door: str, number: int) -> str | None:
    """A loopback address for one of those who answer at once, as if each were at a school of its own; None: whichever there is.

    Two thousand children who never stop to think are more than the door takes from one address in a minute (A14).
    """
    address = f"127.0.0.{2 + number % 250}"
    if httpx.URL(door).host != "127.0.0.1":
        return None
    try:
        with socket.socket() as tried:
            tried.bind((address, 0))
    except OSError:  # not every system has more than one
        return None
    return address


async def answer_form(client: httpx.AsyncClient, child: Child, nonce: Nonce = str) -> None:
    """One child's way through its form, to the thanks. Raises SimulationFailed, httpx.HTTPError."""
    form = child.form
    landing = await client.get(f"/{form.id}")
    if landing.status_code != 200:
        raise SimulationFailed(f"The landing page of form {form.id} answered {landing.status_code}.")
    reply = await _post(client, form.id, {"action": "start"})
    for _ in range(_LONGEST_WALK):
        if reply.status_code == 303:
            if not reply.headers["location"].endswith(("/thank-you", "/already-sent")):
                raise SimulationFailed(f"Form {form.id} ended somewhere else than at its thank-you page.")
            return
        if reply.status_code == 410:
            raise SimulationFailed("The wave is closed: the door takes no more answers.")
        hidden = _hidden(reply.text)
        page = _page(child, hidden)
        if reply.status_code != 200:
            raise SimulationFailed(f"Form {form.id}, page {page.id}: an answer was refused with {reply.status_code}.")
        fields: dict[str, list[str]] = {}
        for name, value in [*hidden, ("action", "next"), *child.answer(page)]:
            fields.setdefault(name, []).append(nonce(value) if name == "nonce" else value)
        reply = await _post(client, form.id, fields)
    raise SimulationFailed(f"Form {form.id} never ended.")


async def _post(client: httpx.AsyncClient, form_id: str, fields: Mapping[str, str | list[str]]) -> httpx.Response:
    """Send a page, and again after as long as the door asks for, with the same answers (A14)."""
    while (reply := await client.post(f"/{form_id}", data=fields)).status_code == 429:
        await asyncio.sleep(int(reply.headers["Retry-After"]))
    return reply


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
    write_private(path, json.dumps({item.text_sha256: [list(span) for span in item.spans] for item in planted}).encode("ascii"))


def load_planted(path: Path) -> dict[str, list[tuple[int, int, str]]]:
    """The reverse: SHA-256 of a text -> places in it."""
    data = json.loads(path.read_text(encoding="ascii"))
    return {digest: [(int(start), int(end), str(kind)) for start, end, kind in spans] for digest, spans in data.items()}
