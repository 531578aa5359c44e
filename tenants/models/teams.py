"""Teams of members, and records that are shared with somebody."""

from sqlalchemy import CheckConstraint, Column, Index
from sqlalchemy.dialects.postgresql import ARRAY, UUID

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

teams = tenant_table(
    "teams",
    count_column("version", 1),
    text_column("name"),
    # By language, beside the name that everybody knows it by.
    json_column("names"),
    uuid_column("parent_id", nullable=True),
    # The teams above it and itself, the highest first.
    Column("path", ARRAY(UUID(as_uuid=True)), nullable=False),
    time_column("archived_at", nullable=True),
    time_column("created_at"),
    time_column("updated_at"),
    belongs_to("teams", "parent_id"),
    Index("teams_parent_id_idx", "tenant_id", "parent_id"),
)

team_members = tenant_table(
    "team_members",
    uuid_column("team_id"),
    uuid_column("member_id"),
    flag_column("is_lead", False),
    time_column("created_at"),
    belongs_to("teams", "team_id", ondelete="CASCADE"),
    belongs_to("members", "member_id", ondelete="CASCADE"),
    unique("team_id", "member_id"),
    Index("team_members_member_id_idx", "tenant_id", "member_id", "team_id"),
)

# With a member or with a team, until it ends; to read, or to change as well.
record_shares = tenant_table(
    "record_shares",
    text_column("record_type"),
    uuid_column("record_id"),
    uuid_column("member_id", nullable=True),
    uuid_column("team_id", nullable=True),
    flag_column("may_change", False),
    time_column("ends_at", nullable=True),
    uuid_column("created_by_id", nullable=True),
    time_column("created_at"),
    CheckConstraint("(member_id IS NULL) <> (team_id IS NULL)", name="with_one"),
    belongs_to("members", "member_id", ondelete="CASCADE"),
    belongs_to("teams", "team_id", ondelete="CASCADE"),
    belongs_to("members", "created_by_id"),
    Index("record_shares_record_id_idx", "tenant_id", "record_type", "record_id"),
    Index("record_shares_member_id_idx", "tenant_id", "member_id"),
    Index("record_shares_team_id_idx", "tenant_id", "team_id"),
)
