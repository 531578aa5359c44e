"""Imports as a whole: who may run them, what they set off, and what happens when something changes on the way."""

import gzip
from collections.abc import Sequence
from pathlib import Path

import pytest
from graphql import GraphQLInputObjectType, build_schema

from tenants.actors import system
from tenants.config import change_sets
from tenants.database import Caller, Outdated
from tenants.imports.drafts import Draft
from tenants.imports.run import MOST_BYTES, run_import, run_import_texts
from tenants.imports.targets import LINE, Group, Link, targets
from tenants.imports.writing import Outcome, Writer
from tenants.problems import Conflict, InvalidInput, LimitExceeded, NotAllowed
from tenants.products import create_product
from tests.conftest import NewCompany
from tests.harness import Company
from tests.importing import HEAD, counts, everything, load, orders, rejected

SCHEMA = Path(__file__).parent.parent / "schema" / "schema.graphql"
MAPPING = HEAD + (
    "- {file: o.csv, record: order, external_id: id, fields: {notes: notes}, lines: [{name: item, unitPrice: price}]}\n"
)
TEXT = "id,notes,item,price\n" + "".join(f"{n:03},note,Tea,{n}.50\n" for n in range(40))
LABEL = {"label": {"en": "x"}}


async def configure(company: Company, kind: str, key: str, **body: object) -> None:
    async with company.begin() as tx:
        await change_sets.apply(tx, [change_sets.define(tx.config, kind, key, body)])


async def test_it_needs_rights_of_its_own(company: Company) -> None:
    """Who may create orders may not yet import them; and nothing is looked at before."""
    before = await everything(company)
    with pytest.raises(NotAllowed) as refusal:
        await load(company, MAPPING, person=company.member, o=TEXT)
    assert refusal.value.right == "order.import"
    await configure(company, "role", "importer", **LABEL, grants=[{"object": "order", "actions": ["import", "create"]}])
    importer = await company.add_person("importer")
    with pytest.raises(NotAllowed) as refusal:
        await load(company, MAPPING, person=importer, o=TEXT)
    assert refusal.value.right == "order.update"
    assert {**await everything(company), "members": 0} == {
        **before,
        "members": 0,
        "definitions": before["definitions"] + 1,
        "change_sets": before["change_sets"] + 1,
        # The role was defined, which the audit log tells.
        "events": 1,
        "audit_chains": 1,
    }


async def test_the_importer_is_named(company: Company) -> None:
    await load(company, MAPPING, o=TEXT)
    events = await company.rows("SELECT DISTINCT kind, actor_kind, actor_name FROM events WHERE tenant_id = %(tenant)s")
    assert sorted(tuple(event.values()) for event in events) == [
        (kind, "member", "Olga Owner") for kind in ("created", "imported")
    ]
    assert {row["owner_id"] for row in await orders(company)} == {company.owner.id}


@pytest.mark.parametrize("wanted", [True, False])
async def test_automations_run_unless_the_mapping_says_no(company: Company, wanted: bool) -> None:
    """Each order that comes in sets them off, as one that is typed in does; the history is written either way."""
    await configure(
        company,
        "automation",
        "urge",
        **LABEL,
        events=["created"],
        condition={"lines": {"some": {"quantity": {"gt": "0"}}}},
        actions=[{"type": "set_field", "field": "priority", "value": "high"}],
    )
    summary = await load(company, MAPPING + f"automations: {str(wanted).lower()}\n", o=TEXT)
    assert counts(summary)["order"] == (40, 40, 0, 0, 0, 0)
    found = await everything(company)
    assert found["automation_runs"] == (40 if wanted else 0)
    # With those of the definition and of the import itself.
    assert found["events"] == 40 + 2


