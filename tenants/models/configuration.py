"""What an admin defines, and the changes of it."""

from sqlalchemy import Column, Index
from sqlalchemy.types import BigInteger

from tenants.columns import (
    belongs_to,
    count_column,
    flag_column,
    json_column,
    tenant_table,
    text_column,
    time_column,
    unique,
    uuid_column,
)

definitions = tenant_table(
    "definitions",
    text_column("kind"),
    text_column("key"),
    json_column("body"),
    key=("kind", "key"),
)

change_sets = tenant_table(
    "change_sets",
    Column("version", BigInteger, nullable=False),
    text_column("author_kind"),
    uuid_column("author_id", nullable=True),
    text_column("author_name"),
    text_column("comment", default=""),
    json_column("changes", "[]"),
    Column("reverts", BigInteger),
    text_column("written_by", nullable=True),
    text_column("approved_by", nullable=True),
    time_column("created_at"),
    unique("version"),
)

# Which template a change set brought or took away.
template_steps = tenant_table(
    "template_steps",
    Column("version", BigInteger, nullable=False),
    text_column("template"),
    flag_column("removes", default=False),
    key=("version",),
)

configuration_drafts = tenant_table(
    "configuration_drafts",
    count_column("version", 1),
    text_column("name"),
    text_column("document"),
    flag_column("merge", default=False),
    Column("base_version", BigInteger, nullable=False),
    text_column("author_name"),
    json_column("writers", "[]"),
    text_column("state", default="open"),
    text_column("reviewer_name", nullable=True),
    text_column("review_comment", nullable=True),
    time_column("reviewed_at", nullable=True),
    Column("reverts", BigInteger),
    time_column("apply_at", nullable=True),
    uuid_column("scheduled_by", nullable=True),
    uuid_column("job_id", nullable=True),
    text_column("problem", nullable=True),
    time_column("problem_at", nullable=True),
    time_column("created_at"),
    time_column("updated_at"),
)

private_views = tenant_table(
    "private_views",
    uuid_column("member_id"),
    json_column("body"),
    time_column("created_at"),
    time_column("updated_at"),
    belongs_to("members", "member_id", ondelete="CASCADE"),
    Index("private_views_member_id_idx", "tenant_id", "member_id"),
)
