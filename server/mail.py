"""Sending e-mail: by SMTP where a server is set, and otherwise into a mailbox on disk that can be read at /mailbox."""

import asyncio
import os
from collections.abc import Mapping
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import aiosmtplib

from server.settings import Settings, SmtpServer
from tenants.deliveries import Send

SMTP_SECONDS = 10.0
MAILBOX = "mailbox"


def sender(settings: Settings) -> Send:
    """How this instance sends its messages."""
    server = settings.smtp_server()
    if server is None:
        return MailboxSender(mailbox_folder(settings), settings.mail_from)
    return SmtpSender(server, settings.mail_from)


def mailbox_folder(settings: Settings) -> Path:
    """Where mails lie that were not sent."""
    return settings.data_dir / MAILBOX


def compose(delivery: Mapping[str, Any], mail_from: str) -> EmailMessage:
    """The e-mail of a delivery. Its id is the Message-ID, by which a mail that went out twice is recognised.

    Raises ``ValueError`` for a recipient or subject that does not fit into one header.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = mail_from
    message["To"] = delivery["recipient"]
    message["Subject"] = delivery["subject"]
    message["Date"] = format_datetime(delivery["created_at"])
    message["Message-ID"] = f"<{delivery['id']}@orderloom>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(delivery["body"], charset="utf-8")
    return message


class SmtpSender:
    """Hands mails to an SMTP server, with one limit in time for all of the conversation."""

    def __init__(self, server: SmtpServer, mail_from: str) -> None:
        self._server = server
        self._mail_from = mail_from

    async def __call__(self, delivery: Mapping[str, Any]) -> None:
        """Raises aiosmtplib's errors, ``TimeoutError`` and ``OSError``."""
        message = compose(delivery, self._mail_from)
        # The library's own limit is for each step, and a server that drips takes many.
        async with asyncio.timeout(SMTP_SECONDS):
            await aiosmtplib.send(
                message,
                hostname=self._server.host,
                port=self._server.port,
                username=self._server.username,
                password=self._server.password,
                use_tls=self._server.tls,
                start_tls=False if self._server.tls else None,
                timeout=SMTP_SECONDS,
            )


class MailboxSender:
    """Lays mails into a folder, one file for each; sending again writes the same file again."""

    def __init__(self, folder: Path, mail_from: str) -> None:
        self._folder = folder
        self._mail_from = mail_from

    async def __call__(self, delivery: Mapping[str, Any]) -> None:
        """Raises ``OSError`` when the folder cannot be written."""
        text = compose(delivery, self._mail_from).as_bytes()
        await asyncio.to_thread(self._write, f"{delivery['id']}.eml", text)

    def _write(self, name: str, text: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Under another name until it is whole; two attempts at once do not disturb each other.
        draft = self._folder / f".{name}.{os.getpid()}.{id(text)}"
        draft.write_bytes(text)
        draft.replace(self._folder / name)
