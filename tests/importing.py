"""How the tests of imports load texts, and what they look at afterwards."""

from collections.abc import Mapping

from tenants.imports.run import run_import_texts
from tenants.imports.summary import Summary
from tenants.models.tables import TENANT_TABLES
from tests.harness import Company, Person, Row

HEAD = "orderloom-import: 1\nfiles:\n"


async def load(
    company: Company,
    mapping: str,
    files: Mapping[str, str] | None = None,
    *,
    dry_run: bool = False,
    person: Person | None = None,
    **named: str | bytes,
) -> Summary:
    """Import texts, given by file name without ``.csv``."""
    contents = {
        f"{name}.csv": text.encode() if isinstance(text, str) else text
        for name, text in {**named, **(files or {})}.items()
    }
    return await run_import_texts(company.database, await company.caller(person), mapping, contents, dry_run=dry_run)


def counts(summary: Summary) -> dict[str, tuple[int, ...]]:
    """Rows read, created, updated, unchanged, rejected and left out, by kind of record."""
    return {
        file.record: (file.read, file.created, file.updated, file.unchanged, file.rejected, file.left_out)
        for file in summary.files
    }


def rejected(summary: Summary) -> list[tuple[str, int, str]]:
    return [
        (rejection.file, rejection.line, " ".join(reason.text("en") for reason in rejection.reasons))
        for rejection in summary.in_order()
    ]


async def everything(company: Company) -> dict[str, int]:
    """How many rows the company has in each table."""
    found = {}
    for table in TENANT_TABLES:
        (row,) = await company.rows(f"SELECT count(*) AS found FROM {table.name} WHERE tenant_id = %(tenant)s")
        found[table.name] = row["found"]
    return found


async def orders(company: Company) -> list[Row]:
    """The orders with their lines as short texts, by external id."""
    return await company.rows(
        "SELECT o.*, (SELECT array_agg(l.external_id || ' ' || l.quantity ORDER BY l.position) FROM order_lines l"
        " WHERE l.tenant_id = o.tenant_id AND l.order_id = o.id) AS lines"
        " FROM orders o WHERE tenant_id = %(tenant)s ORDER BY external_id"
    )
