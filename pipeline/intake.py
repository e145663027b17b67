"""Answers that did not come over the web, from paper or from a file: sealed and stored exactly as the child door does it.

Nothing in the store tells them apart from the others: the same version of a form, the same boxes of the same size, ids that
mean nothing, and no time.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from forms.answers import Response
from retention.collection_store import CollectionStore, NoWave, Receipt, WaveClosed, WaveState
from retention.keys import public_key
from retention.seal import seal_response
from retention.settings import CollectionZone


class Intake:
    """Takes answers to one survey into the open wave of a collection zone.

    Raises NoWave, WaveClosed, KeyRingError or DatabaseUnavailable at once, before anybody has typed in vain.
    """

    def __init__(self, zone: CollectionZone, store: CollectionStore, survey_id: str) -> None:
        wave = store.wave()
        if wave.survey != survey_id:
            raise NoWave("The wave on this server is of another survey: open one for this survey.")
        if wave.state is not WaveState.OPEN:
            raise WaveClosed(f"Wave '{wave.id}' is {wave.state}: it takes no more answers.")
        self._wave = wave.id
        self._store = store
        self._keys = public_key(zone.keys, wave.body_key), public_key(zone.keys, wave.locator_key)

    def put_one(self, response: Response) -> None:
        """Store one response under an id drawn for it. It is on the disk when this returns."""
        self.put([(secrets.token_bytes(16), response)])

    def put(self, responses: Sequence[tuple[bytes, Response]]) -> list[Receipt]:
        """Store (id, response) pairs in one transaction, all or none; what is there already under its id stays as it is."""
        records = [seal_response(response_id, response, *self._keys) for response_id, response in responses]
        order = list(range(len(records)))
        secrets.SystemRandom().shuffle(order)  # the order of a file is an order, too (A5)
        receipts = self._store.put([records[at] for at in order], self._wave)
        found = dict(zip(order, receipts, strict=True))
        return [found[at] for at in range(len(records))]
