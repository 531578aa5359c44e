"""What lists of a million orders are sorted and filtered by.

``total_rank`` is there because PostgreSQL uses no comparison of ``numeric`` in an index under row security. Adding it rewrites
``orders``: that takes some seconds for each million, during which nobody reads or writes orders.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE orders ADD COLUMN total_rank double precision"
        " GENERATED ALWAYS AS ((total)::double precision) STORED"
    )
    op.create_index("orders_total_idx", "orders", ["tenant_id", "total_rank", "total", "id"])
    op.create_index("orders_updated_at_idx", "orders", ["tenant_id", "updated_at", "id"])
    for column in ("channel", "priority"):
        op.create_index(f"orders_{column}_idx", "orders", ["tenant_id", column, "ordered_at", "id"])
    # The lines of an order are listed by position and id: with the id in the index they need no sort.
    op.drop_index("order_lines_order_id_idx", table_name="order_lines")
    op.create_index("order_lines_order_id_idx", "order_lines", ["tenant_id", "order_id", "position", "id"])
    # Void orders are few and leave every other list.
    op.execute("CREATE INDEX orders_voided_idx ON orders (tenant_id, ordered_at, id) WHERE voided_at IS NOT NULL")
