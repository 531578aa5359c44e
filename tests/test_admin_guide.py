"""The admin guide is true: from the empty company to the last refusal, every document answers what is shown below it."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.harness import Client, Drain, Outbox
from tests.test_cli import Orderloom, environment, orderloom
from tests.test_docs import FENCE, LINK, ROOT

__all__ = ["environment", "orderloom"]
PARTS = sorted(path for path in (ROOT / "docs" / "guide").glob("*.md") if not path.name.endswith(".zh.md"))
# A word such as ORDER-ID stands for what the answer has in its place when it is first shown.
STANDS_FOR = re.compile(r"\b[A-Z]+(?:-[A-Z]+)+\b")
SENDER = re.compile(r"# Sent by (\w+)\.\n")
# What a message holds that is to be brought back: a line of its own.
SECRET = re.compile(r"^([\w-]{43})$", re.MULTILINE)
HEADING = re.compile(r"^(#+) ", re.MULTILINE)


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def in_chinese(path: Path) -> Path:
    return path.with_name(f"{path.stem}.zh.md")


def same(shown: Any, got: Any, known: dict[str, Any]) -> bool:
    """Whether an answer is what the guide shows; a word that stands for a value is learned where it is met first."""
    if isinstance(shown, dict):
        return (
            isinstance(got, dict)
            and list(shown) == list(got)
            and all(same(shown[name], got[name], known) for name in shown)
        )
    if isinstance(shown, list):
        return (
            isinstance(got, list)
            and len(shown) == len(got)
            and all(same(one, other, known) for one, other in zip(shown, got, strict=True))
        )
    if isinstance(shown, str) and STANDS_FOR.fullmatch(shown):
        return bool(known.setdefault(shown, got) == got)
    return type(shown) is type(got) and bool(shown == got)


def filled_in(document: str, known: dict[str, Any]) -> str:
    """A document with the values for its words in capitals."""

    def value(found: re.Match[str]) -> str:
        word = found.group()
        written = json.dumps(known.get(word, word), ensure_ascii=False)
        # The quotes around a text are the document's own.
        return written[1:-1] if written.startswith('"') else written

    return STANDS_FOR.sub(value, document)


async def test_the_guide_works(client: Client, work: Drain, outbox: Outbox, orderloom: Orderloom) -> None:
    """Every command and document of the guide, in order, from the founding of the company; what follows of each is done, and what messages
    hold is known by whom they went to."""
    known: dict[str, Any] = {}
    fences = [fence for path in PARTS for fence in FENCE.findall(text(path))]
    answers = 0
    for (kind, body), (_, shown) in zip(fences, [*fences[1:], ("", "")], strict=True):
        if kind == "sh":
            said = await orderloom(*shlex.split(body.replace("\\\n", ""))[1:])
            assert (said.code, said.out) == (0, known.get("DOCUMENT-OF-BROOK", "")), body
        elif kind == "graphql":
            sender = SENDER.match(body)
            token = known.get(f"TOKEN-OF-{sender.group(1).upper()}") if sender else known.get("TOKEN-OF-ADA")
            answer = await client.graphql(filled_in(body, known), token=token)
            assert answer.keys() == {"data"}, (body, answer)
            assert same(json.loads(shown), answer["data"], known), (body, answer["data"])
            answers += 1
            await work()
            await work.mail()
            known |= {
                f"SECRET-OF-{mail['recipient'].partition('@')[0].upper()}": found[1]
                for mail in outbox.sent
                if (found := SECRET.search(mail["body"]))
            }
    assert answers == sum(kind == "json" for kind, _ in fences) >= 50


@pytest.mark.parametrize("path", [ROOT / "docs" / "admin-guide.md", *PARTS], ids=lambda path: path.stem)
def test_the_guide_is_the_same_in_chinese(path: Path) -> None:
    """The same documents, answers and commands under as many headings, and links to the Chinese page where there is one."""
    english, chinese = text(path), text(in_chinese(path))
    assert FENCE.findall(chinese) == FENCE.findall(english)
    assert HEADING.findall(chinese) == HEADING.findall(english)
    expected = [
        in_chinese(Path(link)).as_posix() if in_chinese(path.parent / link).exists() else link
        for link in LINK.findall(english)
    ]
    assert LINK.findall(chinese) == expected
    assert len(re.findall(r"[\u4e00-\u9fff]", FENCE.sub("", chinese))) > 100
