"""Two demo companies with people, customers, products and orders, for whoever starts the product to look around.

The passwords are public. Only `orderloom seed-demo` calls this, which first looks whether anybody else could reach what is
seeded: demo companies belong on the embedded services of one machine, never into an instance that is open to others.

Everything is done by the house's own commands, in transactions of its own, in the order of `demo_data/*.yaml`. What is
there already is known by the history of its creation, which nobody can change: so a second run does nothing, a run after
a crash goes on where the first one ended, and whatever people did with the companies meanwhile stays as they left it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from importlib import resources
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML

from tenants.actors import MEMBER, Actor, system
from tenants.callers import Callers
from tenants.companies import NewCompany, company_id, create_company
from tenants.customers import create_customer
from tenants.database import ENTER, Caller, Database
from tenants.orders import change_status, create_order, void_order
from tenants.people import create_member
from tenants.products import create_product
from tenants.transaction import Transaction, begin

PASSWORD = "orderloom-demo"  # noqa: S105  (public by intention)
COMPANIES = ("cedar", "longjing")
FIRST_QUERY = """\
{
  orders(first: 5) {
    totalCount
    nodes { number status { label } customer { name } total { amount currency } nextSteps { label allowed } }
  }
}"""

Values = dict[str, Any]
_DAY = re.compile(r"today([+-]\d+)?(?: (\d\d:\d\d))?")

# Ids grow with time, so what the demo made is at the beginning, however much people did afterwards.
_FIRST_EVENTS = "SELECT * FROM events WHERE tenant_id = %(tenant)s ORDER BY id LIMIT 5000"
# The keys of the data file, by which the records that were made from it are found again.
_MADE = f"""
SELECT e.record_type, c.new #>> '{{}}' AS key, e.record_id
FROM ({_FIRST_EVENTS}) e, jsonb_to_recordset(e.changes) AS c(field text, new jsonb)
WHERE e.kind = 'created' AND c.field = CASE e.record_type WHEN 'product' THEN 'sku' ELSE 'externalId' END
"""  # noqa: S608  (SQL of ours; values are parameters)
# Steps that people took; what automations did (depth above 0) is not in the data file.
_STEPS = f"""
SELECT e.record_id, count(*) AS taken FROM ({_FIRST_EVENTS}) e
WHERE e.record_type = 'order' AND e.kind IN ('status_changed', 'voided') AND e.depth = 0
GROUP BY e.record_id
"""  # noqa: S608  (SQL of ours; values are parameters)
_MEMBERS = "SELECT id, name, email, roles, language FROM members WHERE tenant_id = %(tenant)s"


async def seed(database: Database, address: str = "") -> str:
    """Found the demo companies, or complete them, and say how to sign in, as a text for the terminal.

    ``address`` is the URL at which the web server answers. A company of the same short name that is not ours is left
    alone. Raises the house's problems where a half-filled company was changed so that the rest does not fit any more.
    """
    ours = [text for slug in COMPANIES if (text := await seed_company(database, read_demo(slug)))]
    if not ours:
        return ""
    query = "\n".join(f"    {line}" for line in FIRST_QUERY.splitlines())
    return (
        f"  Sign in with one of these, password {PASSWORD}:\n"
        + "\n".join(ours)
        + f"\n  GraphQL explorer: {address}/graphql    e-mails that went out: {address}/mailbox\n"
        + f"  A first query:\n{query}"
    )


def read_demo(name: str, **changes: str) -> Values:
    """A demo company's data. ``changes`` replace words in it, such as the short name, to make one more of its kind."""
    text = (resources.files("server") / "demo_data" / f"{name}.yaml").read_text(encoding="utf-8")
    for old, new in changes.items():
        text = re.sub(rf"\b{old}\b", new, text)
    demo: Values = YAML(typ="safe", pure=True).load(text)
    return demo


async def seed_company(database: Database, demo: Values) -> str:
    """Found or complete one company and say how to sign in; empty when its short name belongs to somebody else."""
    about, owner = demo["company"], next(iter(demo["people"].values()))
    try:
        tenant_id = await company_id(database, about["slug"])
    except LookupError:
        founding = NewCompany(**about, owner_email=owner["email"], owner_name=owner["name"], owner_password=PASSWORD)
        tenant_id = await create_company(database, founding)
    callers = Callers(database)
    everything = await callers.acting(tenant_id, system("demo data", about["language"]))
    company = _Company(database, callers, everything, about, demo["people"])
    if not await company.look(owner["email"]):
        return ""
    await company.add_people(person for person in demo["people"].values() if "customer" not in person)
    await company.add_records(demo)
    await company.add_people(person for person in demo["people"].values() if "customer" in person)
    await company.add_orders(demo["orders"])
    return "\n".join(
        f"    {person['email']:<30} {'/'.join(person['roles']):<12} {about['name']} ({about['slug']})"
        for person in demo["people"].values()
    )


