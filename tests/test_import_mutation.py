"""Imports through GraphQL: the mutation `importRecords`. What a mapping can say is in `test_imports.py`."""

import base64

from tests.harness import Client, Company, Row

IMPORT = """
mutation($input: ImportRecordsInput!) { importRecords(input: $input) {
  __typename
  ... on ImportPayload {
    dryRun files { file record encoding read created updated unchanged rejected leftOut }
    rejected { file line externalId reasons }
  }
  ... on InvalidInput { errors { path message } }
  ... on Problem { code message }
} }
"""
MAPPING = """
orderloom-import: 1
files:
  - file: people.csv
    record: customer
    external_id: id
    fields: {name: name}
  - file: orders.csv
    record: order
    external_id: id
    fields: {customer: person, channel: {const: fax}}
    lines:
      file: lines.csv
      order: order
      external_id: id
      fields: {name: item, quantity: quantity, unitPrice: price}
"""
FILES = {
    "people.csv": "id,name\nC1,Ada\nC2,Bo, the second\nC3,Cy\n",
    "orders.csv": "id,person\nO1,C1\nO2,C3\nO3,C2\n",
    "lines.csv": "id,order,item,quantity,price\nL1,O1,Pen,2,1.25\nL2,O1,Ink,1,4.10\nL3,O2,Pen,many,1.25\n",
}
ORDERS = "{ orders(orderBy: [{externalId: ASC}]) { nodes { externalId channel customer { name } total { amount } lines { totalCount } } } }"


def files() -> list[Row]:
    return [{"name": name, "text": text} for name, text in FILES.items()]


async def run(company: Company, **changes: object) -> Row:
    data = await company.data(IMPORT, {"input": {"mapping": MAPPING, "files": files(), **changes}})
    result: Row = data["importRecords"]
    return result


async def test_sound_rows_come_in_whole_and_the_others_are_named(company: Company, client: Client) -> None:
    """A row with a comma too many, an order with a bad line, and one of a customer that was rejected."""
    result = await run(company)
    assert result["__typename"] == "ImportPayload", result
    counts = {
        file["file"]: [file[name] for name in ("read", "created", "updated", "unchanged", "rejected", "leftOut")]
        for file in result["files"]
    }
    assert counts == {
        "people.csv": [3, 2, 0, 0, 1, 0],
        "orders.csv": [3, 1, 0, 0, 2, 0],
        "lines.csv": [3, 2, 0, 0, 1, 0],
    }
    assert [(row["file"], row["line"], row["externalId"]) for row in result["rejected"]] == [
        ("people.csv", 3, "C2"),
        ("orders.csv", 3, "O2"),
        ("orders.csv", 4, "O3"),
        ("lines.csv", 4, "O2"),
    ]
    assert "3 fields, the header has 2" in result["rejected"][0]["reasons"][0]
    assert "many is not a decimal number" in result["rejected"][3]["reasons"][0]
    orders = (await company.data(ORDERS))["orders"]["nodes"]
    assert orders == [
        {
            "externalId": "O1",
            "channel": "fax",
            "customer": {"name": "Ada"},
            "total": {"amount": "6.60"},
            "lines": {"totalCount": 2},
        }
    ]


async def test_a_dry_run_says_the_same_and_keeps_nothing(company: Company, client: Client) -> None:
    rehearsed = await run(company, dryRun=True)
    assert (await company.data(ORDERS))["orders"]["nodes"] == []
    assert await company.rows("SELECT id FROM events WHERE tenant_id = %(tenant)s") == []
    done = await run(company)
    assert rehearsed["dryRun"] is True
    assert done["dryRun"] is False
    assert (rehearsed["files"], rehearsed["rejected"]) == (done["files"], done["rejected"])


