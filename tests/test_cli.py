"""The command line: what each command prints and changes, and that it fails in one line."""

import asyncio
import hashlib
import io
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import UUID

import orjson
import psycopg
import pytest

from server import cli, logs
from server.embedded import Services
from server.embedded.processes import free_port
from server.settings import Settings
from tenants.orders import change_status, void_order
from tests.conftest import NewCompany
from tests.examples import create_orders, define_fields
from tests.harness import Company


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


class Orderloom(Protocol):
    async def __call__(self, *arguments: str, stdin: str = "") -> Said: ...


@pytest.fixture
def environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables of an instance on this worker's database."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("DATABASE_URL", settings.owner_database_url())
    monkeypatch.setenv("REDIS_URL", settings.redis_address())
    monkeypatch.setenv("DATA_DIR", str(settings.data_dir))


@pytest.fixture
def orderloom(environment: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Orderloom:
    """Runs a command in this process, in a thread: it has an event loop of its own."""
    # Logging belongs to pytest here.
    monkeypatch.setattr(logs, "configure", lambda *_, **__: None)

    def run(*arguments: str, stdin: str = "") -> Said:
        monkeypatch.setattr(sys, "argv", ["orderloom", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capsys.readouterr()
        try:
            cli.main()
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        printed = capsys.readouterr()
        return Said(code, printed.out, printed.err)

    async def in_thread(*arguments: str, stdin: str = "") -> Said:
        return await asyncio.to_thread(run, *arguments, stdin=stdin)

    return in_thread


async def founded(orderloom: Orderloom, slug: str, *more: str) -> Said:
    said = await orderloom("tenant", "create", slug, "--owner-email", f"{slug}@example.com", *more)
    assert said.code == 0, said.err
    return said


async def test_a_company_is_founded_listed_and_entered(orderloom: Orderloom) -> None:
    said = await founded(orderloom, "cli-shop", "--name", "Shop 店", "--language", "zh", "--currency", "CNY")
    password = said.out.strip()
    assert len(password) >= 12
    assert "\n" not in password
    listed = await orderloom("tenant", "list")
    (line,) = [line for line in listed.out.splitlines() if line.startswith("cli-shop\t")]
    assert line.split("\t")[1:3] == ["Shop 店", "zh"]
    assert [row.split("\t")[0] for row in listed.out.splitlines()] == sorted(
        row.split("\t")[0] for row in listed.out.splitlines()
    )
    token = await orderloom("token", "--tenant", "cli-shop")
    assert (token.code, token.err) == (0, "")
    assert token.out.startswith("ol_")
    assert token.out.count("\n") == 1
    again = await orderloom("token", "-t", "cli-shop", "-u", "CLI-shop@example.com")
    assert again.out not in ("", token.out)


async def test_a_company_may_use_so_much(orderloom: Orderloom, company: Company) -> None:
    """What is not given is not limited; it is said back, and kept."""
    said = await orderloom("tenant", "quota", company.slug, "--records", "5", "--storage-mb", "10")
    assert said.err == f"The company '{company.slug}' may use: records 5, storage_bytes 10485760.\n"
    kept = "SELECT quotas, exceeded FROM tenants WHERE id = %(tenant)s"
    assert await company.rows(kept) == [{"quotas": {"records": 5, "storage_bytes": 10485760}, "exceeded": []}]
    said = await orderloom("tenant", "quota", company.slug)
    assert said.err == f"The company '{company.slug}' may use: what it likes.\n"
    assert await company.rows(kept) == [{"quotas": {}, "exceeded": []}]


async def test_a_password_can_be_given_and_a_known_person_keeps_theirs(orderloom: Orderloom) -> None:
    assert (await founded(orderloom, "cli-one", "--password", "long-enough-password")).out == ""
    email = ["--owner-email", "cli-one@example.com"]
    second = await orderloom("tenant", "create", "cli-two", *email)
    assert (second.code, second.out) == (0, "")
    assert "keeps the password" in second.err


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["token", "-t", "nobody-there"],
            "There is no company 'nobody-there': 'orderloom tenant list' names them all.",
        ),
        (["tenant", "create", "X!", "--owner-email", "a@example.com"], "slug: "),
        (["tenant", "create", "bad-mail", "--owner-email", "nobody"], "email: "),
        (["tenant", "create", "short", "--owner-email", "a@b.example", "--password", "x"], "password: "),
        (["tenant", "create", "zoned", "--owner-email", "a@b.example", "--time-zone", "Mars"], "timeZone: "),
        (["config", "export", "-t", "nobody-there"], "There is no company 'nobody-there'"),
        (["config", "plan", "-t", "nobody-there", "missing.yaml"], "missing.yaml cannot be read: No such file"),
        (["export", "things", "-t", "nobody-there"], "'things' cannot be exported: say one of orders, customers, "),
        (["audit", "verify", "-t", "nobody-there"], "There is no company 'nobody-there'"),
    ],
)
async def test_a_refusal_is_one_line(orderloom: Orderloom, arguments: list[str], line: str) -> None:
    said = await orderloom(*arguments)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith(f"orderloom: {line}")
    assert said.err.count("\n") == 1


