"""Files: taken in over plain HTTP, hung on records, given out to who may read those, forgotten when nothing points at them."""

import asyncio
import hashlib
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import httpx2
import pytest

import server.files
from server.files import LONGEST_SILENCE_SECONDS
from tenants import chores, usage
from tenants.database import Database
from tenants.files import storing
from tenants.files.hanging import LOOK_UP, hang, take_off, unfit
from tenants.files.kinds import KINDS
from tenants.files.storing import CHUNK, LARGEST, MOST_LOOSE, named
from tenants.problems import FieldError, InvalidInput
from tenants.quotas import Quotas
from tests.conftest import NewCompany
from tests.documents import an_order, stored
from tests.harness import Client, Company, Person, Row

pytestmark = pytest.mark.anyio

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
FILES = "query ($id: ID!) { order(id: $id) { files { nodes { id name contentType size url createdBy { name } } totalCount } } }"


async def upload(
    company: Company,
    content: bytes = PNG,
    *,
    name: str = "photo.png",
    content_type: str = "image/png",
    person: Person | None = None,
    language: str = "en",
) -> httpx2.Response:
    assert company.client is not None
    headers = {
        "authorization": f"Bearer {(person or company.owner).token}",
        "content-type": content_type,
        "accept-language": language,
    }
    return await company.client.http.post("/files", params={"name": name}, content=content, headers=headers)


async def uploaded(company: Company, content: bytes = PNG, person: Person | None = None, **more: str) -> UUID:
    response = await upload(company, content, person=person, **more)
    assert response.status_code == 201, response.text
    return UUID(response.json()["id"])


async def download(company: Company, file_id: object, person: Person | None = None) -> httpx2.Response:
    assert company.client is not None
    token = (person or company.owner).token
    return await company.client.http.get(f"/files/{file_id}", headers={"authorization": f"Bearer {token}"})


async def hung(company: Company, order: Row, ids: Sequence[UUID], person: Person | None = None) -> list[FieldError]:
    """Hang files at a field of an order, or say what speaks against it."""
    place = ("order", UUID(order["id"]), "custom.papers")
    async with company.begin(person) as tx:
        found = await tx.fetch_all(LOOK_UP, files=list(ids))
        errors = list(unfit(tx, found, ids, place, ("files",)))
        if not errors:
            await hang(tx, place, ids)
    return errors


async def files_left(company: Company) -> list[tuple[int, int]]:
    """Each file's size as it is told, and as its parts have it."""
    rows = await company.rows("""
        SELECT f.size, coalesce((SELECT sum(length(c.content)) FROM file_chunks c
                                 WHERE c.tenant_id = f.tenant_id AND c.file_id = f.id), 0)::bigint AS held
        FROM stored_files f WHERE f.tenant_id = %(tenant)s ORDER BY f.created_at""")
    return [(row["size"], row["held"]) for row in rows]


async def age(company: Company, **by: int) -> None:
    await company.rows(
        "UPDATE stored_files SET loose_since = loose_since - %(by)s WHERE tenant_id = %(tenant)s RETURNING id",
        by=timedelta(**by),
    )


