"""What a process says about itself: lines on standard error, for people at a terminal and as JSON elsewhere."""

import logging
import re
import sys

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from tenants.calls import UNDER_WAY

# Tokens begin with this so that they can be found, and taken out, wherever they turn up.
TOKEN = re.compile(r"\bolk?_[\w-]{8,}")
PASSWORD_IN_URL = re.compile(r"(?<=://)([^\s:/@]*):[^\s@/]+@")
# They tell of every connection and message, which is of use to their authors; what matters of it, we say ourselves.
QUIET = {
    "alembic": logging.WARNING,
    "aiosmtplib": logging.WARNING,
    "casbin": logging.WARNING,
    "dramatiq": logging.WARNING,
    "psycopg.pool": logging.ERROR,
    "uvicorn.access": logging.WARNING,
    "uvicorn.error": logging.WARNING,
}


def configure(level: str, *, json: bool | None = None) -> None:
    """Set up all logging of this process. ``json`` None asks whether somebody sits at a terminal."""
    as_json = not sys.stderr.isatty() if json is None else json
    shared: list[Processor] = [
        with_call,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        without_secrets,
    ]
    last: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False) if as_json else structlog.dev.ConsoleRenderer()
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name, quiet in QUIET.items():
        logging.getLogger(name).setLevel(max(quiet, root.level))


def with_call(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Say for which call a line was written: its id, which users are told, and who asked for what."""
    call = UNDER_WAY.get(None)
    if call is not None:
        event.setdefault("request_id", call.id)
        if call.tenant:
            event["tenant"] = call.tenant
            event["member"] = str(call.member_id or "")
        if call.kind:
            event["operation"] = f"{call.kind} {call.field}"
    return event


def without_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Take tokens and passwords in URLs out of a line, whoever put them there."""
    # uvicorn's text once more, in colours.
    event.pop("color_message", None)
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = PASSWORD_IN_URL.sub(r"\1:***@", TOKEN.sub("ol_***", value))
    return event
