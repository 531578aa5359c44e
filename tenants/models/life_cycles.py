"""Versions of life cycles, and how running orders were taken from one to another."""

from sqlalchemy import CheckConstraint, Index

from tenants.columns import (
    belongs_to,
    count_column,
    flag_column,
    json_column,
    tenant_table,
    text_column,
    time_column,
    uuid_column,
)

# What each version said; those that some order is held to are ``in_use`` and part of the configuration's snapshot.
life_cycle_versions = tenant_table(
    "life_cycle_versions",
    text_column("life_cycle"),
    count_column("version"),
    json_column("body"),
    flag_column("in_use", False),
    time_column("created_at"),
    key=("life_cycle", "version"),
)

life_cycle_migrations = tenant_table(
    "life_cycle_migrations",
    text_column("source"),
    count_column("source_version"),
    text_column("target"),
    json_column("statuses"),
    text_column("comment", default=""),
    text_column("author_name"),
    text_column("state"),
    # The last order that a batch has looked at.
    uuid_column("through", nullable=True),
    count_column("total"),
    count_column("done"),
    count_column("kept"),
    time_column("created_at"),
    time_column("finished_at", nullable=True),
    CheckConstraint("state IN ('running', 'done', 'reverting', 'reverted')", name="state"),
)

# Where each migrated order stood, so that it can go back.
life_cycle_moves = tenant_table(
    "life_cycle_moves",
    uuid_column("migration_id"),
    uuid_column("order_id"),
    text_column("status"),
    time_column("status_since", nullable=True),
    time_column("status_due_at", nullable=True),
    text_column("moved_to"),
    time_column("moved_since", nullable=True),
    belongs_to("life_cycle_migrations", "migration_id", ondelete="CASCADE"),
    belongs_to("orders", "order_id", ondelete="CASCADE"),
    Index("life_cycle_moves_order_id_idx", "tenant_id", "order_id"),
    key=("migration_id", "order_id"),
)
