"""Posts that nobody meant: made by Hypothesis out of a schema of the forms, valid and not, then with bytes changed, cut, doubled and
swapped. No failure of ours, no growth, no word of theirs in the log.

The child door publishes no schema; this one is made for the test from the same definitions that the pages are made of.
"""

from __future__ import annotations

import http.client
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from forms.load import load_survey
from forms.survey import Form, Kind
from tests.attack.real_door import RealDoor, real_door
from tests.functional.walking import FORM_HEADERS, walk

CANARY = "Zquorvexil"
FORM_TYPE = FORM_HEADERS["content-type"]
ENCODINGS = ["", "; charset=utf-8", "; charset=utf-16", "; charset=latin-1", "; boundary=x"]
QUIETLY = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck), "phases": [Phase.generate]}
ODD = [b"&", b"=", b"%", b"%00", b"%ff", b"%u0041", b"&action=next", b"&page=x", b"+" * 50, CANARY.encode(), b"\xed\xa0\x80"]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealDoor]:
    with real_door(tmp_path_factory.mktemp("fuzz")) as (running, _):
        yield running


def schema_of(form: Form) -> dict[str, Any]:
    """What a page of this form can post, as JSON Schema."""
    fields: dict[str, Any] = {
        "action": {"enum": ["next", "back"]},
        "page": {"enum": [page.id for page in form.pages]},
        "nonce": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        "version": {"const": form.version},
        "last": {"const": "1"},
    }
    for question in form.questions:
        one: dict[str, Any] = {"enum": [option.code for option in question.options]}
        many = {"type": "array", "items": one, "uniqueItems": True, "maxItems": question.limit or 1}
        for name in question.choice_fields:
            fields[name] = many if question.kind is Kind.CHOICES else one
        if question.text_field is not None:
            fields[question.text_field] = {"type": "string", "maxLength": question.max_chars or 0}
    required = ["action", "page", "nonce", "version"]
    return {"type": "object", "properties": fields, "required": required, "additionalProperties": False}


def posts() -> st.SearchStrategy[tuple[str, bytes]]:
    """Form and body of posts that fit the schema, and of posts that break it in one place."""
    paths = {
        f"/{form.id}": {"post": {"requestBody": {"required": True, "content": {FORM_TYPE: {"schema": schema_of(form)}}}, "responses": {}}}
        for form in load_survey()
    }
    schema = schemathesis.openapi.from_dict({"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": paths})
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    cases = st.one_of(*(schema[path]["POST"].as_strategy(generation_mode=mode) for path in paths for mode in modes))
    return cases.map(lambda case: (case.path.lstrip("/"), encoded(case.body)))


def encoded(body: object) -> bytes:
    if isinstance(body, dict):
        return urlencode(body, doseq=True, errors="replace").encode()
    return str(body).encode(errors="replace")


def mutated(body: bytes, chance: random.Random) -> bytes:
    """A few bytes changed, cut, doubled, or put in."""
    changed = bytearray(body)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(changed) or 1)
        what = chance.randrange(4)
        if what == 0:
            changed[at : at + 1] = bytes([chance.randrange(256)])
        elif what == 1:
            del changed[at : at + chance.randrange(200)]
        elif what == 2:
            changed[at:at] = changed[at : at + chance.randrange(200)]
        else:
            changed[at:at] = chance.choice(ODD)
    return bytes(changed)


def answered(connection: http.client.HTTPConnection, form_id: str, content: bytes, media_type: str) -> int:
    """The status of one post. A body that is refused unread may cost its connection; the next post then takes a new one."""
    for last in (False, True):
        try:
            connection.request("POST", f"/{form_id}", content, {"content-type": media_type})
            reply = connection.getresponse()
            reply.read()
        except (ConnectionError, http.client.RemoteDisconnected):
            connection.close()
            if last:
                raise
        else:
            return reply.status
    raise RuntimeError("this cannot be reached")


def send_all(door: RealDoor, examples: int, mutations: int) -> tuple[Counter[int], list[int]]:
    """Status codes of so many examples with so many mutations of each, of which every other is of a real child's last page;
    and the workers' memory after every tenth of them."""
    with httpx.Client(base_url=door.address, timeout=60) as client:
        real = []
        for form in load_survey():
            page, last, _ = walk(client, form, seed=8)
            real.append((form.id, urlencode(page.post("next", *last)).encode()))
    statuses: Counter[int] = Counter()
    memory: list[int] = []

    @settings(max_examples=examples, **QUIETLY)  # type: ignore[arg-type]
    @given(post=posts(), seed=st.integers(0, 2**32), encoding=st.sampled_from(ENCODINGS))
    def send(post: tuple[str, bytes], seed: int, encoding: str) -> None:
        chance = random.Random(seed)
        connection = http.client.HTTPConnection(door.address.host, door.address.port or 80, timeout=60)
        for number in range(mutations + 1):
            form_id, body = post if number == 0 or number % 2 else chance.choice(real)
            content = mutated(body, chance) if number else body
            status = answered(connection, form_id, content, FORM_TYPE + (encoding if number == 1 else ""))
            statuses[status] += 1
            assert status < 500, (form_id, content)
        connection.close()
        if statuses.total() >= (len(memory) + 1) * examples * (mutations + 1) // 10:
            memory.append(door.memory())

    send()
    return statuses, memory


def test_no_post_is_answered_with_a_failure_of_ours(door: RealDoor) -> None:
    statuses, _ = send_all(door, 60, 9)
    assert statuses[200] + statuses[422] > 0, statuses  # some of them were understood
    assert statuses[400] > 0, statuses
    assert door.alive()


@pytest.mark.long
def test_a_hundred_thousand_fuzzed_posts_fail_nowhere_and_leave_nothing(door: RealDoor) -> None:
    statuses, memory = send_all(door, 2000, 49)
    print(dict(statuses), [size >> 20 for size in memory])
    assert statuses.total() >= 100_000
    assert min(statuses[200] + statuses[422], statuses[400]) > 300, statuses
    assert max(memory[5:]) - max(memory[:5]) < 10 * 2**20
    assert door.alive()
