"""A whole installation in one folder for attacks on it: the real child door as a process of its own, and every byte it leaves."""

from __future__ import annotations

import base64
import os
import re
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote_plus

import httpx
import numpy as np

from forms.load import load_survey
from forms.survey import Form
from pipeline.gate import demonstrate, open_survey
from retention.collection_store import CollectionStore, connect_collection
from retention.keys import write_private
from retention.secure_store import SecureStore, Wave
from retention.settings import Settings, load_settings

WAVE = "attacked"
ACTOR = "attack-test"
EMPTY = re.compile(rb"\0{4096,}")  # slots that still wait for an answer: most of a collection database


class Installation:
    """All three zones below `home`, with an open wave. Logs and temporary files of its processes lie below it too."""

    def __init__(self, home: Path) -> None:
        self.home = home
        (home / "tmp").mkdir(parents=True)
        (home / "logs").mkdir()
        write_private(home / "secure" / "passphrase", b"a passphrase for this test only")
        self.settings: Settings = load_settings({"BIGASK_HOME": str(home)})
        self.store = SecureStore(self.settings.secure)
        demonstrate(self.store, self.settings.collection, "big_ask", ACTOR)
        self.wave: Wave = open_survey(self.store, self.collection, self.settings.collection, WAVE, load_survey(), ACTOR)

    @property
    def collection(self) -> CollectionStore:
        """The collection store, connected anew."""
        return connect_collection(self.settings.collection)

    def start_door(self, port: int = 0) -> tuple[subprocess.Popen[str], str]:
        """The child door as it runs in earnest, everything it prints kept. Returns the process and its address."""
        environment = {**os.environ, "BIGASK_HOME": str(self.home), "TMPDIR": str(self.home / "tmp"), "PYTHONASYNCIODEBUG": "1"}
        with (self.home / "logs" / "door.log").open("a") as log:
            command = [sys.executable, "-X", "dev", "-m", "api", "child", "--port", str(port)]
            process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True)
        if process.stdout is None:
            raise RuntimeError("the door has no output")
        address = process.stdout.readline().strip().rstrip("/")
        if not address:
            raise RuntimeError("the door did not open: " + (self.home / "logs" / "door.log").read_text())
        return process, address

    @contextmanager
    def door(self) -> Iterator[str]:
        """A running door; stopped as an operator stops it."""
        process, address = self.start_door()
        try:
            yield address
        finally:
            stop(process, signal.SIGTERM)

    def bytes_at_rest(self) -> Iterator[tuple[str, bytes]]:
        """Every file below home, the journals of databases included, by its path below home."""
        for path in sorted(self.home.rglob("*")):
            if path.is_file():
                yield str(path.relative_to(self.home)), EMPTY.sub(bytes(64), path.read_bytes())


def stop(process: subprocess.Popen[str], how: signal.Signals) -> None:
    """End a door and wait until it is gone."""
    process.send_signal(how)
    process.wait(timeout=60)
    if process.stdout:
        process.stdout.close()


def disguises(needle: str) -> set[bytes]:
    """The ways in which a text may lie in a file without being sealed: encodings, letter cases, URL and base64 forms."""
    forms: set[bytes] = set()
    for text in {needle, needle.upper(), needle.lower(), needle.replace(" ", ""), needle.replace(" ", "").lower()}:
        raw = text.encode()
        forms |= {raw, text.encode("utf-16-le"), text.encode("utf-16-be"), raw.hex().encode(), quote_plus(text).encode()}
        for shift in range(3):  # base64 of a text inside a longer one, at each of its three alignments
            encoded = base64.b64encode(b"\0" * shift + raw)
            forms.add(encoded[(0, 2, 3)[shift] : len(encoded) // 4 * 4 - 4])
    return {form for form in forms if len(form) >= 6}


def find(needles: Iterable[str], files: Iterable[tuple[str, bytes]]) -> list[tuple[int, str]]:
    """(number of the needle, file) wherever a needle lies in any disguise. Numbers, so that a failing test shows no needle."""
    search = Search({form: number for number, needle in enumerate(needles) for form in disguises(needle)})
    return [(number, name) for name, content in files for number in sorted(search.numbers_in(content))]


class Search:
    """Looks for many texts at once in a few passes over the bytes, where one search for each would read a database hundreds of times."""

    def __init__(self, forms: dict[bytes, int]) -> None:
        self._by_start: dict[bytes, list[tuple[bytes, int]]] = {}
        self._first, self._second = np.zeros(1 << 16, dtype=np.bool_), np.zeros(1 << 16, dtype=np.bool_)
        for form, number in forms.items():
            self._by_start.setdefault(form[:4], []).append((form, number))
            self._first[int.from_bytes(form[:2], "big")] = self._second[int.from_bytes(form[2:4], "big")] = True

    def numbers_in(self, content: bytes) -> set[int]:
        """The numbers of the texts that lie in this content."""
        raw = np.frombuffer(content, dtype=np.uint8).astype(np.uint16)
        pairs = (raw[:-1] << 8) | raw[1:]
        places = np.flatnonzero(self._first[pairs[:-2]] & self._second[pairs[2:]]) if len(pairs) > 2 else ()
        return {
            number for at in places for form, number in self._by_start.get(content[at : at + 4], ()) if content.startswith(form, int(at))
        }


def form_of(form_id: str) -> Form:
    """One of the real forms."""
    return load_survey().forms[form_id]


def last_post(form: Form, text: str, nonce: str | None = None) -> dict[str, str | list[str]]:
    """The last post of the form for 4-5s, as a browser sends it: every answer at once, the parent's words among them."""
    pages = {"version": form.version, "page": form.pages[-1].id, "nonce": nonce or secrets.token_hex(16), "action": "next"}
    answers = {
        q.id: next(option.code for option in q.options if not option.exclusive) for q in form.questions if q.text_field is None or q.other
    }
    return {**pages, **answers, "parent_future.text": text}


def send(client: httpx.Client, form: Form, post: dict[str, str | list[str]]) -> bool:
    """Send a last post; True once the child has been thanked. Raises httpx.HTTPError if no answer came."""
    reply = client.post(f"/{form.id}", data=post)
    return reply.status_code == 303 and reply.headers["location"].endswith("/thank-you")
