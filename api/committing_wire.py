"""What a worker of the child door and the process that stores for it say to each other: sealed responses of one size, and receipts.

A response goes as a frame of fixed size but for the name of its wave; a receipt is the frame's number and one byte.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from retention.collection_store import NoWave, Receipt, WaveClosed
from retention.database import DatabaseUnavailable
from retention.seal import BODY_SIZE, LOCATOR_SIZE, SealedResponse

_HEAD = struct.Struct("!IH16s")  # number, bytes of the wave's id, id of the response
_REPLY = struct.Struct("!IB")
_STORED, _ALREADY, _CLOSED, _NO_WAVE, _FAILED = range(5)
READY = _REPLY.pack(0, _STORED)  # the first reply of all, to no frame: numbers begin at 1
UNREACHABLE = "The responses cannot be stored at this moment: try again."
_ERRORS = {
    _CLOSED: (WaveClosed, "The wave is closed: no more answers are taken."),
    _NO_WAVE: (NoWave, "No wave is open: the evidence team opens one with `bigask wave open`."),
    _FAILED: (DatabaseUnavailable, UNREACHABLE),
}


def to_frame(number: int, wave_id: str, record: SealedResponse) -> bytes:
    """One response, to be stored for this wave. Numbers lie in [1, 2**32)."""
    wave = wave_id.encode()
    return b"".join((_HEAD.pack(number, len(wave), record.id), wave, record.body, record.locator))


def to_reply(number: int, outcome: Receipt | BaseException | None) -> bytes:
    """What became of one frame."""
    if isinstance(outcome, Receipt):
        code = _STORED if outcome is Receipt.STORED else _ALREADY
    elif isinstance(outcome, WaveClosed):
        code = _CLOSED
    else:
        code = _NO_WAVE if isinstance(outcome, NoWave) else _FAILED
    return _REPLY.pack(number, code)


class Frames:
    """Puts together what a stream brings in pieces."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def records(self, piece: bytes) -> Iterator[tuple[int, str, SealedResponse]]:
        """(number, wave, response) of every frame that is whole by now."""
        rest, at = self._rest, 0
        rest += piece
        while len(rest) - at >= _HEAD.size:
            number, length, response_id = _HEAD.unpack_from(rest, at)
            body = at + _HEAD.size + length
            end = body + BODY_SIZE + LOCATOR_SIZE
            if len(rest) < end:
                break
            wave_id = rest[at + _HEAD.size : body].decode()
            yield number, wave_id, SealedResponse(response_id, bytes(rest[body : body + BODY_SIZE]), bytes(rest[body + BODY_SIZE : end]))
            at = end
        del rest[:at]

    def replies(self, piece: bytes) -> Iterator[tuple[int, Receipt | Exception]]:
        """(number, outcome) of every reply that is whole by now."""
        rest = self._rest
        rest += piece
        whole = len(rest) - len(rest) % _REPLY.size
        for number, code in _REPLY.iter_unpack(bytes(rest[:whole])):
            if code in _ERRORS:
                kind, sentence = _ERRORS[code]
                yield number, kind(sentence)  # a new one each time: one that was raised holds on to what was under way
            else:
                yield number, Receipt.STORED if code == _STORED else Receipt.ALREADY_STORED
        del rest[:whole]
