"""The mails that were not sent, for looking at while developing: a list and one page each, without script.

Only where no SMTP server is set and the instance listens on its own machine alone.
"""

import base64
import hashlib
import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html import escape
from pathlib import Path
from uuid import UUID

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import BaseRoute, Route

from server.mail import mailbox_folder
from server.settings import Settings

MOST_SHOWN = 200
NAME = re.compile(r"([0-9a-f-]{36})\.eml")
STYLE = (
    "body{max-width:60rem;margin:2rem auto;padding:0 1rem;font:16px/1.6 system-ui,sans-serif}"
    "table{width:100%;border-collapse:collapse}td,th{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ddd}"
    "pre{white-space:pre-wrap;font:inherit;border-top:1px solid #ddd;padding-top:1rem}"
)
HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}';"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def routes(settings: Settings) -> list[BaseRoute]:
    """The pages, or nothing where they would show mails to others."""
    if settings.smtp_server() is not None or not is_loopback(settings.host):
        return []
    mailbox = _Mailbox(mailbox_folder(settings))
    return [Route("/mailbox", mailbox.overview), Route("/mailbox/{id:uuid}", mailbox.one)]


def is_loopback(host: str) -> bool:
    """Whether a host's name or address can only be this machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True)
class _Mailbox:
    folder: Path

    async def overview(self, request: Request) -> HTMLResponse:
        _refuse_strangers(request)
        mails = await anyio.to_thread.run_sync(lambda: list(self._newest()))
        rows = "".join(
            f'<tr><td><a href="/mailbox/{mail_id}">{escape(str(mail["Subject"]) or "–")}</a></td>'
            f"<td>{escape(str(mail['To']))}</td><td>{escape(str(mail['Date']))}</td></tr>"
            for mail_id, mail in mails
        )
        empty = "" if mails else "<p>No mail yet. <span lang=zh>暂无邮件。</span></p>"
        return _page(
            "Mailbox · 邮箱",
            "<p>Mails that were not sent, because no SMTP_URL is set."
            " <span lang=zh>未设置 SMTP_URL，邮件没有发出，保存在此。</span></p>"
            f"<table><tr><th>Subject · 主题</th><th>To · 收件人</th><th>Date · 日期</th></tr>{rows}</table>{empty}",
        )

    async def one(self, request: Request) -> HTMLResponse:
        _refuse_strangers(request)
        mail_id: UUID = request.path_params["id"]
        mail = await anyio.to_thread.run_sync(self._read, self.folder / f"{mail_id}.eml")
        if mail is None:
            raise HTTPException(404)
        heads = "".join(
            f"<tr><th>{name}</th><td>{escape(str(mail[name]))}</td></tr>"
            for name in ("Subject", "From", "To", "Date", "Message-ID")
        )
        return _page(
            str(mail["Subject"]),
            f'<p><a href="/mailbox">Mailbox · 邮箱</a></p><table>{heads}</table>'
            f"<pre>{escape(str(mail.get_content()))}</pre>",
        )

    def _newest(self) -> Iterator[tuple[str, EmailMessage]]:
        # Ids grow with time, and so do the names.
        names = sorted((path.name for path in self.folder.glob("*.eml")), reverse=True) if self.folder.is_dir() else []
        for name in names[:MOST_SHOWN]:
            matched = NAME.fullmatch(name)
            mail = self._read(self.folder / name)
            if matched and mail is not None:
                yield matched[1], mail

    def _read(self, path: Path) -> EmailMessage | None:
        try:
            return message_from_bytes(path.read_bytes(), policy=default)
        except FileNotFoundError:
            return None


def _refuse_strangers(request: Request) -> None:
    """A page elsewhere may have its name point at this machine; the browser then still says that name."""
    if not is_loopback(request.url.hostname or ""):
        raise HTTPException(403)


def _page(title: str, body: str) -> HTMLResponse:
    return HTMLResponse(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
        f"<h1>{escape(title)}</h1>{body}</html>",
        headers=HEADERS,
    )
