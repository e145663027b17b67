"""The child door's role on PostgreSQL: it may add a response and read which wave is open, and nothing else.

An administrator prepares the database once, and after every new version; the door's own account could not. On SQLite there are no
roles: whoever may write the file may read it, and finds sealed records there.
"""

from __future__ import annotations

from sqlalchemy import Connection, Engine, text

from retention.collection_wave import FACTS
from retention.database import answering, connect, migrate
from retention.settings import CollectionZone, SettingsError

_POWERS = "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls FROM pg_roles WHERE rolname = :role"
_MEMBER = "SELECT count(*) FROM pg_auth_members WHERE member = (SELECT oid FROM pg_roles WHERE rolname = :role)"
_OWNS = (
    "SELECT count(*) FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass AND deptype = 'o' "
    "AND refobjid = (SELECT oid FROM pg_roles WHERE rolname = :role)"
)


def prepare(zone: CollectionZone, role: str) -> None:
    """Bring the collection database to the newest schema, and let `role` do what the child door needs. Can be repeated.

    Raises SettingsError if the database is not PostgreSQL, or the role is missing or may do more of its own; DatabaseUnavailable.
    """
    engine = connect(zone.database_url)
    if engine.dialect.name != "postgresql":
        raise SettingsError("Only PostgreSQL has roles: name its database in BIGASK_COLLECTION_URL, with an administrator's account.")
    migrate(engine, "collection")
    with answering("collection"), engine.begin() as connection:
        _check(connection, role)
        for statement in _grants(engine, role):
            connection.execute(text(statement))


def _check(connection: Connection, role: str) -> None:
    powers = connection.execute(text(_POWERS), {"role": role}).scalar_one_or_none()
    if powers is None:
        raise SettingsError(f"The database has no role '{role}': an administrator makes it with CREATE ROLE ... LOGIN.")
    memberships, owned = (connection.execute(text(query), {"role": role}).scalar_one() for query in (_MEMBER, _OWNS))
    if powers or memberships or owned:
        raise SettingsError(
            f"Role '{role}' has powers or roles of its own, or owns something: take a new one, made with CREATE ROLE ... LOGIN."
        )


def _grants(engine: Engine, role: str) -> list[str]:
    """What everybody may do by default is taken away as well: a role cannot be denied what PUBLIC has."""
    quote = engine.dialect.identifier_preparer.quote_identifier
    door, database = quote(role), quote(engine.url.database or "")
    facts = ", ".join(column.name for column in FACTS)
    return [
        f"REVOKE ALL ON DATABASE {database} FROM PUBLIC, {door}",
        f"REVOKE ALL ON SCHEMA public FROM PUBLIC, {door}",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {door}",
        f"GRANT CONNECT ON DATABASE {database} TO {door}",
        f"GRANT USAGE ON SCHEMA public TO {door}",
        f"GRANT INSERT ON response TO {door}",
        f"GRANT SELECT ({facts}) ON wave TO {door}",
    ]
