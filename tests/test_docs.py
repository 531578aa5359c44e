"""What the documents for people say is true: their GraphQL works, and what they name is there."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.demo import read_demo, seed_company
from server.settings import Settings
from tenants.database import Database
from tenants.transaction import new_id
from tests.harness import Client, Drain

ROOT = Path(__file__).parent.parent
DOCUMENTS = [path for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")) if path.is_file()]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
README = (ROOT / "README.md").read_text(encoding="utf-8")

FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
QUOTED_PATH = re.compile(
    r"`((?:tenants|schema|workers|server|migrations|tests|helm|docs|bench|console|requirements)/[\w./*-]+)`"
)
# Made by a command, not kept in the repository.
MADE = {"server/static/explorer"}


def fences(text: str) -> Iterator[tuple[str, str, str | None]]:
    """GraphQL documents with what the next fence says that they answer, if it says so."""
    found = FENCE.findall(text)
    for place, (kind, body) in enumerate(found):
        following = found[place + 1] if place + 1 < len(found) else ("", "")
        if kind == "graphql":
            yield body, kind, following[1] if following[0] == "json" else None


async def test_the_readme_works(database: Database, client: Client, work: Drain) -> None:
    """Every GraphQL document of the README, in order, in a fresh company like the demo one, gives the answer it shows."""
    slug = f"d{new_id().hex[-20:]}"
    demo = read_demo("cedar", cedar=slug)
    # The few orders that the README's questions are about, and some that they must not find.
    demo["orders"] = {key: demo["orders"][key] for key in ("R-102", "R-203", "R-209", "R-219")}
    await seed_company(database, demo)
    await work()
    token = order_id = None
    answers: list[Any] = []
    for document, _, expected in fences(README):
        own = re.sub(r"\bcedar\b", slug, document).replace("ORDER-ID", order_id or "")
        answer = await client.graphql(own, token=token)
        assert answer.keys() == {"data"}, (document, answer)
        assert "message" not in json.dumps(answer) or (expected and "message" in expected), (document, answer)
        data = answer["data"]
        answers.append(data)
        if expected is not None:
            assert data == json.loads(expected), document
        token = token or data["signIn"]["token"]
        if "createOrder" in data:
            order_id = data["createOrder"]["order"]["id"]
        await work()
    assert len(answers) >= 12
    _check_run(next(data for data in answers if "automationRuns" in data))
    assert "frameNumber" in answers[-1]["configuration"]["document"]


def _check_run(data: Any) -> None:
    """The answer whose numbers differ from year to year."""
    run = data["automationRuns"]["nodes"][0]
    assert (run["automation"], run["status"]) == ("test_ride_news", "SUCCEEDED")
    assert [step["action"] for step in run["steps"]] == ["set_field", "notify", "send_email"]
    note = data["notifications"]["nodes"][0]
    assert note["text"] == f"{note['order']['number']} is out for a test ride"
    assert data["deliveries"]["nodes"] == [
        {
            "channel": "email",
            "recipient": "ciara.nolan@example.com",
            "subject": "Yellow tandem: test ride",
            "status": "SENT",
        }
    ]
    history = data["order"]["history"]["nodes"]
    assert [entry["kind"] for entry in history] == ["CREATED", "UPDATED", "STATUS_CHANGED", "STATUS_CHANGED", "UPDATED"]
    assert [entry["actor"]["kind"] for entry in history] == ["MEMBER"] * 4 + ["AUTOMATION"]
    assert data["order"]["priority"] == "HIGH"


def test_the_readme_names_every_variable() -> None:
    assert re.findall(r"^\| `([A-Z_]+)` \|", README, re.MULTILINE) == [name.upper() for name in Settings.model_fields]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(path: Path) -> None:
    """Links to files, files named in the text, and make's targets are all there."""
    text = path.read_text(encoding="utf-8")
    for target in LINK.findall(text):
        if not target.startswith(("http:", "https:", "mailto:")):
            assert (path.parent / target).exists(), target
    for name in QUOTED_PATH.findall(text):
        assert name in MADE or list(ROOT.glob(name.rstrip("/"))), name
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", text)) <= targets


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_decisions_are_half_a_page(path: Path) -> None:
    """Each is numbered in order, and says the context, the decision, its consequences and what else was weighed."""
    text = path.read_text(encoding="utf-8")
    number = DECISIONS.index(path) + 1
    assert path.name.startswith(f"{number:04}-")
    assert text.startswith(f"# {number}. ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences", "Alternatives"]
    assert len(text.split()) <= 400


def test_documents_keep_to_the_house() -> None:
    """They name no path of the machine they were written on."""
    private = re.compile(r"(?<![\w.])/(?:root|home|work|tmp)/")
    assert [path.name for path in DOCUMENTS if private.search(path.read_text(encoding="utf-8"))] == []
