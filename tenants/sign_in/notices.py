"""Messages to people that how they sign in has changed, or that somebody tries: who did not do it learns of it in time to act.

They hold no secret, and go the way of those that do: a person is of no company, and has one account for all of them. Source: OWASP ASVS 5,
6.3.7 and 6.3.5.
"""

from typing import Any
from uuid import UUID

from tenants import proofs
from tenants.database import Connection

PURPOSE = "notice"
# What they say, by what has happened.
TEXTS = {
    "password_changed": "notice.password_changed",
    "password_reset": "notice.password_reset",
    "second_factor_set": "notice.second_factor_set",
    "second_factor_dropped": "notice.second_factor_dropped",
    "second_factor_reset": "notice.second_factor_reset",
    "recovery_codes_renewed": "notice.recovery_codes_renewed",
    "address_changed": "notice.address_changed",
    "guessed": "notice.guessed_at",
}

_PERSON = """
SELECT u.email, coalesce((SELECT m.language FROM members m WHERE m.user_id = u.id ORDER BY m.active DESC, m.created_at, m.id LIMIT 1), 'en')
         AS language
FROM users u WHERE u.id = %(user)s
"""


async def tell(connection: Connection, user_id: UUID, what: str, *, address: str | None = None, **data: Any) -> None:
    """Have a message sent about ``what``, one of :data:`TEXTS`, as part of what the connection is doing: to the account's address, unless
    another is given; in the language that the person reads in one of their companies."""
    assert what in TEXTS, what
    await connection.execute("SELECT set_config('app.user_id', %(user)s::text, true)", {"user": user_id})
    row = await (await connection.execute(_PERSON, {"user": user_id})).fetchone()
    assert row is not None, "a user is never deleted"
    told = {"text": TEXTS[what], **data}
    await proofs.ask_within(connection, PURPOSE, address or row["email"], row["language"], told)
