"""No secret is in anything that is written: logs, errors, traces, metrics, exports, the database (E3).

Canaries go through every field of the schema that takes a secret, and what the product itself makes secret is used in all its ways; then
all that was written is searched, as it is and in the forms that programs write bytes in.
"""

import base64
import json
import logging
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from urllib.parse import quote, urlsplit

import psycopg
import pytest
from graphql.pyutils import snake_to_camel
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.applications import Starlette

from schema.execution import House
from server import logs, tracing
from server.embedded import Services
from server.settings import Settings
from tenants.database import Database
from tenants.exports import EXPORTED, export_records
from tenants.models.tables import TENANT_TABLES
from tests.documents import an_order
from tests.harness import PASSWORD, Client, Company, Drain, Outbox, Person
from tests.secret_fields import ID, filled, mutations_with_secrets
from tests.test_keys import ROTATE, a_key
from tests.test_second_factor import CONFIRM, DROP, PROVE, RENEW, START, Clock, clock
from tests.test_second_factor import SIGN_IN as SIGN_IN_STEPS
from tests.test_sign_in import CHANGE, NEW, REQUEST, RESET, asked, sign_in

pytestmark = pytest.mark.anyio
__all__ = ["clock"]


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    """Everything that is logged, at the level that tells most."""
    logger = logging.getLogger()
    handlers, level = logger.handlers[:], logger.level
    logs.configure("DEBUG", json=True)
    # What the test's own client says is no word of the product's.
    ours = {name: logging.getLogger(name).level for name in ("httpx2", "httpcore2", "asyncio")}
    for name in ours:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    yield capsys
    for name, was in ours.items():
        logging.getLogger(name).setLevel(was)
    logger.handlers[:] = handlers
    logger.setLevel(level)


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    stop = tracing.instrument(provider.get_tracer("test"))
    yield exporter
    stop()


def forms(secret: str) -> set[str]:
    """A text as programs write it."""
    plain = secret.encode()
    encoded = (base64.b64encode(plain), base64.urlsafe_b64encode(plain))
    return {secret, quote(secret), plain.hex(), *(form.decode().rstrip("=") for form in encoded)}


def found_in(text: str, secrets: Mapping[str, str], shortest: int = 0) -> list[str]:
    return [
        name
        for name, secret in secrets.items()
        if len(secret) >= shortest and any(form in text for form in forms(secret))
    ]


Mailed = Callable[[], Awaitable[str]]


@pytest.fixture
def mailed(work: Drain, outbox: Outbox) -> Mailed:
    """Sends what is to be sent; the secret in the last message that holds one."""

    async def sent() -> str:
        await work.mail()
        bodies = [mail["body"] for mail in reversed(outbox.sent)]
        return next(found[1] for body in bodies for found in re.finditer(r"\n([\w-]{43})\n", body))

    return sent


Dump = Callable[[], str]


@pytest.fixture
def dump(services: Services, settings: Settings, company: Company) -> Dump:
    """Every row of every table as text, but for those of other companies: what is written of this one has its mark, or none."""
    marked = {(table.name, "tenant_id") for table in TENANT_TABLES} | {("tenants", "id")}

    def dumped() -> str:
        database = urlsplit(settings.owner_database_url()).path
        address = urlsplit(services.superuser_url)._replace(path=database).geturl()
        with psycopg.connect(address) as connection:
            named = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            found = dict.fromkeys((table for (table,) in connection.execute(named).fetchall()), "true")
            found |= {table: f"t.{column} = '{company.id}'" for table, column in marked}
            return "\n".join(
                row[0]
                for table, ours in found.items()
                for row in connection.execute(f"SELECT t::text FROM {table} t WHERE {ours}".encode())
            )

    return dumped


