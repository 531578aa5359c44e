"""Sends the messages whose secrets prove that somebody reads an address, and notices to people; see :mod:`tenants.proofs`."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

import psycopg
from psycopg_pool import PoolTimeout

from tenants import invitations, own_account, proofs, sign_up
from tenants.database import Database
from tenants.deliveries import Send
from tenants.messages import render
from tenants.proofs import Message
from tenants.sign_in import notices, passwords

BETWEEN_LOOKS = 1.0

# What the messages say, by their purpose: subject and text.
TEXTS = {
    passwords.RESET: ("mail.password_reset_subject", "mail.password_reset_text"),
    invitations.PURPOSE: ("mail.invitation_subject", "mail.invitation_text"),
    sign_up.PURPOSE: ("mail.sign_up_subject", "mail.sign_up_text"),
    own_account.PURPOSE: ("mail.email_change_subject", "mail.email_change_text"),
}
# Whether a message has anybody to go to; what is not named here has.
WANTED: dict[str, Callable[[Database, str], Awaitable[bool]]] = {passwords.RESET: passwords.is_wanted}

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ProofMailer:
    """Sends what is due. With ``frontend_url`` messages hold a link there, else the bare secret."""

    database: Database
    send: Send
    frontend_url: str = ""

    async def run(self) -> None:
        """Never returns; cancel it."""
        while True:
            try:
                while await self.send_next():
                    pass
            except (psycopg.Error, PoolTimeout) as error:
                log.warning("Messages with secrets wait: %s", error)
            await asyncio.sleep(BETWEEN_LOOKS)

    async def send_next(self) -> bool:
        """Send one message that is due; whether there was one. What cannot be sent is due again later."""
        message = await proofs.claim(self.database)
        if message is None:
            return False
        wanted = WANTED.get(message.purpose)
        if wanted is None or await wanted(self.database, message.address):
            try:
                await self.send(await self._mail(message))
            except Exception as error:  # noqa: BLE001  (whatever a mail server does wrong is an attempt that failed)
                # The text of the error may hold the message, and so its secret.
                log.warning("Message %s was not sent: %s", message.id, type(error).__name__)
                return True
        await proofs.sent(self.database, message)
        return True

    async def _mail(self, message: Message) -> dict[str, object]:
        if message.purpose == notices.PURPOSE:
            what = render(message.data["text"], message.language, dict(message.data))
            text = render("mail.notice_text", message.language, {"what": what})
            return _made(message, render("mail.notice_subject", message.language, {}), text)
        secret = await proofs.sealed(self.database, message)
        if self.frontend_url:
            link = f"{self.frontend_url}/{message.purpose}?{urlencode({'token': secret})}"
            way = render("mail.by_link", message.language, {"link": link})
        else:
            way = render("mail.by_secret", message.language, {"secret": secret})
        subject = render(TEXTS[message.purpose][0], message.language, dict(message.data))
        return _made(
            message, subject, render(TEXTS[message.purpose][1], message.language, {**message.data, "way": way})
        )


def _made(message: Message, subject: str, body: str) -> dict[str, object]:
    return {
        "id": message.id,
        "channel": "email",
        "recipient": message.address,
        "subject": subject,
        "body": body,
        "created_at": datetime.now(UTC),
    }