async def test_a_change_of_the_configuration_meanwhile(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """The batch is repeated under the new configuration; without a way to look at it, the call says that it is outdated."""
    monkeypatch.setattr("tenants.imports.run.BATCH", 20)
    write, batches = Writer._batch, 0

    async def changing(self: Writer, drafts: Sequence[Draft]) -> list[Outcome]:
        nonlocal batches
        batches += 1
        if batches == 2:
            await configure(company, "field", "order.extra", type="text", **LABEL)
        return await write(self, drafts)

    monkeypatch.setattr(Writer, "_batch", changing)
    caller, files = await company.caller(), {"o.csv": TEXT.encode()}
    with pytest.raises(Outdated):
        await run_import_texts(company.database, caller, MAPPING, files, dry_run=False)
    assert len(await orders(company)) == 10

    async def refresh() -> Caller:
        return await company.caller()

    summary = await run_import_texts(company.database, caller, MAPPING, files, dry_run=False, refresh=refresh)
    assert counts(summary)["order"] == (40, 30, 0, 10, 0, 0)
    assert len(await orders(company)) == 40


async def test_a_session_that_ends_meanwhile(company: Company) -> None:
    caller = await company.caller()
    await configure(company, "field", "order.extra", type="text", **LABEL)

    async def refresh() -> Caller:
        raise Conflict("busy")

    with pytest.raises(Conflict):
        await run_import_texts(
            company.database, caller, MAPPING, {"o.csv": TEXT.encode()}, dry_run=False, refresh=refresh
        )
    assert await orders(company) == []


async def test_gapless_numbers_stay_gapless(company: Company) -> None:
    await configure(company, "numbering", "order", pattern="G-{seq}", gapless=True)
    text = TEXT.replace("003,note,Tea,3.50", "003,note,Tea,-3.50").replace("007,note,Tea", "007,note,")
    assert counts(await load(company, MAPPING, dry_run=True, o=text))["order"] == (40, 38, 0, 0, 2, 0)
    assert counts(await load(company, MAPPING, o=text))["order"] == (40, 38, 0, 0, 2, 0)
    assert sorted(int(row["number"][2:]) for row in await orders(company)) == list(range(1, 39))


async def test_companies_do_not_meet(company: Company, new_company: NewCompany) -> None:
    """The same ids in another company are other records, and its records cannot be named."""
    other = await new_company()
    products = HEAD + "- {file: p.csv, record: product, external_id: id, fields: {sku: id, name: id, price: id}}\n"
    lined = MAPPING.replace("{name: item", "{product: item, name: item")
    await load(company, products, p="id\n7\n")
    text = "id,notes,item,price\n1,x,7,1\n"
    assert counts(await load(company, lined, o=text))["order"] == (1, 1, 0, 0, 0, 0)
    summary = await load(other, lined, o=text)
    assert rejected(summary) == [("o.csv", 2, "item: There is no product known as 7.")]
    assert counts(await load(other, MAPPING, o=text))["order"] == (1, 1, 0, 0, 0, 0)
    assert len(await orders(company)) == len(await orders(other)) == 1


async def test_a_void_order_stays_as_it_is(company: Company) -> None:
    await load(company, MAPPING, o="id,notes,item,price\n1,x,Tea,1\n")
    async with company.begin() as tx:
        await tx.execute("UPDATE orders SET voided_at = now(), status = 'void' WHERE tenant_id = %(tenant)s")
    summary = await load(company, MAPPING, o="id,notes,item,price\n1,y,Tea,1\n")
    assert counts(summary)["order"] == (1, 0, 0, 0, 1, 0)
    assert rejected(summary)[0][2].startswith("The order is void since ")


def names(target: Group) -> set[str]:
    """The fields of a target as the commands call them."""
    return {inner.input if isinstance(inner, Link) else name for name, inner in target.fields.items()}


async def test_an_import_fills_what_the_api_fills(company: Company) -> None:
    """Every field of the inputs has its place in a mapping, but for those that name records by Orderloom's own ids."""
    schema = build_schema(SCHEMA.read_text(encoding="utf-8"))
    config = (await company.caller()).config

    def inputs(name: str, *others: str) -> set[str]:
        kind = schema.type_map[name]
        assert isinstance(kind, GraphQLInputObjectType)
        return set(kind.fields) - {"externalId", "idempotencyKey", "custom", *others}

    assert names(targets("customer", config)) - {"custom"} == inputs("CreateCustomerInput")
    assert names(targets("product", config)) - {"custom"} == inputs("CreateProductInput")
    apart = ("lines", "customer", "shippingAddressId")
    assert names(targets("order", config)) - {"custom", "status"} == inputs("CreateOrderInput", *apart)
    assert names(Group(LINE)) == inputs("OrderLineInput", "id")


FILE = HEAD + "- {file: o.csv, record: order, external_id: id, "
LINES = "lines: [{name: item, unitPrice: price}]}"


@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [
        (
            FILE + "fields: {note: notes}, " + LINES,
            "o.csv, fields.note: there is no field 'note' here. Fields: customer, owner",
        ),
        (FILE + "fields: {custom: {a: notes}}, " + LINES, "o.csv, fields.custom.a: there is no field 'a' here"),
        (
            FILE + "fields: {notes: note}, " + LINES,
            "o.csv, fields.notes: the file has no column 'note'. Columns: id, notes, item",
        ),
        (FILE + "fields: {notes: {template: '{x} {id}'}}, " + LINES, "fields.notes: the file has no column 'x'"),
        (FILE + "fields: {notes: twice}, " + LINES, "o.csv, fields.notes: the file has more than one column 'twice'"),
        (FILE + "fields: {notes: {line1: notes}}, " + LINES, "fields.notes: this is one value"),
        (FILE + "fields: {customer: {name: notes}}, " + LINES, "fields.customer: this is another record"),
        (FILE + "fields: {shippingAddress: notes}, " + LINES, "fields.shippingAddress: this has fields of its own"),
        (
            FILE + "fields: {}, lines: {file: o.csv, order: number, fields: {}}}",
            "o.csv, lines.order: the file has no column",
        ),
        (
            FILE + "fields: {}, lines: {file: l.csv, order: id, fields: {}}}",
            "l.csv, lines.file: the file cannot be read: ",
        ),
        (FILE + "fields: {}, lines: [{nam: item}]}", "o.csv, lines.0.nam: there is no field 'nam'"),
        (FILE + "fields: {}}", "o.csv, lines: orders need lines"),
        (
            FILE + "fields: {status: {const: void}}, " + LINES,
            "fields.status.const: void is not one of the options: draft,",
        ),
        (
            FILE + "fields: {status: {cases: [{when: {column: id, equals: 1}, then: gone}]}}, " + LINES,
            "status.cases.0.then: gone is not",
        ),
        (
            FILE + "fields: {priority: {column: id, map: {1: asap}}}, " + LINES,
            "fields.priority.map.1: asap is not one of the options",
        ),
        (
            FILE + "fields: {promisedAt: {const: soon}}, " + LINES,
            "fields.promisedAt.const: soon is not a date and time",
        ),
        (FILE + "fields: {notes: {const: true}}, " + LINES, "fields.notes.const: True is not a text"),
        (
            HEAD + "- {file: o.csv, record: customer, external_id: nr, fields: {phones: notes}}",
            "fields.phones: this is a list",
        ),
        (
            HEAD + "- {file: o.csv, record: customer, external_id: nr, fields: {}, " + LINES,
            "o.csv, lines: only orders have lines",
        ),
        (
            HEAD + "- {file: x.csv, record: customer, external_id: id, fields: {name: id}}",
            "x.csv, file: the file cannot be read",
        ),
    ],
)
async def test_a_mapping_that_does_not_fit_touches_nothing(company: Company, mapping: str, sentence: str) -> None:
    """One clear error with its place, before anything is written, even where an earlier file is sound."""
    before = await everything(company)
    sound = "- {file: p.csv, record: product, external_id: id, fields: {sku: id, name: id}}\n"
    with pytest.raises(InvalidInput) as refusal:
        await load(company, mapping.replace(HEAD, HEAD + sound), p="id\n1\n", o="id,notes,item,price,twice,twice\n")
    assert sentence in str(refusal.value)
    assert await everything(company) == before