async def test_an_unknown_member_has_no_token(orderloom: Orderloom) -> None:
    await founded(orderloom, "cli-members")
    said = await orderloom("token", "-t", "cli-members", "-u", "x@example.com")
    assert (said.code, said.out) == (1, "")
    assert said.err == "orderloom: The company 'cli-members' has no active member 'x@example.com'.\n"


async def test_a_configuration_goes_out_and_in_again_unchanged(orderloom: Orderloom, tmp_path: Path) -> None:
    await founded(orderloom, "cli-config")
    document = (await orderloom("config", "export", "-t", "cli-config")).out
    file = tmp_path / "config.yaml"
    assert (await orderloom("config", "export", "-t", "cli-config", "-o", str(file))).out == ""
    assert file.read_text("utf-8") == document
    assert (await orderloom("config", "plan", "-t", "cli-config", str(file))).out == "Nothing changes.\n"
    applied = await orderloom("config", "apply", "-t", "cli-config", stdin=document)
    assert (applied.code, applied.err) == (0, "The configuration of 'cli-config' is at version 1.\n")


async def test_a_changed_document_is_planned_and_applied(orderloom: Orderloom) -> None:
    await founded(orderloom, "cli-change")
    document = (await orderloom("config", "export", "-t", "cli-change")).out
    changed = document.replace("en: Draft", "en: Sketch") + 'fields:\n  order.po: {label: {en: "PO"}, type: text}\n'
    sentences = "Add field 'order.po' (PO)\nChange status 'draft' (Sketch): label (en) from 'Draft' to 'Sketch'\n"
    planned = await orderloom("config", "plan", "-t", "cli-change", "-", stdin=changed)
    assert (planned.code, planned.out) == (0, sentences)
    assert (await orderloom("config", "export", "-t", "cli-change")).out == document
    applied = await orderloom("config", "apply", "-t", "cli-change", "-m", "Ask for the PO", stdin=changed)
    assert applied == Said(0, sentences, "The configuration of 'cli-change' is at version 2.\n")
    after = (await orderloom("config", "export", "-t", "cli-change")).out
    assert "order.po" in after
    assert (await orderloom("config", "apply", "-t", "cli-change", stdin=document)).code == 0


async def test_an_unsound_document_is_refused_whole_with_every_reason(orderloom: Orderloom) -> None:
    await founded(orderloom, "cli-unsound")
    document = (await orderloom("config", "export", "-t", "cli-unsound")).out
    bad = document.replace("target: shipped", "target: nowhere").replace("target: completed", "target: nothing")
    for command in ("plan", "apply"):
        said = await orderloom("config", command, "-t", "cli-unsound", stdin=bad)
        assert said.code == 1
        assert "nowhere" in said.err
        assert "nothing" in said.err
        assert all(line.startswith("orderloom: ") for line in said.err.splitlines())
    assert (await orderloom("config", "export", "-t", "cli-unsound")).out == document
    assert (await orderloom("config", "plan", "-t", "cli-unsound", stdin="not: ours")).code == 1


@pytest.fixture
async def stocked(new_company: NewCompany) -> Company:
    """A company with a field of its own, and orders of which one moved on, one is void and one is long."""
    company = await new_company()
    await define_fields(company, {"order.po": {"type": "text"}})
    lines = [{"name": f"Line {place}", "unitPrice": "1.50"} for place in range(250)]
    ids = await create_orders(
        company,
        [
            {"customer": {"name": "张三", "phones": [{"value": "+8613800138000"}]}, "custom": {"po": "7"}},
            {},
            {"lines": lines},
        ],
    )
    async with company.begin() as tx:
        await change_status(tx, UUID(ids[0]), "confirmed")
        await void_order(tx, UUID(ids[1]), "customer_withdrew")
    return company


