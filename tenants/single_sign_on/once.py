"""Messages of providers that count once: assertions of SAML, and tokens that end sessions. What is kept is a hash, for as long as the
message could count, in one table for all processes."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from tenants.single_sign_on.joining import issuer_of
from tenants.transaction import Transaction

# What clocks may differ by, and how long a message is remembered that would hold for longer.
SKEW = timedelta(minutes=5)
LONGEST = timedelta(days=1)

_FORGET = "DELETE FROM taken_messages WHERE tenant_id = %(tenant)s AND expires_at < now()"
_TAKE = """
INSERT INTO taken_messages (tenant_id, message_hash, expires_at) VALUES (%(tenant)s, %(hash)s, %(until)s)
ON CONFLICT (tenant_id, message_hash) DO NOTHING RETURNING message_hash
"""


async def take_once(tx: Transaction, provider: dict[str, Any], message: str, until: datetime) -> bool:
    """Whether the provider's message of this id is taken for the first time; it counts no later than ``until``."""
    await tx.execute(_FORGET)
    lasts = min(until, datetime.now(UTC) + LONGEST) + SKEW
    name = hashlib.sha256(f"{issuer_of(provider)}\n{message}".encode()).digest()
    return await tx.fetch_one(_TAKE, hash=name, until=lasts) is not None
