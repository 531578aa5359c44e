"""The second factor: codes of an authenticator application (TOTP, RFC 6238: six digits, 30 seconds), and recovery codes for when it is lost.

The secret counts once a first code has proved that the application has it. A code is taken once: the time step of the last one is kept.
Ten recovery codes are shown once, kept as hashes, and used up one by one.
"""

import hashlib
import secrets
import time
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any
from uuid import UUID

from tenants.actors import MEMBER
from tenants.audit_log import About, record, record_of_person
from tenants.database import Connection, Database
from tenants.people import require_rank
from tenants.permissions import RIGHTS
from tenants.problems import Conflict, InvalidInput, NotFound
from tenants.secrets import Secrets
from tenants.sign_in import notices, tries
from tenants.sign_in.passwords import check_password
from tenants.sign_in.sessions import revoke_of_person
from tenants.transaction import Transaction

ISSUER = "Orderloom"
STEP_SECONDS = 30
# Clocks go wrong by a step, and people type slowly.
STEPS_AROUND = 1
RECOVERY_CODES = 10
# 50 bits: what is left of them after ten guesses in fifteen minutes is out of reach.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_CODE_LENGTH = 10

Row = dict[str, Any]

_OF = "SELECT id, email, name, password_hash, totp_secret, totp_since, totp_step FROM users WHERE id = %(user)s"
_START = "UPDATE users SET totp_secret = %(sealed)s, totp_since = NULL, totp_step = 0 WHERE id = %(user)s AND totp_since IS NULL"
_PROVE = "UPDATE users SET totp_since = now(), totp_step = %(step)s WHERE id = %(user)s AND totp_since IS NULL AND totp_secret = %(sealed)s"
_TAKE_STEP = "UPDATE users SET totp_step = %(step)s WHERE id = %(user)s AND totp_step < %(step)s"
_DROP = "UPDATE users SET totp_secret = NULL, totp_since = NULL, totp_step = 0 WHERE id = %(user)s"
_DROP_CODES = "DELETE FROM recovery_codes WHERE user_id = %(user)s"
_ADD_CODES = "INSERT INTO recovery_codes (user_id, code_hash) SELECT %(user)s, unnest(%(hashes)s::bytea[])"
_USE_CODE = "DELETE FROM recovery_codes WHERE user_id = %(user)s AND code_hash = %(hash)s"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator application needs: the secret to type, and the same as an address and as a picture (SVG) of it."""

    secret: str
    address: str
    picture: str


async def start(database: Database, kept: Secrets, user_id: UUID, password: str) -> Enrolment:
    """A new secret, which does not count yet. Raises :class:`InvalidInput` for a wrong password, :class:`LimitExceeded`, and
    :class:`Conflict` where there is a second factor already or the operator has set no key."""
    # Few processes ever set one up, and each would hold these libraries for it.
    import pyotp  # noqa: PLC0415  (memory: as said above)
    import segno  # noqa: PLC0415  (memory: as said above)

    user = await person(database, user_id)
    await check_password(database, user, password)
    secret = pyotp.random_base32()
    await _change(database, _START, user=user_id, sealed=kept.sealed(secret), refused="second_factor.is_on")
    address = pyotp.TOTP(secret).provisioning_uri(name=user["email"], issuer_name=ISSUER)
    return Enrolment(secret, address, segno.make(address).svg_inline(scale=4, border=4))


async def prove(database: Database, kept: Secrets, user_id: UUID, code: str, token: bytes | None) -> list[str]:
    """Let the secret count from now on, by a first code of it; ten recovery codes. All other sessions of the person end, and the one
    at hand has shown both factors.

    Raises :class:`InvalidInput` for a wrong code, :class:`LimitExceeded`, and :class:`Conflict` where nothing was begun.
    """
    user = await person(database, user_id)
    if user["totp_secret"] is None or user["totp_since"] is not None:
        raise Conflict("second_factor.is_on" if user["totp_since"] else "second_factor.not_begun")
    await tries.require(database, _bucket(user_id))
    step = step_of(kept.opened(user["totp_secret"]), code, 0)
    if step is None:
        raise InvalidInput.at(("code",), "second_factor.wrong_code")
    proved = {"user": user_id, "sealed": user["totp_secret"], "step": step}
    async with database.connection() as connection, connection.transaction():
        if not (await connection.execute(_PROVE, proved)).rowcount:
            raise Conflict("second_factor.not_begun")
        await connection.execute(
            "UPDATE sessions SET second_factor = true, stamp = stamp + 1 WHERE token_hash = %s", [token]
        )
        await record_of_person(connection, user_id, "second_factor_set")
        await notices.tell(connection, user_id, "second_factor_set")
    await tries.forget(database, _bucket(user_id))
    await revoke_of_person(database, user_id, kept=token)
    async with database.connection() as connection, connection.transaction():
        return await _new_codes(connection, user_id)


async def renew_codes(database: Database, kept: Secrets, user_id: UUID, password: str, code: str) -> list[str]:
    """Ten new recovery codes; those before are worthless. Raises what :func:`drop` does."""
    await _require_both(database, kept, user_id, password, code)
    async with database.connection() as connection, connection.transaction():
        await record_of_person(connection, user_id, "recovery_codes_renewed")
        await notices.tell(connection, user_id, "recovery_codes_renewed")
        return await _new_codes(connection, user_id)


async def drop(database: Database, kept: Secrets, user_id: UUID, password: str, code: str) -> None:
    """Do without a second factor. Raises :class:`InvalidInput` for a wrong password or code, :class:`LimitExceeded`, and
    :class:`Conflict` where there is none."""
    await _require_both(database, kept, user_id, password, code)
    await _forget(database, user_id)


async def reset(tx: Transaction, member_id: UUID | None) -> UUID:
    """Take the second factor from a member who has lost it, and end their sessions.

    Only where the person belongs to this company alone: else one company could weaken the sign-in of others. Nobody does it for
    themselves, where a token would do for a password and a code, nor for somebody who has rights that they lack. Raises
    :class:`NotAllowed` (``member.update``), :class:`NotFound` and :class:`Conflict`.
    """
    tx.access.require("member.update")
    if member_id is not None and member_id == tx.caller.member_id:
        raise Conflict("second_factor.own")
    row = await tx.fetch_one(
        "SELECT id, user_id, name, roles FROM members WHERE tenant_id = %(tenant)s AND id = %(id)s", id=member_id
    )
    if row is None:
        raise NotFound("member", member_id)
    if "owner" in row["roles"] and "owner" not in tx.actor.roles:
        raise Conflict("second_factor.owner")
    require_rank(tx, row, RIGHTS)
    await tx.execute("SELECT set_config('app.user_id', %(user)s::text, true)", user=row["user_id"])
    found = await tx.fetch_one(
        "SELECT count(*) AS found FROM members WHERE user_id = %(user)s AND active", user=row["user_id"]
    )
    if found and found["found"] > 1:
        raise Conflict("second_factor.elsewhere")
    await tx.execute(_DROP, user=row["user_id"])
    await tx.execute(_DROP_CODES, user=row["user_id"])
    await tx.execute(
        "UPDATE sessions SET revoked_at = coalesce(revoked_at, now()) WHERE tenant_id = %(tenant)s AND member_id = %(id)s",
        id=member_id,
    )
    await record(tx, "second_factor_reset", about=About(MEMBER, row["id"]))
    said = {"by": tx.actor.name, "company": tx.caller.tenant.name}
    await notices.tell(await tx.connection(), row["user_id"], "second_factor_reset", **said)
    return UUID(str(member_id))


async def takes(database: Database, kept: Secrets, user: Row, code: str) -> bool:
    """Whether it is a code of this person that nobody has used; it is used up by that."""
    step = step_of(kept.opened(user["totp_secret"]), code, user["totp_step"])
    if step is not None:
        return await _change(database, _TAKE_STEP, user=user["id"], step=step)
    return await _change(database, _USE_CODE, user=user["id"], hash=_code_hash(user["id"], code))


async def person(database: Database, user_id: UUID) -> Row:
    """The user behind a membership."""
    async with database.connection() as connection:
        row = await (await connection.execute(_OF, {"user": user_id})).fetchone()
    assert row is not None, "a member's user is never deleted"
    return row


def step_of(secret: str, code: str, last: int) -> int | None:
    """The time step whose code it is, if it is one around now and after ``last``; all are compared, whichever fits."""
    import pyotp  # noqa: PLC0415  (as in `start`)

    given = "".join(code.split())
    now = int(time.time()) // STEP_SECONDS
    made = pyotp.TOTP(secret)
    fitting = [
        step
        for step in range(now - STEPS_AROUND, now + STEPS_AROUND + 1)
        if compare_digest(made.generate_otp(step).encode(), given.encode()) and step > last
    ]
    return fitting[0] if fitting else None


async def _new_codes(connection: Connection, user_id: UUID) -> list[str]:
    """Ten recovery codes in place of those before."""
    codes = ["".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH)) for _ in range(RECOVERY_CODES)]
    await connection.execute(_DROP_CODES, {"user": user_id})
    hashes = [_code_hash(user_id, code) for code in codes]
    await connection.execute(_ADD_CODES, {"user": user_id, "hashes": hashes})
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _code_hash(user_id: UUID, code: str) -> bytes:
    plain = "".join(code.lower().replace("-", "").split())
    return hashlib.sha256(user_id.bytes + plain.encode()).digest()


def _bucket(user_id: UUID) -> bytes:
    return tries.bucket_of("code", user_id.bytes)


async def _require_both(database: Database, kept: Secrets, user_id: UUID, password: str, code: str) -> None:
    user = await person(database, user_id)
    if user["totp_since"] is None:
        raise Conflict("second_factor.is_off")
    await check_password(database, user, password)
    await tries.require(database, _bucket(user_id))
    if not await takes(database, kept, user, code):
        raise InvalidInput.at(("code",), "second_factor.wrong_code")
    await tries.forget(database, _bucket(user_id))


async def _forget(database: Database, user_id: UUID) -> None:
    async with database.connection() as connection, connection.transaction():
        await connection.execute(_DROP, {"user": user_id})
        await connection.execute(_DROP_CODES, {"user": user_id})
        await record_of_person(connection, user_id, "second_factor_dropped")
        await notices.tell(connection, user_id, "second_factor_dropped")


async def _change(database: Database, sql: str, *, refused: str | None = None, **values: Any) -> bool:
    """Whether the statement touched a row. Raises :class:`Conflict` with the code ``refused`` where it did not."""
    async with database.connection() as connection:
        cursor = await connection.execute(sql, values)
    if not cursor.rowcount and refused is not None:
        raise Conflict(refused)
    return cursor.rowcount > 0
