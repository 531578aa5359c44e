"""What a process says about itself: readable by machines, and without secrets (E3)."""

import json
import logging
from collections.abc import Iterator

import pytest

from server import logs


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, put back afterwards."""
    logger = logging.getLogger()
    handlers, level = logger.handlers[:], logger.level
    yield logger
    logger.handlers[:] = handlers
    logger.setLevel(level)


def test_a_line_is_json_without_secrets(root: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", json=True)
    token = "ol_" + "x" * 40
    logging.getLogger("orderloom.test").warning(
        "token %s at postgresql://owner:hush-hush@db/shop",
        token,
        extra={"request_id": "r1", "header": f"Bearer {token}"},
    )
    try:
        raise ValueError(f"bad {token}")
    except ValueError:
        logging.getLogger("orderloom.test").exception("failed")
    printed = capsys.readouterr().err
    first, second = (json.loads(line) for line in printed.splitlines())
    assert first["event"] == "token ol_*** at postgresql://owner:***@db/shop"
    assert (first["request_id"], first["level"], first["logger"]) == ("r1", "warning", "orderloom.test")
    assert "ValueError: bad ol_***" in second["exception"]
    assert token not in printed
    assert "hush" not in printed
