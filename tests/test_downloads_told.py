"""Files that somebody has are in the audit log, one entry for each time (point 7 of issue 5)."""

import pytest

from tests.documents import an_order, unchanged
from tests.harness import Client, Company, Drain
from tests.test_audit_log import about, entries
from tests.test_exports import content
from tests.test_files import PNG, download, hung, uploaded
from tests.test_keys import a_key, as_person

pytestmark = pytest.mark.anyio


async def test_each_download_is_told(company: Company, client: Client, work: Drain) -> None:
    """Of an attachment with its record, of an export with what it is of; by members and keys; refused and headless ones are none."""
    order, file_id = await an_order(company), await uploaded(company)
    assert await hung(company, order, [file_id]) == []
    key, bare = as_person(await a_key(company)), await company.add_person(name="Bare")
    async with unchanged(company):
        headers = {"authorization": f"Bearer {company.owner.token}"}
        assert (await client.http.head(f"/files/{file_id}", headers=headers)).status_code == 200
        assert (await download(company, file_id, bare)).status_code == 404
        assert (await download(company, order["id"])).status_code == 404
    for person in (company.read_only, company.read_only, key):
        assert (await download(company, file_id, person)).content == PNG
    assert "number" in await content(company, work, "CSV")
    found = await entries(company, kind={"eq": "FILE_DOWNLOADED"})
    assert [(entry["actorName"], about(entry)) for entry in found] == [
        ("Rita Reader", ("member", str(company.read_only.id))),
        ("Rita Reader", ("member", str(company.read_only.id))),
        ("ERP (Olga Owner)", ("key", str(key.id))),
        ("Olga Owner", ("member", str(company.owner.id))),
    ]
    hanging, *_, exported = ({name: to for name, (_, to) in entry["details"].items()} for entry in found)
    assert hanging == {
        "file": str(file_id),
        "name": "photo.png",
        "size": len(PNG),
        "recordType": "order",
        "record": order["id"],
        "address": "127.0.0.1",
    }
    assert (exported["exported"], exported["name"].endswith(".csv"), "record" in exported) == ("order", True, False)
