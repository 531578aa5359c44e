"""Who somebody is that brings the secret of a message: the person who is signed in, one who has an account, or a new one.

The secret proves that they read the address. That they are the one who has its account is proved by a session or by the password;
where there is no account, the password becomes that of a new one.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tenants.database import Connection, Database
from tenants.passwords import hash_password
from tenants.people import find_or_create_user
from tenants.problems import Conflict, InvalidInput
from tenants.sign_in.passwords import check_password, user_at

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """What somebody shows of themselves: a ``name``, a ``password``, and the account of their session, if there is one."""

    name: str = ""
    password: str | None = None
    account: Row | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is who they say: an account, or with ``password_hash`` what becomes one."""

    address: str
    name: str
    user_id: UUID | None = None
    password_hash: str = ""

    async def account(self, connection: Connection) -> UUID:
        """The account's id; a new one is made."""
        return self.user_id or await find_or_create_user(connection, self.address, self.name, self.password_hash)


async def prove(database: Database, address: str, shown: Shown) -> Person:
    """The person of an address whose secret was brought back.

    Raises :class:`Conflict` for a session of another address, :class:`InvalidInput` for a wrong or weak password (``password``) and a new
    person without a name, and :class:`LimitExceeded` after too many tries.
    """
    if shown.password is None:
        if shown.account is None:
            raise InvalidInput.at(("password",), "value.required")
        if shown.account["email"] != address:
            raise Conflict("people.other_address")
        return Person(address, shown.name or shown.account["name"], shown.account["id"])
    known = await user_at(database, address)
    if known is not None:
        await check_password(database, known, shown.password)
        return Person(address, shown.name or known["name"], known["id"])
    if not shown.name:
        raise InvalidInput.at(("name",), "value.required")
    hashed = await hash_password(shown.password, ("password",), (address, shown.name))
    return Person(address, shown.name, None, hashed)