@dataclass
class _Company:
    """One demo company while it is filled: who acts, and what was made before, in this run or an earlier one."""

    database: Database
    callers: Callers
    everything: Caller
    about: Mapping[str, str]
    people: Mapping[str, Values]
    members: dict[str, Actor] = field(default_factory=dict)
    made: dict[str, dict[str, UUID]] = field(default_factory=dict)
    taken: dict[UUID, int] = field(default_factory=dict)

    async def look(self, owner_email: str) -> bool:
        """See what is there. False when the company was founded by somebody else."""
        self.made = {"customer": {}, "product": {}, "order": {}}
        for row in await self._rows(_MADE):
            self.made[row["record_type"]][row["key"]] = row["record_id"]
        self.taken = {row["record_id"]: row["taken"] for row in await self._rows(_STEPS)}
        await self._see_members()
        return owner_email in self.members

    async def _see_members(self) -> None:
        self.members = {
            row["email"]: Actor(MEMBER, row["id"], row["name"], tuple(row["roles"]), row["language"])
            for row in await self._rows(_MEMBERS)
        }

    async def add_people(self, people: Iterable[Values]) -> None:
        """Those who are not there yet; people at a customer come after the customers."""
        for person in people:
            if person["email"] in self.members:
                continue
            given = {**person, "language": self.about["language"], "password": PASSWORD}
            if "customer" in given:
                given["customerId"] = str(self.made["customer"][given.pop("customer")])
            async with begin(self.database, self.everything) as tx:
                await create_member(tx, given)
        await self._see_members()

    async def add_records(self, demo: Values) -> None:
        """The products and the customers; a person's company comes before the person."""
        for sku, values in demo["products"].items():
            if sku not in self.made["product"]:
                async with begin(self.database, self.everything) as tx:
                    self.made["product"][sku] = await create_product(tx, {"sku": sku, **values})
        for key, values in demo["customers"].items():
            if key not in self.made["customer"]:
                given = {"externalId": key, **values}
                if "company" in given:
                    given["companyId"] = str(self.made["customer"][given.pop("company")])
                async with begin(self.database, self.everything) as tx:
                    self.made["customer"][key] = await create_customer(tx, given)

    async def add_orders(self, orders: Mapping[str, Values]) -> None:
        """The orders with the steps that each has taken, by the people who took them."""
        for key, order in orders.items():
            given = dict(order)
            by, steps = given.pop("by"), given.pop("steps", [])
            order_id = self.made["order"].get(key)
            if order_id is None:
                order_id = await self._add_order(key, by, given)
            for step in steps[self.taken.get(order_id, 0) :]:
                async with begin(self.database, await self._acting(step["by"])) as tx:
                    await _take_step(tx, order_id, step)

    async def _add_order(self, key: str, by: str, given: Values) -> UUID:
        values = self._dated(given)
        status = values.pop("status", None)
        values["externalId"] = key
        values["customerId"] = str(self.made["customer"][values.pop("customer")])
        values["lines"] = [self._line(*line) for line in values["lines"]]
        async with begin(self.database, await self._acting(by)) as tx:
            return await create_order(tx, values, status=status)

    def _line(self, sku: str, quantity: Any, differences: Mapping[str, Any] | None = None) -> Values:
        return {"productId": str(self.made["product"][sku]), "quantity": quantity, **(differences or {})}

    def _dated(self, value: Any) -> Any:
        """The values with dates in place of ``today-3`` and moments in place of ``today-3 10:15``."""
        if isinstance(value, dict):
            return {name: self._dated(item) for name, item in value.items()}
        match = _DAY.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            return value
        zone = ZoneInfo(self.about["time_zone"])
        day = datetime.now(zone).date() + timedelta(days=int(match[1] or 0))
        return datetime.combine(day, time.fromisoformat(match[2]), zone).isoformat() if match[2] else day.isoformat()

    async def _acting(self, name: str) -> Caller:
        return await self.callers.acting(self.everything.tenant_id, self.members[self.people[name]["email"]])

    async def _rows(self, sql: str) -> list[dict[str, Any]]:
        scope = {"tenant": self.everything.tenant_id}
        async with self.database.connection() as connection, connection.pipeline():
            await connection.execute(ENTER, scope)
            return await (await connection.execute(sql, scope)).fetchall()


async def _take_step(tx: Transaction, order_id: UUID, step: Values) -> None:
    if "void" in step:
        await void_order(tx, order_id, step["void"], note=step.get("note"))
    else:
        await change_status(tx, order_id, step["to"], note=step.get("note"))
