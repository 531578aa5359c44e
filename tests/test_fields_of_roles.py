"""Every readable field for every built-in role of both companies (T7): selected, filtered and ordered by, against a written table."""

import pytest

from tenants.records.rights import GUARDED
from tests.conftest import NewCompany
from tests.documents import CREATE_CUSTOMER, CREATE_PRODUCT, an_order, done
from tests.harness import Client, Company, Person, Row
from tests.rights import ROLES
from tests.test_field_rights_matrix import FIELDS, documents

pytestmark = pytest.mark.anyio

# The fields of `FIELDS` that the portal does not see; all the others are there for every role, and members are closed to it as a whole.
CLOSED_TO_PORTAL: dict[str, str] = {
    "order": "externalId statusDueAt statusReason lifeCycle nextSteps voiding channel priority owner tags notes voidedBy voidReason"
    " voidNote automationRuns shares lines.externalId",
    "customer": "externalId company people owner notes tags files shares",
    "product": "externalId orderLines files shares",
}
# How many ways to learn a field are asked for in one request.
AT_ONCE = 8


def missing_right(role: str, record: str, path: str) -> str | None:
    """The right for want of which a role may not learn the field."""
    owner, _ = GUARDED[record]
    if role != "portal":
        return None
    if owner == "member":
        return "member.read"
    return f"{owner}.read.{path}" if path in CLOSED_TO_PORTAL[owner].split() else None


def fields_of(record: str) -> list[str]:
    owner, beginning = GUARDED[record]
    return [path for path in FIELDS[owner].split() if (path.startswith(beginning) if beginning else "." not in path)]


def test_the_table_names_fields_that_there_are() -> None:
    for owner, closed in CLOSED_TO_PORTAL.items():
        assert set(closed.split()) <= set(FIELDS[owner].split())


@pytest.mark.parametrize("record", GUARDED)
async def test_each_field_for_each_role_of_both_companies(
    company: Company, client: Client, new_company: NewCompany, record: str
) -> None:
    """The same is refused in both, and what is not gives another company nothing of this one."""
    customer = await done(company, CREATE_CUSTOMER, name="Topsecret")
    product = await done(company, CREATE_PRODUCT, sku="Topsecret", name="Topsecret")
    line = {"productId": product["id"], "name": "Topsecret", "unitPrice": "1"}
    await an_order(company, customerId=customer["id"], notes="Topsecret", lines=[line])
    _, beginning = GUARDED[record]
    ways = [
        (path, document[1:-1].strip())
        for path in fields_of(record)
        for document in documents(record, path.removeprefix(beginning))
    ]
    other = await new_company()
    for role in ROLES:
        closed = [(path, way, right) for path, way in ways if (right := missing_right(role, record, path))]
        opened = [way for path, way in ways if missing_right(role, record, path) is None]
        for each in (company, other):
            person = await each.add_person(role)
            for path, way, right in closed:
                assert await refused_for(each, f"{{ {way} }}", role, person) == {right}, (role, path, way)
            told = ""
            for some in range(0, len(opened), AT_ONCE):
                asked = " ".join(f"w{place}: {way}" for place, way in enumerate(opened[some : some + AT_ONCE]))
                told += str(await each.data(f"{{ {asked} }}", person=person))
            assert ("opsecret" in told) == (each is company and sees(role, record)), (role, each is company)
            assert each is company or record == "member" or "'totalCount': 1" not in told


def sees(role: str, record: str) -> bool:
    """Whether a role is told what the records of the test say: the portal is told of products alone, as nobody's customer."""
    return record != "member" and (role != "portal" or record == "product")


async def refused_for(company: Company, document: str, role: str, person: Person) -> set[str]:
    """The rights for want of which a document was refused; other errors fail the test."""
    answer = await company.graphql(document, person=person)
    errors: list[Row] = answer.get("errors", [])
    assert all(error["extensions"]["code"] == "NOT_ALLOWED" for error in errors), (role, document, errors)
    return {error["extensions"]["right"] for error in errors}
