"""Numbers that another record has already, though their own counter never gave them: those of another pattern with the same text."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tenants.database import ENTER, Connection

# As many numbers in a row that are held are left out at once.
_WINDOW = 10_000
ORDER_NUMBERS = "EXISTS (SELECT FROM orders o WHERE o.tenant_id = %(tenant)s AND o.number = {x})"


def own_numbers(table: str, field: str) -> str:
    """The same of a field whose values an index table holds."""
    return f"EXISTS (SELECT FROM {table} o WHERE o.tenant_id = %(tenant)s AND o.field = '{field}' AND o.value = {{x}})"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A counter that gave a number, what stands around its numbers and how wide these are, and the condition that one is held."""

    key: str
    before: str
    width: int
    after: str
    held: str

    @property
    def owner(self) -> str:
        """Whose sequence it is, such as ``order`` or ``customer.card``."""
        return self.key.partition(":")[0]

    @property
    def parameters(self) -> dict[str, Any]:
        return {"key": self.key, "before": self.before, "width": self.width, "after": self.after}


def first_free(start: str, held: str) -> str:
    """SQL of the first number from ``start`` on that is not held; NULL where very many in a row are."""
    if not held:
        return start
    text = "%(before)s::text || lpad(n.value::text, greatest(%(width)s::integer, length(n.value::text)), '0') || %(after)s::text"
    return (
        f"SELECT n.value FROM generate_series({start}, {start} + {_WINDOW}) AS n(value)"  # noqa: S608  (SQL of ours; values are parameters)
        f" WHERE NOT {held.replace('{x}', f'({text})')} ORDER BY n.value LIMIT 1"
    )


async def pass_over(connection: Connection, tenant_id: UUID, drawn: Iterable[Drawn]) -> bool:
    """Move the counters on to where the next number is free, after a transaction that used a held one was rolled back; whether there was
    any such counter."""
    moved = False
    async with connection.transaction():
        await connection.execute(ENTER, {"tenant": tenant_id})
        for each in drawn:
            if not each.held:
                continue
            start = "(c.value + 1)"
            sql = (
                f"UPDATE counters c SET value = coalesce(({first_free(start, each.held)}) - 1, c.value + {_WINDOW})"  # noqa: S608  (SQL of ours; values are parameters)
                " WHERE c.tenant_id = %(tenant)s AND c.key = %(key)s"
            )
            await connection.execute(sql, {"tenant": tenant_id, **each.parameters})
            moved = True
    return moved