async def test_a_second_time_changes_nothing(company: Company, client: Client) -> None:
    await run(company)
    events = await company.rows("SELECT id FROM events WHERE tenant_id = %(tenant)s ORDER BY id")
    again = await run(company)
    assert [file["unchanged"] for file in again["files"]] == [2, 1, 2]
    assert [file["created"] + file["updated"] for file in again["files"]] == [0, 0, 0]
    assert await company.rows("SELECT id FROM events WHERE tenant_id = %(tenant)s ORDER BY id") == events


async def test_content_as_bytes(company: Company, client: Client) -> None:
    """Another encoding than UTF-8 travels as base64; a file has one content."""
    mapping = "orderloom-import: 1\nfiles: [{file: p.csv, record: product, external_id: 编号, fields: {sku: 编号, name: 名称}}]"
    content = base64.b64encode("编号,名称\nA,龙井茶\n".encode("gb18030")).decode()
    result = await run(company, mapping=mapping, files=[{"name": "p.csv", "base64": content}])
    assert result["files"][0]["encoding"] == "gb18030"
    products = await company.data("{ products { nodes { sku name } } }")
    assert products["products"]["nodes"] == [{"sku": "A", "name": "龙井茶"}]
    for given in ({}, {"text": "x", "base64": "eA=="}, {"base64": "not base64"}):
        refused = await run(company, mapping=mapping, files=[{"name": "p.csv", **given}])
        assert (refused["__typename"], refused["errors"][0]["path"][:2]) == ("InvalidInput", ["files", "0"])


async def test_a_mapping_that_cannot_be_used(company: Company, client: Client) -> None:
    """Nothing is read or written before the whole mapping is understood."""
    result = await run(company, mapping=MAPPING.replace("item,", "article,").replace("name: item", "name: article"))
    assert result["__typename"] == "InvalidInput"
    assert "article" in result["errors"][0]["message"]
    assert await company.rows("SELECT id FROM events WHERE tenant_id = %(tenant)s") == []


async def test_too_much_for_one_call(company: Company, client: Client) -> None:
    result = await run(company, files=[{"name": "people.csv", "text": "id,name\n" + f"x,{'y' * 97}\n" * 9_100}])
    assert (result["__typename"], result["code"]) == ("LimitExceeded", "IMPORT_TOO_LARGE")


async def test_the_status_of_known_orders_stays_and_is_counted(company: Company, client: Client) -> None:
    """STA-3, CUS-3: an import is no way around the life cycle, and says where the file has it otherwise."""
    mapping = """orderloom-import: 1
files:
  - file: orders.csv
    record: order
    external_id: id
    fields: {status: status, notes: notes}
    lines: [{name: item, unitPrice: price}]
"""
    head = "id,status,notes,item,price\n"
    wanted = "importRecords(input: $input) { ... on ImportPayload { summary files { created updated unchanged statusKept } } ... on Problem { message } }"
    document = f"mutation($input: ImportRecordsInput!) {{ {wanted} }}"
    results = []
    for rows in (
        "A,draft,x,Pen,1\nB,confirmed,x,Pen,1\nC,draft,x,Pen,1\n",
        "A,shipped,x,Pen,1\nB,confirmed,y,Pen,1\nC,shipped,y,Pen,1\n",
    ):
        given = {"mapping": mapping, "files": [{"name": "orders.csv", "text": head + rows}]}
        result = (await company.data(document, {"input": given}))["importRecords"]
        assert "message" not in result, result
        results.append(result)
    assert [result["files"] for result in results] == [
        [{"created": 3, "updated": 0, "unchanged": 0, "statusKept": 0}],
        [{"created": 0, "updated": 2, "unchanged": 1, "statusKept": 2}],
    ]
    assert [len(result["summary"]) for result in results] == [1, 2]
    assert results[1]["summary"][1] == (
        "orders.csv: orders whose status was left as it is here, where the file has another: 2."
        " A status is imported with new orders only."
    )
    found = await company.data("{ orders(orderBy: [{externalId: ASC}]) { nodes { status { key } } } }")
    assert [order["status"]["key"] for order in found["orders"]["nodes"]] == ["draft", "confirmed", "draft"]