@pytest.mark.parametrize("size", [9, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5])
async def test_a_file_comes_back_as_it_went_in(company: Company, client: Client, size: int) -> None:
    content = (PNG * (size // len(PNG) + 1))[:size]
    response = await upload(company, content, name="C:\\photos\\Rechnung für 张伟.PNG")
    assert response.status_code == 201
    told = response.json()
    assert told | {"id": "", "createdAt": "", "url": ""} == {
        "id": "",
        "name": "Rechnung für 张伟.PNG",
        "contentType": "image/png",
        "size": size,
        "url": "",
        "createdAt": "",
    }
    assert told["url"] == response.headers["location"] == f"/files/{told['id']}"
    found = await download(company, told["id"])
    assert (found.status_code, found.content) == (200, content)
    digest = b64encode(hashlib.sha256(content).digest()).decode()
    wanted = {
        "content-type": "image/png",
        "content-length": str(size),
        "content-disposition": "attachment; filename*=UTF-8''Rechnung%20f%C3%BCr%20%E5%BC%A0%E4%BC%9F.PNG",
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
        "cache-control": "private, no-store",
        "repr-digest": f"sha-256=:{digest}:",
    }
    assert {name: found.headers[name] for name in wanted} == wanted
    assert await files_left(company) == [(size, size)]
    head = await client.http.head(told["url"], headers={"authorization": f"Bearer {company.owner.token}"})
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(size))


@pytest.mark.parametrize(
    ("content", "name", "content_type", "status", "message"),
    [
        (PNG, "", "image/png", 400, "'' is no name of a file: 1 to 200 characters, with an ending such as .pdf."),
        (PNG, "../../", "image/png", 400, "'../../' is no name of a file: 1 to 200 characters, with an ending such as .pdf."),
        (PNG, "a\nb.png", "image/png", 400, "'a\nb.png' is no name of a file: 1 to 200 characters, with an ending such as .pdf."),
        (PNG, "photo", "image/png", 400, "'photo' is no name of a file: 1 to 200 characters, with an ending such as .pdf."),
        (PNG, "photo.exe", "image/png", 400, "A file of the type 'image/png' has a name that ends with .png; 'photo.exe' does not."),
        (b"<svg/>", "a.svg", "image/svg+xml", 400, None),
        (b"<html>", "a.html", "text/html", 400, None),
        (b"<!DOCTYPE html><script>", "a.txt", "text/plain", 400, "The content of 'a.txt' is not of the type 'text/plain'."),
        (b"MZ\x90\x00" + PNG, "photo.png", "image/png", 400, "The content of 'photo.png' is not of the type 'image/png'."),
        (b"MZ" + bytes(CHUNK), "photo.png", "image/png", 400, "The content of 'photo.png' is not of the type 'image/png'."),
        (b"", "photo.png", "image/png", 400, "The file 'photo.png' is empty."),
        (PNG + bytes(LARGEST), "photo.png", "image/png", 413, "A file may have 20 MiB; this one has more."),
    ],
)  # fmt: skip
async def test_what_is_no_file_is_refused_and_leaves_nothing(
    company: Company, client: Client, content: bytes, name: str, content_type: str, status: int, message: str | None
) -> None:
    before = await stored(company)
    response = await upload(company, content, name=name, content_type=content_type)
    (error,) = response.json()["errors"]
    assert response.status_code == status
    if message is None:
        assert error["message"].startswith(
            f"Files of the type '{content_type}' cannot be attached. These can: csv, doc,"
        )
    else:
        assert error["message"] == message
    assert await stored(company) == before
    assert await files_left(company) == []


async def test_a_stream_that_tells_no_length_is_bounded_as_well(company: Company, client: Client) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield PNG
        while True:
            sent += CHUNK
            yield bytes(CHUNK)

    headers = {"authorization": f"Bearer {company.owner.token}", "content-type": "image/png"}
    response = await client.http.post("/files?name=a.png", content=endless(), headers=headers)
    assert (response.status_code, response.json()["errors"][0]["extensions"]["reason"]) == (413, "FILE_TOO_LARGE")
    assert sent <= LARGEST + CHUNK
    assert await files_left(company) == []


async def test_who_falls_silent_is_not_waited_for(
    company: Company, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert LONGEST_SILENCE_SECONDS > 1
    monkeypatch.setattr(server.files, "LONGEST_SILENCE_SECONDS", 0.05)

    async def silent() -> AsyncIterator[bytes]:
        yield PNG
        await asyncio.sleep(30)
        yield PNG

    headers = {"authorization": f"Bearer {company.owner.token}", "content-type": "image/png"}
    response = await client.http.post("/files?name=a.png", content=silent(), headers=headers)
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (408, "TIMEOUT")
    assert await files_left(company) == []


async def test_who_leaves_amid_an_upload_leaves_nothing(company: Company, address: str, client: Client) -> None:
    """On a real connection, which is cut after a part of the file has been kept."""
    reader, writer = await asyncio.open_connection(*address.split(":"))
    head = f"POST /files?name=a.png HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {company.owner.token}\r\n"
    writer.write(f"{head}Content-Type: image/png\r\nContent-Length: {2 * CHUNK}\r\n\r\n".encode() + PNG + bytes(CHUNK))
    async with asyncio.timeout(10):
        while await files_left(company) != [(0, CHUNK)]:  # noqa: ASYNC110  (a row sets no event)
            await asyncio.sleep(0.01)
        writer.close()
        while await files_left(company):  # noqa: ASYNC110  (a row sets no event)
            await asyncio.sleep(0.01)
    assert await reader.read() == b""


async def test_a_file_is_its_uploaders_until_it_hangs_on_a_record(company: Company, client: Client) -> None:
    """Then it is everybody's who may read the record, and in the record's list."""
    order = await an_order(company)
    first, second = await uploaded(company), await uploaded(company, name="other.png")
    for person in (company.member, company.read_only):
        assert (await download(company, first, person)).status_code == 404
    nobody = await company.add_person()
    assert await hung(company, order, [first]) == []
    assert (await download(company, first, company.read_only)).content == PNG
    assert (await download(company, first, nobody)).status_code == 404
    shown = {"id": str(first), "name": "photo.png", "contentType": "image/png", "size": len(PNG)}
    shown |= {"url": f"/files/{first}", "createdBy": {"name": "Olga Owner"}}
    files = (await company.data(FILES, {"id": order["id"]}, person=company.read_only))["order"]["files"]
    assert files == {"nodes": [shown], "totalCount": 1}
    # By its name, as any related record: in a condition of the list.
    named_so = "query ($name: String!) { orders(where: {files: {some: {name: {eq: $name}}}}) { totalCount } }"
    assert (await company.data(named_so, {"name": "photo.png"}))["orders"]["totalCount"] == 1
    assert (await company.data(named_so, {"name": "other.png"}))["orders"]["totalCount"] == 0
    assert (await download(company, second, company.read_only)).status_code == 404


async def test_a_right_that_is_taken_away_takes_the_file_away(company: Company, client: Client) -> None:
    order = await an_order(company)
    file_id = await uploaded(company)
    await hung(company, order, [file_id])
    assert (await download(company, file_id, company.member)).status_code == 200
    await company.rows(
        "UPDATE members SET roles = '{}' WHERE tenant_id = %(tenant)s AND id = %(id)s RETURNING id",
        id=company.member.id,
    )
    async with company.database.connection() as connection:
        await connection.execute("UPDATE sessions SET stamp = stamp + 1 WHERE member_id = %s", [company.member.id])
    assert (await download(company, file_id, company.member)).status_code == 404
    async with company.database.connection() as connection:
        await connection.execute("UPDATE sessions SET revoked_at = now() WHERE member_id = %s", [company.member.id])
    assert (await download(company, file_id, company.member)).status_code == 401


async def test_another_companys_file_is_one_that_never_existed(
    company: Company, new_company: NewCompany, client: Client
) -> None:
    """Whether it is asked for or hung on a record; and its id is told nowhere."""
    other = await new_company()
    foreign = await uploaded(other)
    theirs, ours = await an_order(other), await an_order(company)
    assert await hung(other, theirs, [foreign]) == []
    unknown = uuid4()
    answers = [await download(company, file_id) for file_id in (foreign, unknown)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].text.replace(str(foreign), "") == answers[1].text.replace(str(unknown), "")
    assert (await download(company, "no-id")).status_code == 404
    before = await stored(other)
    for file_id in (foreign, unknown):
        (error,) = await hung(company, ours, [file_id])
        assert (error.path, error.code) == (("files", 0), "value.unknown_record")
    assert await stored(other) == before


async def test_a_file_hangs_at_one_place(company: Company, client: Client) -> None:
    """Its uploader hangs it up; once it hangs, it cannot be hung elsewhere, and can be taken off and put back."""
    first, second = await an_order(company), await an_order(company)
    file_id = await uploaded(company, person=company.member)
    (error,) = await hung(company, first, [file_id])
    assert error.code == "value.unknown_record"
    assert await hung(company, first, [file_id], company.member) == []
    (error,) = await hung(company, second, [file_id], company.member)
    assert (error.code, error.text("en")) == (
        "file.hangs",
        f"The file '{file_id}' hangs on another record, or at another place of this one. Upload it again.",
    )
    # Whose it is not, and who looks from another record, learns nothing of it.
    (error,) = await hung(company, second, [file_id])
    assert error.code == "value.unknown_record"
    async with company.begin() as tx:
        await take_off(tx, [file_id])
    assert (await company.data(FILES, {"id": first["id"]}))["order"]["files"]["totalCount"] == 0
    assert await hung(company, first, [file_id]) == []
    assert (await company.data(FILES, {"id": first["id"]}))["order"]["files"]["totalCount"] == 1


async def test_what_nothing_points_at_is_forgotten_after_a_day(
    company: Company, client: Client, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that hang stay; loose ones and such that never arrived whole go, with their parts."""
    order = await an_order(company)
    kept, loose, off = [await uploaded(company) for _ in range(3)]
    assert await hung(company, order, [kept, off]) == []
    async with company.begin() as tx:
        await take_off(tx, [off])
        await tx.insert(
            "stored_files",
            {"id": uuid4(), "name": "half.png", "content_type": "image/png", "created_by_id": company.owner.id,
             "created_at": tx.now, "loose_since": tx.now},
        )  # fmt: skip
    await age(company, hours=23)
    await chores.forget_files(database)
    assert len(await files_left(company)) == 4
    await age(company, hours=2)
    assert await chores.forget_files(database) >= 3
    assert await files_left(company) == [(len(PNG), len(PNG))]
    assert [(await download(company, file_id)).status_code for file_id in (kept, loose, off)] == [200, 404, 404]
    assert await company.rows("SELECT 1 FROM file_chunks WHERE NOT file_id = %(kept)s", kept=kept) == []


async def test_files_count_into_the_quota(company: Company, client: Client, database: Database) -> None:
    """What came since it was last measured counts at once; the refusal names the quota and leaves nothing."""
    content = PNG + bytes(2**20)
    size, measured = 0, 2**21
    # A table's room is shared out by rows, and what is known of those may be counted anew at any time.
    while abs(measured - size) > 2**18:
        size = measured
        await usage.set_quotas(database, company.id, Quotas(storage_bytes=size + 2**21))
        (row,) = await company.rows("SELECT storage_bytes FROM usage_days WHERE tenant_id = %(tenant)s")
        measured = row["storage_bytes"]
    for _ in range(2):
        await uploaded(company, content)
    response = await upload(company, content)
    assert response.status_code == 403
    assert response.json()["errors"][0]["extensions"]["reason"] == "LIMIT_QUOTA_STORAGE_BYTES"
    assert len(await files_left(company)) == 2
    await usage.set_quotas(database, company.id, Quotas())
    (grown,) = await company.rows("SELECT storage_bytes FROM usage_days WHERE tenant_id = %(tenant)s")
    assert grown["storage_bytes"] >= 2 * len(content)


async def test_who_may_write_nothing_uploads_nothing(company: Company, client: Client) -> None:
    response = await upload(company, person=company.read_only)
    (error,) = response.json()["errors"]
    assert (response.status_code, error["extensions"]["right"]) == (403, "order.update")
    assert client is not None
    for headers, status in (({}, 401), ({"authorization": "Bearer wrong"}, 401), ({"authorization": "Basic x"}, 401)):
        answer = await client.http.post(
            "/files?name=a.png", content=PNG, headers={"content-type": "image/png"} | headers
        )
        assert answer.status_code == status
    assert await files_left(company) == []


async def test_nobody_hoards_loose_files(company: Company, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_LOOSE == 100
    monkeypatch.setattr(storing, "MOST_LOOSE", 2)
    for _ in range(2):
        await uploaded(company)
    response = await upload(company, language="zh")
    assert response.json()["errors"][0]["extensions"]["reason"] == "FILE_TOO_MANY_LOOSE"
    # Others have room of their own.
    await uploaded(company, person=company.member)
    assert len(await files_left(company)) == 3


@pytest.mark.parametrize("content_type", KINDS)
def test_each_kind_knows_its_endings_and_not_those_of_others(content_type: str) -> None:
    kind = KINDS[content_type]
    for other, known in KINDS.items():
        for ending in known.endings:
            if other == content_type:
                assert named(f"a.{ending.upper()}", content_type).kind is kind
            else:
                with pytest.raises(InvalidInput):
                    named(f"a.{ending}", content_type)
    assert not kind.fits(b"\x00\x01\x02 no such thing")