async def test_orders_go_out_as_json_lines(orderloom: Orderloom, stocked: Company, tmp_path: Path) -> None:
    said = await orderloom("export", "orders", "-t", stocked.slug)
    assert (said.code, said.err) == (0, "")
    moved, void, long = (orjson.loads(line) for line in said.out.splitlines())
    assert moved["status"] == {"key": "confirmed"}
    assert moved["customer"]["name"] == "张三"
    assert moved["custom"] == {"po": "7"}
    assert moved["total"] == {"amount": "10.00", "currency": "EUR"}
    assert void["isVoided"]
    assert void["voidReason"] == {"key": "customer_withdrew"}
    assert [line["name"] for line in long["lines"]] == [f"Line {place}" for place in range(250)]
    file = tmp_path / "orders.jsonl"
    written = await orderloom("export", "orders", "-t", stocked.slug, "-o", str(file))
    assert written == Said(0, "", f"3 orders are in {file}.\n")
    assert file.read_text("utf-8") == said.out
    (customer,) = (
        orjson.loads(line) for line in (await orderloom("export", "customers", "-t", stocked.slug)).out.splitlines()
    )
    assert customer["phones"][0]["value"] == "+8613800138000"
    assert (await orderloom("export", "products", "-t", stocked.slug)).out == ""


