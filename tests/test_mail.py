"""E-mail as it goes out, and into the mailbox where no server is set (A4, E3)."""

import asyncio
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiosmtpd.controller import Controller

import server.mail
from server.mail import MailboxSender, SmtpSender, compose, sender
from server.settings import Settings, SmtpServer
from tests.harness import Row

ID = UUID("01900000-0000-7000-8000-000000000001")
FROM = "Öl & Co <orders@example.com>"


def delivery(**changes: Any) -> Row:
    return {
        "id": ID,
        "recipient": "ann@example.com",
        "subject": "订单 SO-1",
        "body": "您好，\n\nHello Ann,\n.\nBye",
        "created_at": datetime(2026, 3, 1, 12, 0, tzinfo=UTC),
    } | changes


class Inbox:
    """An SMTP server of the test's own."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.answer = "250 OK"
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.server = SmtpServer("127.0.0.1", probe.getsockname()[1], None, None, tls=False)
        self.controller = Controller(self, hostname="127.0.0.1", port=self.server.port)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  (aiosmtpd's name)
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        return self.answer


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    found = Inbox()
    found.controller.start()
    yield found
    found.controller.stop()


async def test_a_mail_goes_out_as_it_was_written(inbox: Inbox) -> None:
    send = SmtpSender(inbox.server, FROM)
    await send(delivery())
    await send(delivery())
    first, again = inbox.mails
    assert (first["From"], first["To"], first["Subject"]) == (FROM, "ann@example.com", "订单 SO-1")
    assert first["Message-ID"] == again["Message-ID"] == f"<{ID}@orderloom>"
    assert first["Date"].datetime == datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    assert first["Auto-Submitted"] == "auto-generated"
    assert first.get_content().splitlines() == ["您好，", "", "Hello Ann,", ".", "Bye"]


async def test_a_refusal_of_the_server_is_an_error(inbox: Inbox) -> None:
    inbox.answer = "550 no such mailbox"
    with pytest.raises(Exception, match="no such mailbox"):
        await SmtpSender(inbox.server, FROM)(delivery())


async def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.mail, "SMTP_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.perf_counter()
        with pytest.raises(TimeoutError):
            await SmtpSender(SmtpServer("127.0.0.1", silent.getsockname()[1], None, None, tls=False), FROM)(delivery())
        assert time.perf_counter() - began < 2


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "Hi\r\nBcc: everybody@example.com"},
        {"recipient": "ann@example.com\nBcc: everybody@example.com"},
    ],
)
def test_nobody_adds_a_header(changes: Row) -> None:
    with pytest.raises(ValueError, match=r"linefeed|newline"):
        compose(delivery(**changes), FROM)


async def test_without_a_server_mails_are_kept_in_files_once(tmp_path: Path) -> None:
    send = MailboxSender(tmp_path / "mailbox", FROM)
    await asyncio.gather(*(send(delivery()) for _ in range(10)))
    (file,) = (tmp_path / "mailbox").iterdir()
    assert file.name == f"{ID}.eml"
    kept = message_from_bytes(file.read_bytes(), policy=default)
    assert kept["Subject"] == "订单 SO-1"
    assert (tmp_path / "mailbox").stat().st_mode & 0o777 == 0o700


def test_the_settings_choose(settings: Settings) -> None:
    assert isinstance(sender(settings), MailboxSender)
    outside = settings.model_validate({**settings.model_dump(), "smtp_url": "smtp://u:p@mail.example.com"})
    assert isinstance(sender(outside), SmtpSender)