async def test_what_comes_with_a_call_is_bounded(company: Company) -> None:
    """Unpacked: a small file may hold a large one."""
    for content in (b"x" * (MOST_BYTES + 1), gzip.compress(b"x" * (MOST_BYTES + 1))):
        with pytest.raises(LimitExceeded) as refusal:
            await load(company, MAPPING, o=content)
        assert refusal.value.code == "import.too_large"
    assert counts(await load(company, MAPPING, o=gzip.compress(TEXT.encode())))["order"][:2] == (40, 40)


async def test_files_on_disk(company: Company, tmp_path: Path) -> None:
    """Found in the folders that were told, in turn, or beside the mapping; the bar is told of every file's last line."""
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(MAPPING, encoding="utf-8-sig")
    told: list[tuple[str, int, int]] = []
    with pytest.raises(InvalidInput, match=r"o\.csv, file: the file cannot be read: No such file"):
        await run_import(company.database, company.callers, company.id, mapping)
    (tmp_path / "o.csv").write_text(TEXT)
    (tmp_path / "second" / "o.csv").write_text(TEXT.replace("note,", "better,"))
    await run_import(company.database, company.callers, company.id, mapping, progress=lambda *step: told.append(step))
    assert told == [("o.csv", 41, 41)]
    assert {row["notes"] for row in await orders(company)} == {"note"}
    folders = [tmp_path / "first", tmp_path / "second"]
    actor = system("night shift", "zh")
    summary = await run_import(company.database, company.callers, company.id, mapping, folders=folders, actor=actor)
    assert counts(summary)["order"] == (40, 0, 40, 0, 0, 0)
    assert {row["notes"] for row in await orders(company)} == {"better"}
    with pytest.raises(InvalidInput, match=r"nothing\.yaml: the file cannot be read: No such file"):
        await run_import(company.database, company.callers, company.id, tmp_path / "nothing.yaml")


async def test_taken_keys_come_with_all_that_is_wrong(company: Company) -> None:
    """Also those that an earlier row of the same batch has brought; all rows are told of at once."""
    async with company.begin() as tx:
        await create_product(tx, {"sku": "A", "name": "Apple", "externalId": "old"})
    mapping = (
        HEAD + "  - {file: p.csv, record: product, external_id: id, fields: {sku: sku, name: name, taxRate: tax}}\n"
    )
    text = "id,sku,name,tax\n1,A,Ape,0\n2,B,Bean,0\n3,B,Bolt,7\n4,C,Cup,0\nold,D,Dog,0\n6,A,Ant,0\n"
    summary = await load(company, mapping, p=text)
    assert rejected(summary) == [
        ("p.csv", 2, "sku: A is already in use. Choose another."),
        (
            "p.csv",
            4,
            'tax: 7 is not a rate from 0 to 1; write 10 % as "0.1". sku: B is already in use. Choose another.',
        ),
    ]
    rows = await company.rows("SELECT external_id, sku FROM products WHERE tenant_id = %(tenant)s ORDER BY external_id")
    assert [(row["external_id"], row["sku"]) for row in rows] == [("2", "B"), ("4", "C"), ("6", "A"), ("old", "D")]
