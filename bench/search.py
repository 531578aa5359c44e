"""Measure search at a million orders: ``python -m bench.search [--orders 1000000] [--data FOLDER] [--only reads]``.

Starts an embedded PostgreSQL, loads one large company and twenty small ones with English, German and Chinese names, and times
searches of every kind through GraphQL in this process, as the application role. With ``--data`` the loaded folder is kept and
used again. Lines of orders are in the search texts alone: no row of `order_lines` is loaded.
"""

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import orjson
import psutil
import psycopg

import migrations
from bench.search_words import COMPANY_FORMS, FIRST, GIVEN, HAN_FORMS, LAST, NOTES, NOUNS, QUALITIES, SURNAMES
from schema.context import House
from schema.execution import Operation, execute
from server.embedded import Embedded, Services
from server.settings import app_database_url
from tenants.callers import Callers
from tenants.companies import NewCompany, create_company
from tenants.config.snapshot import TenantConfig
from tenants.database import Database
from tenants.people import member_by_email
from tenants.search import spelled_words
from tenants.search_texts import customer_text, order_text
from tenants.sign_in.sessions import open_session
from tenants.spellings import write
from tenants.transaction import new_id

SMALL_COMPANIES, SMALL_ORDERS = 20, 5_000
FIRST_DAY = datetime(2023, 1, 1, tzinfo=UTC)
STATUSES = ("draft", "confirmed", "shipped", "completed")
SETTINGS = {"shared_buffers": "1GB", "maintenance_work_mem": "512MB", "max_wal_size": "4GB"}
GIN = "CREATE INDEX search_texts_text_idx ON search_texts USING gin (text gin_trgm_ops, tenant_id, record_type)"
FIND = """query ($q: String, $where: OrderFilter, $by: [OrderOrderBy!]) {
  orders(search: $q, where: $where, orderBy: $by, first: 20) {
    nodes { number status { key } total { amount } customer { name } } pageInfo { hasNextPage } } }"""
COUNT = "query ($q: String) { orders(search: $q) { totalCount } }"
FIND_CUSTOMERS = "query ($q: String) { customers(search: $q, first: 20) { nodes { name } } }"
CREATE = """mutation ($input: CreateOrderInput!) { createOrder(input: $input) {
  __typename ... on OrderPayload { order { id number } } ... on Problem { message } } }"""


@dataclass(frozen=True)
class Person:
    """A customer as loaded."""

    id: UUID
    name: str
    phone: str
    text: str


def people(config: TenantConfig, count: int, chance: random.Random) -> list[Person]:
    found = []
    for _ in range(count):
        if chance.random() < 0.4:
            name = chance.choice(SURNAMES) + "".join(chance.sample(GIVEN, chance.choice((1, 2, 2))))
            name += chance.choice(HAN_FORMS) if chance.random() < 0.2 else ""
            phone = f"+861{chance.randrange(10**9, 10**10)}"
        else:
            name = f"{chance.choice(FIRST)} {chance.choice(LAST)}"
            name += f" {chance.choice(COMPANY_FORMS)}" if chance.random() < 0.3 else ""
            phone = f"+49{chance.randrange(10**9, 10**10)}"
        contact = {"kind": "phone", "value": phone}
        found.append(Person(new_id(), name, phone, customer_text(config, {"name": name}, [contact], [])))
    return found


def order_rows(
    config: TenantConfig, count: int, known: list[Person], chance: random.Random
) -> Iterator[tuple[Any, ...]]:
    wares = [(f"P-{n:04}", f"{chance.choice(QUALITIES)} {chance.choice(NOUNS)}") for n in range(2_000)]
    for n in range(1, count + 1):
        customer = chance.choice(known)
        # Few products sell often; one has not been sold for long.
        chosen = [wares[int(len(wares) * chance.random() ** 2)] for _ in range(3)]
        if n < count // 10 and n % 2:
            chosen.append(("P-OLD", "Samowar"))
        moment = FIRST_DAY + timedelta(minutes=n)
        note = chance.choice(NOTES) if chance.random() < 0.5 else ""
        note += f" ref {chance.randrange(10**6):06x}" if chance.random() < 0.1 else ""
        address = {"recipient": customer.name, "phone": customer.phone, "city": "Berlin" if n % 3 else "上海"}
        row = {"number": f"SO-2026-{n:07}", "notes": note, "channel": "web", "shipping_address": address}
        text = order_text(config, row, [{"sku": sku, "name": name} for sku, name in chosen])
        status = STATUSES[n % 4]
        yield new_id(), row["number"], status, customer.id, moment, 10 + n % 9_000, text, moment, moment, note


