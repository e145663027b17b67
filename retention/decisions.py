"""Decisions of the office, signed and kept for good: approvals, reviews, amendments, opinions asked for.

Each is signed with the office's key over everything it says, its number included, and written to the ledger in the same transaction, so
that one that was altered, added or taken away is found.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, insert, select

from retention.decision_tables import decision as table
from retention.keys import verify
from retention.ledger import SIGNING_KEY, Entry, LedgerError
from retention.secure_store import SecureStore, today


@dataclass(frozen=True)
class Decision:
    """One decision. `subject`: SHA-256 of what it is about; `content`: what was said, by name."""

    seq: int
    kind: str
    subject: str
    actor: str
    decided_on: date
    content: Mapping[str, Any]

    def document(self) -> bytes:
        """What is signed: canonical JSON of all of it."""
        whole = [self.seq, self.kind, self.subject, self.actor, self.decided_on.isoformat(), dict(self.content)]
        return json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def decide(store: SecureStore, kind: str, subject: str, actor: str, content: Mapping[str, Any]) -> Decision:
    """Sign a decision and write it down, with its ledger entry. Raises LedgerError for names that the ledger cannot hold."""
    with store.record(Entry(actor, kind, "office", {"subject": subject})) as connection:
        seq = int(connection.execute(select(func.coalesce(func.max(table.c.seq), 0))).scalar_one()) + 1
        decision = Decision(seq, kind, subject, actor, today(), content)
        signature = store.ring.sign(SIGNING_KEY, decision.document()).hex()
        values = {"seq": seq, "kind": kind, "subject": subject, "actor": actor, "decided_on": decision.decided_on}
        text = json.dumps(dict(content), sort_keys=True, ensure_ascii=False)
        connection.execute(insert(table).values(**values, content=text, signature=signature))
    return decision


def decisions(store: SecureStore) -> list[Decision]:
    """Every decision, oldest first, each checked. Raises LedgerError for one that this office did not sign, or a gap."""
    key = store.ring.public(SIGNING_KEY)
    with store.reading() as connection:
        rows = connection.execute(select(table).order_by(table.c.seq)).all()
    found = []
    for expected, row in enumerate(rows, start=1):
        try:
            decision = Decision(row.seq, row.kind, row.subject, row.actor, row.decided_on, json.loads(row.content))
            genuine = row.seq == expected and verify(key, decision.document(), bytes.fromhex(row.signature))
        except (ValueError, TypeError):
            genuine = False
        if not genuine:
            raise LedgerError(f"Decision {expected} of the office was altered or is missing: restore the database from its backup.")
        found.append(decision)
    return found
