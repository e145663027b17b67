"""The administrator's page of accounts: roles, second factors, closing. Nobody decides on their own account.

Accounts are made by `bigask staff add`, where the person types their own password.
"""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from api.office import page
from api.staff_guard import Guard, Visit
from retention import second_factor
from retention.secure_store import SecureStore
from retention.staff import Role, accounts, change_role, remove_member


def add_accounts(guard: Guard, store: SecureStore) -> None:
    """`/accounts`."""

    @guard.get("/accounts", Role.ADMINISTRATOR)
    def listed(visit: Visit) -> Response:
        return page("staff/accounts", csrf=visit.session.csrf, member=visit.member, accounts=accounts(store), roles=list(Role))

    @guard.post("/accounts/{name}/{decision}", Role.ADMINISTRATOR)
    def decide(visit: Visit) -> Response:
        name, by = visit.path("name"), visit.member.name
        match visit.path("decision"):
            case "role":
                if visit.field("role") not in set(Role):
                    raise HTTPException(400)
                change_role(store, name, Role(visit.field("role")), by)
            case "second-factor":
                second_factor.reset(store, name, by)
            case "close":
                remove_member(store, name, by)
            case _:
                raise HTTPException(404)
        return RedirectResponse("/accounts", 303)
