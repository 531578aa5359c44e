"""What a company uses, day by day."""

from sqlalchemy import BigInteger, Column, Date

from tenants.columns import tenant_table, time_column


def _amount(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable, server_default=None if nullable else "0")


usage_days = tenant_table(
    "usage_days",
    Column("day", Date, nullable=False),
    _amount("requests"),
    _amount("cost"),
    # What there was when it was last measured on this day.
    _amount("orders", nullable=True),
    _amount("customers", nullable=True),
    _amount("products", nullable=True),
    _amount("storage_bytes", nullable=True),
    time_column("measured_at", nullable=True),
    key=("day",),
)
