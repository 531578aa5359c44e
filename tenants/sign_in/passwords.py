"""Passwords of people who have an account: asked for again before what matters, changed, and reset by a message to their address.

What a new password must be follows NIST SP 800-63B: long enough, none that everybody tries, nothing taken from the name or address; no
rules about kinds of characters, and no change for its own sake.
"""

from typing import Any
from uuid import UUID

from tenants import proofs
from tenants.audit_log import record_of_person
from tenants.database import Database
from tenants.passwords import hash_password, verify_password
from tenants.problems import InvalidInput
from tenants.sign_in import notices, tries
from tenants.sign_in.devices import forget_all
from tenants.sign_in.sessions import revoke_of_person

RESET = "password_reset"
# Messages to one address in an hour: more are not sent, and nobody is told.
MOST_MESSAGES = 3
HOUR = 60

Row = dict[str, Any]

_OF_ADDRESS = "SELECT id, email, name, password_hash FROM users WHERE email = %(email)s"
_SET = "UPDATE users SET password_hash = %(new)s WHERE id = %(user)s AND password_hash = %(old)s"


async def check_password(database: Database, user: Row, password: str, path: str = "password") -> None:
    """Ask a person who is signed in for the password again.

    Raises :class:`InvalidInput` for a wrong one, and :class:`LimitExceeded` after too many.
    """
    bucket = tries.bucket_of("password", user["id"].bytes)
    await tries.require(database, bucket)
    if not await verify_password(password, user["password_hash"]):
        raise InvalidInput.at((path,), "sign_in.wrong_password")
    await tries.forget(database, bucket)


async def change_password(database: Database, user: Row, old: str, new: str, token: bytes | None) -> None:
    """A new password; all other sessions and known devices of the person end, and what was asked for by mail before is worthless.

    Raises :class:`InvalidInput` for a wrong old or a weak new one, and :class:`LimitExceeded`.
    """
    await check_password(database, user, old, "currentPassword")
    hashed = await hash_password(new, ("newPassword",), (user["email"], user["name"]))
    if not await _set(database, user, hashed, token, "password_changed"):
        # Another call changed it meanwhile: what was given is not the password any more.
        raise InvalidInput.at(("currentPassword",), "sign_in.wrong_password")


async def ask_for_reset(database: Database, email: str, language: str) -> None:
    """Send a message with a secret to the address, if there is an account: whether there is, neither the answer nor its time tells."""
    address = email.strip().lower()[: proofs.LONGEST_ADDRESS]
    if not await tries.count(database, tries.bucket_of(RESET, address), most=MOST_MESSAGES, minutes=HOUR):
        await proofs.ask(database, RESET, address, language)


async def is_wanted(database: Database, address: str) -> bool:
    """Whether a message about a reset has anybody to go to."""
    return await user_at(database, address) is not None


async def reset_password(database: Database, secret: str, new: str) -> UUID:
    """A new password for whoever has the secret of the message; all their sessions end, and other messages are worthless. The person's id.

    Raises :class:`InvalidInput` for a secret that is unknown, used or too old (``token``) and a weak password.
    """
    proof = await proofs.find(database, RESET, secret)
    user = await user_at(database, proof.address)
    if user is None:
        raise proofs.unknown()
    hashed = await hash_password(new, ("newPassword",), (user["email"], user["name"]))
    await proofs.use(database, proof)
    await _set(database, user, hashed, None, "password_reset")
    await tries.forget(database, tries.bucket_of("address", user["email"]))
    return UUID(str(user["id"]))


async def user_at(database: Database, address: str) -> Row | None:
    """The account of an address: ``id``, ``email``, ``name``, ``password_hash``."""
    async with database.connection() as connection:
        return await (await connection.execute(_OF_ADDRESS, {"email": address})).fetchone()


async def _set(database: Database, user: Row, hashed: str, token: bytes | None, kind: str) -> bool:
    """Whether the password was still the one that ``user`` was read with; then it is the new one, and the log says so by ``kind``."""
    async with database.connection() as connection, connection.transaction():
        cursor = await connection.execute(_SET, {"user": user["id"], "old": user["password_hash"], "new": hashed})
        if cursor.rowcount:
            await proofs.drop_of_account(connection, user["id"], user["email"])
            await record_of_person(connection, user["id"], kind)
            await notices.tell(connection, user["id"], kind)
    if cursor.rowcount:
        await forget_all(database, user["id"])
        await revoke_of_person(database, user["id"], kept=token)
    return cursor.rowcount > 0