async def test_no_secret_is_written(  # noqa: PLR0917  (fixtures)
    company: Company,
    client: Client,
    app: Starlette,
    database: Database,
    mailed: Mailed,
    dump: Dump,
    written: pytest.CaptureFixture[str],
    spans: InMemorySpanExporter,
    clock: Clock,
) -> None:
    """What the product was given and what it made, used rightly and wrongly."""
    owner, secrets, answers = company.owner, dict[str, str](), list[str]()
    secrets |= {"session": owner.token, "password": PASSWORD}
    # Every field that takes a secret, as somebody unknown, as the owner, and where a wrong kind of value is refused.
    for name, kind in mutations_with_secrets():
        document = f"mutation($input: {kind.name}!) {{ result: {name}(input: $input) {{ __typename ... on Problem {{ message }} }} }}"
        for who, token in (("stranger", None), ("owner", owner.token)):
            canary = secrets[f"{name} {who}"] = f"Canary-{snake_to_camel(name)}-{who}-7f3a9"
            answers.append(json.dumps(await client.graphql(document, {"input": filled(kind, canary)}, token=token)))
    # A life of one account, with all that is made for it.
    signed = await sign_in(client, owner)
    secrets |= {"signed in": signed["token"], "device": signed["device"]}
    secrets["second factor"] = (await asked(client, START, owner.token, password=PASSWORD))["secret"]
    code = secrets["code"] = clock.code(secrets["second factor"])
    recovery = (await asked(client, PROVE, owner.token, code=code))["codes"]
    challenge = (await asked(client, SIGN_IN_STEPS, email=owner.email, password=PASSWORD))["challenge"]
    secrets |= {"challenge": challenge, "recovery": recovery[0], "recovery left": recovery[1].replace("-", "")}
    await asked(client, CONFIRM, challenge=challenge, code="000000")
    confirmed = await asked(client, CONFIRM, challenge=challenge, code=recovery[0])
    secrets["confirmed"] = confirmed["token"]
    renewed = await asked(client, RENEW, owner.token, password=PASSWORD, code=clock.code(secrets["second factor"]))
    secrets["renewed"] = renewed["codes"][0]
    await asked(client, DROP, owner.token, password=PASSWORD, code=renewed["codes"][1])
    await asked(client, CHANGE, owner.token, currentPassword=PASSWORD, newPassword=NEW)
    secrets["new password"] = NEW
    key = await a_key(company)
    rotated = await asked(client, ROTATE, owner.token, id=key["id"])
    secrets |= {"key": key["secret"], "rotated key": rotated["secret"]}
    for secret in (key["secret"], rotated["secret"]):
        by_key = Person(owner.id, "", secret)
        await an_order(company, by_key)
        await company.graphql("{ changeSets { nodes { id } } }", person=by_key)
    await client.http.get(f"/files/{ID}", headers={"Authorization": f"Bearer {key['secret']}"})
    await client.graphql("{ viewer { rights } }", token="olk_wrong-but-like-one-of-ours-0123456789")
    exported = [
        line.decode() for kind in EXPORTED async for line in export_records(database, await company.caller(), kind)
    ]
    logging.getLogger("orderloom.test").debug("of %s", company.slug)
    await asked(client, REQUEST, email=owner.email)
    secrets["mailed"] = await mailed()
    in_database = dump()
    await asked(client, RESET, token=secrets["mailed"], newPassword=NEW + " or more")
    house: House = app.state.house
    await house.tallies.write(database)
    wanted = {
        "logs": written.readouterr().err,
        "answers": "\n".join(answers),
        "traces": "\n".join(span.to_json() for span in spans.get_finished_spans()),
        "metrics": (await client.http.get("/metrics")).text,
        "exports": "\n".join(exported),
        "database before": in_database,
        "database": dump(),
    }
    assert not [answer for answer in answers if "GRAPHQL_VALIDATION_FAILED" in answer or "BAD_USER_INPUT" in answer]
    # Six digits stand somewhere in any database.
    shortest = {"database before": 10, "database": 10}
    found = {place: found_in(text, secrets, shortest.get(place, 0)) for place, text in wanted.items()}
    assert {place: names for place, names in found.items() if names} == {}
    # The search would find them: nothing of this was empty, and what is no secret is there.
    assert all(wanted.values())
    assert all(company.slug in wanted[place] for place in ("database", "logs"))
    assert len(secrets) > 30
