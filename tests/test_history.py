"""The history cannot be rewritten (STA-8, STA-15): append-only for the application, and chained so that tampering shows."""

from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from server.settings import Settings
from tenants.saving import chained_hash, event_content
from tests.documents import (
    CHANGE_STATUS,
    CREATE_CUSTOMER,
    CREATE_PRODUCT,
    DEFINE_FIELD,
    READ_ORDER,
    UPDATE_CUSTOMER,
    UPDATE_ORDER,
    UPDATE_PRODUCT,
    VOID_ORDER,
    an_order,
    done,
    read,
    stored,
)
from tests.harness import Client, Company, Row

CHAINS = "SELECT * FROM events WHERE record_type <> 'company' ORDER BY record_type, record_id, record_version"


def broken_links(events: list[Row]) -> list[tuple[str, int]]:
    """The entries whose hash does not follow from what is stored and from the entry before: (kind, version)."""
    broken = []
    previous: dict[Any, bytes] = {}
    for event in events:
        record = (event["record_type"], event["record_id"])
        expected = chained_hash(previous.get(record, b""), event_content(event, event["changes"]))
        if bytes(event["hash"]) != expected:
            broken.append((event["kind"], event["record_version"]))
        # The next entry stands on the hash that is stored, so that one tampered row is told from all that follow.
        previous[record] = bytes(event["hash"])
    return broken


async def a_life(company: Company) -> Row:
    """Records with all kinds of values and changes; returns the order."""
    await done(company, DEFINE_FIELD, object="order", key="score", type="decimal", label={"en": "Score"})
    await done(company, DEFINE_FIELD, object="order", key="big", type="integer", label={"en": "Big"})
    await done(company, DEFINE_FIELD, object="order", key="due", type="date_time", label={"en": "Due"})
    customer = await done(company, CREATE_CUSTOMER, name="张三丰 \u202e\U0001f9f5", addresses=[{"city": "十堰"}])
    await done(company, UPDATE_CUSTOMER, id=customer["id"], emails=[{"value": "z@example.com"}], addresses=[])
    product = await done(company, CREATE_PRODUCT, sku="A", name="Apple", price="2.50", taxRate="0.07")
    await done(company, UPDATE_PRODUCT, id=product["id"], price="99999999999999999.99")
    order = await an_order(
        company,
        customerId=customer["id"],
        promisedAt="2026-03-31T14:30:00.123456+08:00",
        custom={"score": "5.50", "big": 2147483647, "due": "2026-01-01T00:00:00+08:00"},
        lines=[{"productId": product["id"], "quantity": "0.1"}],
    )
    values = {"id": order["id"], "tags": ["a"], "promisedAt": None, "custom": {"score": None}, "externalId": "e"}
    await done(company, UPDATE_ORDER, company.member, **values)
    await done(company, CHANGE_STATUS, id=order["id"], status="confirmed", note='"quoted" \\ \n new line')
    return await done(company, VOID_ORDER, id=order["id"], reason="other", note="n")


async def test_the_chain_follows_from_what_is_stored(company: Company, client: Client) -> None:
    """Each entry's hash is that of its content and the entry before; a record's versions are without holes."""
    order = await a_life(company)
    events = await company.rows(CHAINS)
    assert len(events) == 8
    assert broken_links(events) == []
    versions = [event["record_version"] for event in events if str(event["record_id"]) == order["id"]]
    assert versions == [1, 2, 3, 4]
    assert len({bytes(event["hash"]) for event in events}) == 8


async def test_the_same_act_on_two_records_has_two_hashes(company: Company, client: Client) -> None:
    """An entry cannot be moved from one record to another: the record is part of what is hashed."""
    for _ in range(2):
        await an_order(company)
    first, second = await company.rows(CHAINS)
    assert broken_links([{**second, "hash": first["hash"]}]) == [("created", 1)]
    assert broken_links([{**first, "record_id": second["record_id"]}]) == [("created", 1)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET note = 'never happened'",
        "DELETE FROM events",
        "TRUNCATE events",
        "UPDATE change_sets SET comment = ''",
        "DELETE FROM change_sets",
        "ALTER TABLE events DISABLE ROW LEVEL SECURITY",
        "DROP TABLE events",
        "INSERT INTO events SELECT * FROM events ON CONFLICT (tenant_id, id) DO UPDATE SET note = 'x'",
    ],
)
async def test_the_application_cannot_rewrite_it(company: Company, client: Client, statement: str) -> None:
    """The database itself refuses it to the role that serves, whatever the program would do."""
    order = await an_order(company)
    before = await stored(company)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with company.begin() as tx:
            await tx.fetch_all(statement)
    assert await stored(company) == before
    assert len((await read(company, READ_ORDER, order["id"]))["history"]["nodes"]) == 1


def owner_url(settings: Settings) -> str:
    assert settings.database_url is not None
    return settings.database_url.get_secret_value()


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("note = 'nobody said that'", [("status_changed", 3)]),
        ("actor_name = 'Somebody Else'", [("status_changed", 3)]),
        ("actor_id = NULL", [("status_changed", 3)]),
        ("at = at - interval '1 microsecond'", [("status_changed", 3)]),
        ("kind = 'updated'", [("updated", 3)]),
        ("changes = jsonb_set(changes, '{0,old}', '\"shipped\"')", [("status_changed", 3)]),
        ("changes = '[]'", [("status_changed", 3)]),
        # A forger who also gives the entry a hash of its own only moves the break.
        ("note = NULL, hash = sha256('x')", [("status_changed", 3), ("voided", 4)]),
    ],
)
async def test_tampering_is_found(
    company: Company, client: Client, settings: Settings, change: str, found: list[tuple[str, int]]
) -> None:
    """STA-15: the owner of the tables can write what they like, but not without breaking the chain there."""
    order = await a_life(company)
    # As the owner of the tables, in a transaction that is undone.
    with psycopg.connect(owner_url(settings), row_factory=dict_row) as connection:
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", [str(company.id)])
        changed = connection.execute(
            f"UPDATE events SET {change} WHERE record_id = %s AND record_version = 3",
            [order["id"]],
        )
        assert changed.rowcount == 1
        connection.execute("SET LOCAL timezone = 'UTC'")
        events = connection.execute(CHAINS).fetchall()
        connection.rollback()
    assert broken_links(events) == found


async def test_a_missing_entry_is_found(company: Company, client: Client) -> None:
    """Taken out of the middle, the next one hangs in the air; taken from the end, the record's version tells."""
    order = await a_life(company)
    events = [event for event in await company.rows(CHAINS) if str(event["record_id"]) == order["id"]]
    assert broken_links([event for event in events if event["record_version"] != 2]) == [("status_changed", 3)]
    (row,) = await company.rows("SELECT version FROM orders")
    assert row["version"] == events[-1]["record_version"] == 4