def copy(connection: psycopg.Connection[Any], tenant: UUID, config: TenantConfig, orders: int, customers: int) -> None:
    chance = random.Random(str(orders))
    known = people(config, customers, chance)
    now = datetime.now(UTC)
    target = "customers (tenant_id, id, kind, name, search_text, created_at, updated_at)"
    with connection.cursor().copy(f"COPY {target} FROM STDIN") as rows:
        for person in known:
            rows.write_row((tenant, person.id, "person", person.name, person.text, now, now))
    names = "number, status, customer_id, ordered_at, total, search_text, created_at, updated_at, notes"
    fixed = "currency, priority, subtotal, discount_total, tax_total"
    with connection.cursor().copy(f"COPY orders (tenant_id, id, {names}, {fixed}) FROM STDIN") as rows:
        for row in order_rows(config, orders, known, chance):
            rows.write_row((tenant, *row, "EUR", "normal", 0, 0, 0))
    for kind in ("order", "customer"):
        connection.execute(
            f"INSERT INTO search_texts (tenant_id, id, record_type, text)"
            f" SELECT tenant_id, id, '{kind}', search_text FROM {kind}s WHERE tenant_id = %s",
            [tenant],
        )


@dataclass
class Loaded:
    """The house, and the tokens of the large company and of a small one."""

    house: House
    large: str
    small: str