async def test_an_export_is_read_in_pages(
    orderloom: Orderloom, stocked: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = (await orderloom("export", "orders", "-t", stocked.slug)).out
    monkeypatch.setattr("tenants.exports.PAGE", 1)
    assert (await orderloom("export", "orders", "-t", stocked.slug)).out == whole


SABOTAGES: list[tuple[str, str]] = [
    ("UPDATE events SET note = 'x' WHERE record_version = 2 AND kind = 'voided'", "version 2: the entry is not what was"),
    ("UPDATE events SET changes = '[]' WHERE kind = 'created' AND record_type = 'customer'", "version 1: the entry is not what"),
    ("UPDATE events SET actor_name = 'Eve' WHERE kind = 'status_changed'", "version 2: the entry is not what was written"),
    ("UPDATE events SET at = at + interval '1 day' WHERE kind = 'voided'", "version 2: the entry is not what was written"),
    ("DELETE FROM events WHERE kind = 'voided'", "version 2: the history ends at version 1"),
    ("DELETE FROM events WHERE kind = 'created' AND record_type = 'customer'", "version 1: the record has no history"),
    ("DELETE FROM events WHERE kind = 'created' AND record_id = (SELECT record_id FROM events WHERE kind = 'voided')",
     "version 2: the entry of version 1 is missing"),
    ("UPDATE orders SET version = 9 WHERE voided_at IS NOT NULL", "version 9: the history ends at version 2"),
    ("DELETE FROM order_lines; DELETE FROM orders WHERE voided_at IS NOT NULL", "version 2: the record is gone"),
]  # fmt: skip


@pytest.mark.parametrize(("sabotage", "reason"), SABOTAGES)
async def test_an_audit_finds_what_was_tampered_with(
    orderloom: Orderloom, stocked: Company, settings: Settings, sabotage: str, reason: str
) -> None:
    assert await orderloom("audit", "verify", "-t", stocked.slug) == Said(
        0, "", f"{stocked.slug}: 4 records, 7 entries, all in order.\n"
    )
    with psycopg.connect(settings.owner_database_url(), autocommit=True) as connection:
        # Row security binds the owner too, which keeps the sabotage to this company.
        connection.execute("SELECT set_config('app.tenant_id', %s, false)", [str(stocked.id)])
        connection.execute(sabotage.encode())
    said = await orderloom("audit", "verify", "-t", stocked.slug)
    assert said.code == 1
    assert reason in said.out
    assert said.out.count("\n") == 1
    assert "1 broken" in said.err
    everywhere = await orderloom("audit", "verify")
    assert everywhere.code == 1
    assert reason in everywhere.out


async def test_a_file_is_imported_and_its_bad_rows_are_named(orderloom: Orderloom, tmp_path: Path) -> None:
    await founded(orderloom, "cli-import")
    (tmp_path / "goods.csv").write_text("code,title,price\nA-1,Apple,1.50\nA-2,Pear,cheap\n", "utf-8")
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(IMPORT_MAPPING, "utf-8")
    tried = await orderloom("import", str(mapping), "-t", "cli-import", "--dry-run")
    assert tried.code == 1
    assert (await orderloom("export", "products", "-t", "cli-import")).out == ""
    done = await orderloom("import", str(mapping), "-t", "cli-import")
    assert done.code == 1
    assert "goods.csv" in done.out
    assert "cheap" in done.out
    (line,) = (await orderloom("export", "products", "-t", "cli-import")).out.splitlines()
    assert orjson.loads(line)["sku"] == "A-1"
    missing = await orderloom("import", str(tmp_path / "none.yaml"), "-t", "cli-import")
    assert (missing.code, missing.out) == (1, "")
    assert missing.err.startswith("orderloom: ")


IMPORT_MAPPING = """
orderloom-import: 1
files:
  - file: goods.csv
    record: product
    external_id: code
    fields: {sku: code, name: title, price: price}
"""


@pytest.fixture
def unmigrated(services: Services, worker_id: str, monkeypatch: pytest.MonkeyPatch, environment: None) -> str:
    """The owner's URL of a database without our tables."""
    name = f"empty_{worker_id}"
    with psycopg.connect(services.superuser_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name}".encode())
        connection.execute(f"CREATE DATABASE {name} OWNER orderloom TEMPLATE template0".encode())
    url = services.database_url.rsplit("/", 1)[0] + f"/{name}"
    with psycopg.connect(services.superuser_url.rsplit("/", 1)[0] + f"/{name}", autocommit=True) as connection:
        for extension in ("pg_trgm", "btree_gin"):
            connection.execute(f"CREATE EXTENSION {extension}".encode())
    monkeypatch.setenv("DATABASE_URL", url)
    return url


async def test_a_new_database_is_migrated(
    orderloom: Orderloom, unmigrated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await orderloom("tenant", "list")
    assert (before.code, before.out) == (1, "")
    assert (
        before.err
        == "orderloom: The database does not have the shape that this version needs: run 'orderloom migrate'.\n"
    )
    for _ in range(2):
        said = await orderloom("migrate")
        assert said.code == 0
        assert said.err.startswith("The database is at 0")
    assert await orderloom("tenant", "list") == Said(0, "", "")


async def test_a_migration_that_is_refused_is_one_line(orderloom: Orderloom, unmigrated: str) -> None:
    with psycopg.connect(unmigrated, autocommit=True) as connection:
        connection.execute("CREATE TABLE tenants (id integer)")
    refusal = 'orderloom: The database refused: relation "tenants" already exists\n'
    assert await orderloom("migrate") == Said(1, "", refusal)


async def test_a_database_that_does_not_answer_is_one_line(
    orderloom: Orderloom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:hush-hush@127.0.0.1:9/shop")
    monkeypatch.setenv("PORT", str(free_port()))
    for command in (["tenant", "list"], ["migrate"], ["serve"], ["worker"], ["clock"], ["seed-demo"]):
        said = await orderloom(*command)
        assert (said.code, said.out) == (1, "")
        assert said.err.count("\n") == 1
        assert said.err.startswith("orderloom: DATABASE_URL (postgresql://")
        assert "hush" not in said.err


async def test_the_demo_has_no_place_beside_other_companies_nor_where_others_can_reach_it(
    orderloom: Orderloom, monkeypatch: pytest.MonkeyPatch
) -> None:
    await founded(orderloom, "cli-real")
    beside = await orderloom("seed-demo")
    assert (beside.code, beside.out) == (0, "")
    assert "left out: the database holds others" in beside.err
    monkeypatch.setenv("HOST", "0.0.0.0")
    public = await orderloom("seed-demo")
    assert (public.code, public.out) == (0, "")
    assert "their passwords are public" in public.err


async def test_an_export_may_be_cut_off_by_its_reader(environment: None, stocked: Company) -> None:
    command = [sys.executable, "-m", "server.cli", "export", "orders", "-t", stocked.slug]
    reading, writing = os.pipe()
    process = await asyncio.create_subprocess_exec(*command, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    os.close(reading)
    _, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")


async def test_documents_are_registered_listed_and_removed(
    orderloom: Orderloom, company: Company, tmp_path: Path
) -> None:
    """A file each, or the JSON that Relay's compiler writes."""
    one, manifest, bad = tmp_path / "one.graphql", tmp_path / "all.json", tmp_path / "bad.graphql"
    texts = ("{ orders { totalCount } }", "{ __typename }", "{ viewer { rights } }")
    one.write_text(texts[0])
    manifest.write_text(f'{{"a": "{texts[1]}", "b": "{texts[2]}"}}')
    bad.write_text("{")
    said = await orderloom("documents", "add", str(one), str(manifest), "--tenant", company.slug)
    ids = [f"sha256:{hashlib.sha256(text.encode()).hexdigest()}" for text in texts]
    assert (said.code, said.out.split()) == (0, ids)
    listed = await orderloom("documents", "list", "--tenant", company.slug)
    assert dict(line.split("\t") for line in listed.out.splitlines()) == dict(zip(ids, texts, strict=True))
    assert (await orderloom("documents", "list")).out == ""
    removed = await orderloom("documents", "remove", *ids[:2], "--tenant", company.slug)
    assert removed.err == "2 documents were removed.\n"
    refused = await orderloom("documents", "add", str(bad), "--tenant", company.slug)
    assert refused.code == 1
    assert "holds no GraphQL document" in refused.err
