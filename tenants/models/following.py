"""What follows from a change: its history, runs, messages, jobs; and what keeps calls from being done twice."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, LargeBinary, PrimaryKeyConstraint, Table, text
from sqlalchemy.types import BigInteger

from tenants.columns import (
    belongs_to,
    count_column,
    json_column,
    metadata,
    tenant_table,
    text_column,
    time_column,
    unique,
    uuid_column,
)
from tenants.records.audit import AUDITED

events = tenant_table(
    "events",
    text_column("kind"),
    text_column("record_type"),
    uuid_column("record_id"),
    count_column("record_version"),
    time_column("at"),
    text_column("actor_kind"),
    uuid_column("actor_id", nullable=True),
    text_column("actor_name"),
    uuid_column("cause_id", nullable=True),
    count_column("depth"),
    json_column("changes", "[]"),
    text_column("note", nullable=True),
    Column("hash", LargeBinary, nullable=False),
    unique("record_type", "record_id", "record_version"),
    # The history of records is read by record; what else is in the log is read by time.
    Index("events_audit_idx", "tenant_id", "at", "id", postgresql_where=text(AUDITED)),
)

counters = tenant_table("counters", text_column("key"), Column("value", BigInteger, nullable=False), key=("key",))

idempotency_keys = tenant_table(
    "idempotency_keys",
    uuid_column("actor_id"),
    text_column("key"),
    Column("request_hash", LargeBinary, nullable=False),
    json_column("result", None, nullable=True),
    time_column("created_at"),
    key=("actor_id", "key"),
)

automation_runs = tenant_table(
    "automation_runs",
    text_column("automation"),
    uuid_column("event_id"),
    text_column("record_type"),
    uuid_column("record_id"),
    text_column("status"),
    json_column("steps", "[]"),
    text_column("message", default=""),
    count_column("attempts"),
    time_column("created_at"),
    time_column("finished_at", nullable=True),
    CheckConstraint("status IN ('pending', 'succeeded', 'failed', 'stopped', 'parked')", name="status"),
    belongs_to("events", "event_id"),
    unique("event_id", "automation"),
    Index("automation_runs_created_at_idx", "tenant_id", "created_at", "id"),
    Index("automation_runs_record_id_idx", "tenant_id", "record_id"),
)

notifications = tenant_table(
    "notifications",
    uuid_column("member_id"),
    text_column("text"),
    text_column("record_type", nullable=True),
    uuid_column("record_id", nullable=True),
    uuid_column("run_id", nullable=True),
    time_column("created_at"),
    time_column("read_at", nullable=True),
    belongs_to("members", "member_id", ondelete="CASCADE"),
    belongs_to("automation_runs", "run_id"),
    Index("notifications_member_id_idx", "tenant_id", "member_id", "created_at", "id"),
)

deliveries = tenant_table(
    "deliveries",
    text_column("channel"),
    text_column("recipient"),
    text_column("subject", default=""),
    text_column("body", default=""),
    text_column("status"),
    count_column("attempts"),
    text_column("last_error", default=""),
    uuid_column("run_id", nullable=True),
    time_column("created_at"),
    time_column("sent_at", nullable=True),
    CheckConstraint("status IN ('pending', 'sent', 'failed')", name="status"),
    belongs_to("automation_runs", "run_id"),
    Index("deliveries_created_at_idx", "tenant_id", "created_at", "id"),
)

jobs = Table(
    "jobs",
    metadata,
    uuid_column("id"),
    uuid_column("tenant_id", ForeignKey("tenants.id", ondelete="CASCADE")),
    text_column("kind"),
    uuid_column("subject_id"),
    time_column("due_at"),
    count_column("attempts"),
    time_column("parked_at", nullable=True),
    PrimaryKeyConstraint("id"),
    Index("jobs_due_idx", "due_at", postgresql_where=text("parked_at IS NULL")),
)
