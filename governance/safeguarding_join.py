"""Putting the areas of an answer beside its flagged text, in an emergency: off by policy, and with the signatures of both leads if on.

Children are told that nobody can find out who wrote something. With the switch on that is no longer the whole truth; so the notices are
rewritten and assessed before it is turned on. Even then there is no postcode and no school, which are destroyed, and never another answer.
"""

from __future__ import annotations

from pathlib import Path

from governance.safeguarding import POLICY, SafeguardingError, load_policy, require_lead, waiting
from retention.decisions import decide, decisions
from retention.ledger import Entry
from retention.secure_store import SecureStore

SIGNED = "safeguarding-join"
LEADS = 2
AREAS = ("lad25cd", "rgn")
MEANS = (
    "Children were promised that nobody can find out who wrote something. Joining areas breaks into that promise: it is off, and may be "
    "turned on only with new notices and a new assessment. If somebody is in danger now, share the text itself."
)


def sign_join(store: SecureStore, flag_id: str, lead: str, reason: str, policy: Path = POLICY) -> int:
    """Sign for joining. Returns how many leads have. Raises SafeguardingError if the policy does not allow it, or it is no emergency."""
    _require_allowed(policy)
    require_lead(store, lead)
    if waiting(store, flag_id).urgency != "emergency":
        raise SafeguardingError("Only an emergency may be joined: assess it as one first, with the reason.")
    if len(reason.strip()) < 20:
        raise SafeguardingError("Give the reason in a sentence of at least 20 letters.")
    if lead not in signers(store, flag_id):
        decide(store, SIGNED, flag_id, lead, {"reason": reason.strip()})
    return len(signers(store, flag_id))


def signers(store: SecureStore, flag_id: str) -> frozenset[str]:
    """Who signed for joining this one."""
    return frozenset(one.actor for one in decisions(store) if (one.kind, one.subject) == (SIGNED, flag_id))


def joined(store: SecureStore, flag_id: str, lead: str, policy: Path = POLICY) -> dict[str, str]:
    """Council and region of the answer that the text is from, once both leads have signed. The view is in the ledger before it is shown.

    Raises SafeguardingError while the policy or a signature is missing, VaultError, KeyRingError.
    """
    _require_allowed(policy)
    require_lead(store, lead)
    flag = waiting(store, flag_id).flag
    if len(signers(store, flag_id)) < LEADS:
        raise SafeguardingError("Both leads sign before anything is joined: the other one has not.")
    with store.record(Entry(lead, "safeguarding-joined", flag.wave, {"flag": flag.id})):
        pass
    texts = store.vault.read(store.asset(flag.wave, "texts").stored)
    located = store.vault.read(store.asset(flag.wave, "located").stored)
    row = texts.loc[texts["text_row"] == flag.text_row, "row"].iloc[0]
    found = located.loc[located["row"] == row]
    return {name: str(found[name].iloc[0]) for name in AREAS if name in found and len(found)}


def _require_allowed(policy: Path) -> None:
    if not load_policy(policy).join_located_in_emergency:
        raise SafeguardingError(MEANS)