async def load(services: Services, orders: int) -> Loaded:
    app_url = app_database_url(services.database_url)
    migrations.upgrade(services.database_url, app_password=urlsplit(app_url).password)
    # One connection, so that one process of PostgreSQL does all the work and can be watched.
    database = await Database.open(app_url, size=1)
    callers = Callers(database)
    with psycopg.connect(services.superuser_url, autocommit=True) as connection:
        rows = connection.execute("SELECT id FROM tenants ORDER BY slug").fetchall()
        tenants: list[UUID] = [row[0] for row in rows]
        if not tenants:
            connection.execute("SET session_replication_role = replica")
            connection.execute("DROP INDEX search_texts_text_idx")
            for place in range(SMALL_COMPANIES + 1):
                new = NewCompany(f"c{place:02}", f"C{place}", f"c{place}@example.com", "C", "bench-password")
                tenants.append(tenant := await create_company(database, new))
                token = (await open_session(database, tenant, await member_by_email(database, tenant, None))).token
                config = (await callers.by_token(token)).config
                size = orders if place == 0 else SMALL_ORDERS
                copy(connection, tenant, config, size, max(200, size // 20))
            connection.execute("SET maintenance_work_mem = '512MB'")
            connection.execute(GIN)
            connection.execute("VACUUM ANALYZE")
        texts = connection.execute(
            "SELECT text FROM search_texts WHERE tenant_id = %s AND record_type = 'customer'", [tenants[0]]
        ).fetchall()
        words = {word for (text,) in texts for word in spelled_words(text)}
        words |= {word for text in (*QUALITIES, *NOUNS, *NOTES) for word in spelled_words(text.lower())}
        await write(database, tenants[0], words)
    large, small = [
        (await open_session(database, tenant, await member_by_email(database, tenant, None))).token
        for tenant in tenants[:2]
    ]
    return Loaded(House(database, callers), large, small)


Asked = tuple[str, Mapping[str, Any]]


def kinds(orders: int) -> dict[str, list[Asked]]:
    """Questions of each kind: a document and its variables."""
    chance = random.Random(7)
    numbers = [chance.randrange(1, orders) for _ in range(20)]
    pairs = [(chance.choice(FIRST), chance.choice(LAST)) for _ in range(20)]
    han = [chance.choice(SURNAMES) + "".join(chance.sample(GIVEN, 2)) for _ in range(20)]
    short = [chance.choice(SURNAMES) + chance.choice(GIVEN) for _ in range(20)]
    wares = [f"{chance.choice(QUALITIES)} {chance.choice(NOUNS)}" for _ in range(20)]
    digits = [str(chance.randrange(10**5, 10**6)) for _ in range(20)]
    since = {"orderedAt": {"gte": (FIRST_DAY + timedelta(minutes=orders - 50_000)).isoformat()}}

    def ask(texts: list[str], **more: Any) -> list[Asked]:
        return [(FIND, {"q": text, **more}) for text in texts]

    return {
        "number, whole": ask([f"SO-2026-{n:07}" for n in numbers]),
        "number, last digits": ask([f"{n:07}"[-5:] for n in numbers]),
        "number, two digits": ask([str(n % 90 + 10) for n in numbers]),
        "customer, two words": ask([f"{first} {last}" for first, last in pairs]),
        "customer, one common name": ask([first for first, _ in pairs]),
        "customer, legal form (every 20th)": ask([*COMPANY_FORMS, *HAN_FORMS]),
        "Chinese, three characters": ask(han),
        "Chinese, two characters": ask(short),
        "Chinese, one character": ask([text[0] for text in han]),
        "pinyin, whole": ask(["zhangwei", "wangfang", "liuyang", "chenjing", "zhaolei"] * 4),
        "pinyin, initials": ask(["zwm", "lfh", "wxl", "cjy", "hlq"] * 4),
        "phone, six digits": ask(digits),
        "product, common word": ask([text.split()[1] for text in wares]),
        "product, two words": ask(wares),
        "product and customer": ask(
            [f"{ware.split()[1]} {last}" for ware, (_, last) in zip(wares, pairs, strict=True)]
        ),
        "article number": ask([f"P-{n % 2_000:04}" for n in numbers]),
        "four words": ask([f"{ware} {first} berlin" for ware, (first, _) in zip(wares, pairs, strict=True)]),
        "word of the notes": ask(["neighbour", "fragile", "invoice", "preisliste", "送货"] * 4),
        "rare reference": ask([f"ref {text[:4]}" for text in digits]),
        "no hit, a word": ask(["xylophon", "quagga", "zzyzx", "brontosaurus", "pterodaktylus"] * 4),
        "no hit, two common words": ask(["anna brontosaurus", "lampe xylophon", "gmbh quagga", "berlin zzyzx"] * 5),
        "no hit, characters and signs": ask(["龘", "麤龘", "😀", "€uro", "++"] * 4),
        "a slip of the finger": ask([_slipped(last) for _, last in pairs]),
        "two slips": ask([f"{_slipped(first)} {_slipped(last)}" for first, last in pairs]),
        "common in old orders alone": ask(["samowar"] * 10),
        "common word, status": ask([text.split()[1] for text in wares], where={"status": {"in": ["draft"]}}),
        "common word, newest days": ask([text.split()[1] for text in wares], where=since),
        "rare word, status": ask([f"{first} {last}" for first, last in pairs], where={"status": {"in": ["draft"]}}),
        "two words, by total": ask(wares, by=[{"total": "DESC"}]),
        "customers, two words": [(FIND_CUSTOMERS, {"q": f"{first} {last}"}) for first, last in pairs],
        "customers, two characters": [(FIND_CUSTOMERS, {"q": text}) for text in short],
        "count of two words": [(COUNT, {"q": f"{first} {last}"}) for first, last in pairs],
    }


def _slipped(name: str) -> str:
    return name[:2] + name[3] + name[2] + name[4:] if len(name) > 4 else name


async def _time(house: House, token: str, asked: Asked) -> tuple[float, bytes]:
    operation = Operation(asked[0], None, asked[1])
    begun = time.perf_counter()
    answer = await execute(house, operation, token=token, language="en", request_id="bench")
    taken = (time.perf_counter() - begun) * 1000
    if b'"errors"' in answer.body:
        raise SystemExit(answer.body.decode())
    return taken, answer.body


async def _watched(loaded: Loaded) -> list[psutil.Process]:
    """This process and the one of PostgreSQL that serves it."""
    async with loaded.house.database.connection() as connection:
        return [psutil.Process(), psutil.Process(connection.info.backend_pid)]


def _cpu(watched: list[psutil.Process]) -> float:
    """Milliseconds of processor time that the processes have used."""
    return 1000 * sum(sum(process.cpu_times()[:2]) for process in watched)


async def measure(loaded: Loaded, orders: int, rounds: int) -> None:
    watched = await _watched(loaded)
    for name, token in (("large company", loaded.large), ("small company beside it", loaded.small)):
        print(f"\n{name}: milliseconds of a whole request in this process; processor time of both processes, mean\n")
        print(
            f"| {'kind of query':34} |     p50 |     p95 |     max |     CPU | hits (of 20) |\n|{'-' * 36}|--------:|--------:|--------:|--------:|-------------:|"
        )
        for kind, asked in kinds(orders).items():
            await _time(loaded.house, token, asked[0])
            times, hits, used = [], [], _cpu(watched)
            for one in asked * rounds:
                taken, body = await _time(loaded.house, token, one)
                times.append(taken)
                hits.append(len(next(iter(orjson.loads(body)["data"].values())).get("nodes", ())))
            used = (_cpu(watched) - used) / len(times)
            times.sort()
            tail = times[min(len(times) - 1, int(len(times) * 0.95))]
            print(
                f"| {kind:34} | {statistics.median(times):7.1f} | {tail:7.1f} | {times[-1]:7.1f} | {used:7.1f} | {statistics.mean(hits):12.1f} |",
                flush=True,
            )


async def measure_writes(loaded: Loaded, services: Services, count: int = 1_500) -> None:
    """What taking an order costs with the index of search, with one that takes every text at once, and without any."""
    print("\n| creating an order | p50 ms | p99 ms | CPU ms |\n|---|--:|--:|--:|")
    changes = {
        "with the index": "SELECT 1",
        "with the index, fastupdate off": "ALTER INDEX search_texts_text_idx SET (fastupdate = off)",
        "without the index": "DROP INDEX search_texts_text_idx",
    }
    watched = await _watched(loaded)
    chance = random.Random(11)
    with psycopg.connect(services.superuser_url, autocommit=True) as connection:
        for name, change in changes.items():
            connection.execute(change)
            times, used = [], _cpu(watched)
            for _ in range(count):
                lines = [
                    {
                        "name": f"{chance.choice(QUALITIES)} {chance.choice(NOUNS)}",
                        "sku": f"P-{chance.randrange(2_000)}",
                        "quantity": "2",
                        "unitPrice": "10.00",
                    }
                    for _ in range(3)
                ]
                address = {
                    "recipient": f"{chance.choice(FIRST)} {chance.choice(LAST)}",
                    "phone": f"+49 30 {chance.randrange(10**6)}",
                    "city": "Berlin",
                }
                given = {"lines": lines, "notes": chance.choice(NOTES), "shippingAddress": address}
                taken, body = await _time(loaded.house, loaded.large, (CREATE, {"input": given}))
                if b'"OrderPayload"' not in body:
                    raise SystemExit(body.decode())
                times.append(taken)
            used = (_cpu(watched) - used) / len(times)
            times.sort()
            print(
                f"| {name} | {statistics.median(times):.2f} | {times[int(len(times) * 0.99)]:.2f} | {used:.2f} |",
                flush=True,
            )


async def _main(arguments: argparse.Namespace) -> None:
    with ExitStack() as stack:
        if arguments.data:
            arguments.data.mkdir(parents=True, exist_ok=True)
        folder = arguments.data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="orderloom-search-")))
        embedded = stack.enter_context(Embedded(folder / "data", redis=False, extra_settings=SETTINGS))
        begun = time.perf_counter()
        loaded = await load(embedded.services, arguments.orders)
        print(
            f"{arguments.orders} orders and {SMALL_COMPANIES} companies beside, ready in {time.perf_counter() - begun:.0f} s",
            file=sys.stderr,
        )
        if arguments.only != "writes":
            await measure(loaded, arguments.orders, arguments.rounds)
        if arguments.only != "reads":
            await measure_writes(loaded, embedded.services)
        await loaded.house.database.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--data", type=Path, help="a folder to keep the loaded database in")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--only", choices=["reads", "writes"], help="writes drop the index in the end: not with kept data"
    )
    asyncio.run(_main(parser.parse_args()))
