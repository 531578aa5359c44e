"""The history: one entry per change of a record, as it can be read."""

from tenants.actors import ACTOR_KINDS
from tenants.records.attributes import Items, RecordType, Structure, column

EVENT_KINDS = ("created", "updated", "status_changed", "voided")

HISTORY_ENTRY = RecordType(
    name="history_entry",
    graphql="HistoryEntry",
    plural="historyEntries",
    table="events",
    description="One change of a record: who did what, when, with the values before and after. Never changed afterwards.",
    # Read with the record it belongs to.
    right="",
    root=False,
    order=(("version", False),),
    attributes=(
        column("id", "id", "Opaque id."),
        column("kind", "text", "What happened.", enum="HistoryKind", choices=EVENT_KINDS),
        column("version", "integer", "The record's version after the change.", sql="{t}.record_version"),
        column("at", "date_time", "When."),
        Structure(
            name="actor",
            description="Who: a member, a program with a key, an automation or the system.",
            graphql="HistoryActor",
            members=(
                column(
                    "kind",
                    "text",
                    "What acted.",
                    sql="{t}.actor_kind",
                    enum="ActorKind",
                    choices=ACTOR_KINDS,
                ),
                column(
                    "id",
                    "id",
                    "The id of the member or key, or of the automation's run.",
                    sql="{t}.actor_id",
                    nullable=True,
                ),
                column("name", "text", "The name at that time.", sql="{t}.actor_name"),
            ),
        ),
        Items(
            name="changes",
            description="The fields that changed.",
            graphql="FieldChange",
            source="jsonb_to_recordset({t}.changes) AS {x}(field text, old jsonb, new jsonb)",
            members=(
                column("field", "text", "Which field."),
                column("from", "json", "The value before.", sql="{t}.old", nullable=True, filterable=False),
                column("to", "json", "The value after.", sql="{t}.new", nullable=True, filterable=False),
            ),
        ),
        column("note", "text", "What was said about it.", nullable=True),
        column("causeId", "id", "The history entry that set off the automation that did this.", nullable=True),
    ),
)
