"""Automation runs and deliveries, as they can be read."""

from tenants.records.attributes import Items, RecordType, Relation, column

RUN_STATUSES = ("pending", "succeeded", "failed", "stopped", "parked")
DELIVERY_STATUSES = ("pending", "sent", "failed")

AUTOMATION_RUN = RecordType(
    name="automation_run",
    graphql="AutomationRun",
    plural="automationRuns",
    table="automation_runs",
    description="One automation set off by one event: what it did, or why it did not.",
    right="automation.read",
    attributes=(
        column("id", "id", "Opaque id."),
        column("automation", "text", "The key of the automation."),
        column("status", "text", "How it ended.", enum="AutomationRunStatus", choices=RUN_STATUSES),
        column(
            "message",
            "text",
            "Why it failed or was stopped, or why its own changes did not set it off again; empty where there is nothing to say.",
        ),
        column("attempts", "integer", "How often it was begun."),
        Items(
            name="steps",
            description="What each action did, in order.",
            graphql="AutomationStep",
            source="jsonb_to_recordset({t}.steps) AS {x}(action text, outcome text)",
            members=(column("action", "text", "The action."), column("outcome", "text", "What came of it.")),
        ),
        Relation(
            name="event",
            description="What set it off.",
            target="history_entry",
            join="{x}.id = {t}.event_id",
        ),
        Relation(
            name="order",
            description="The order it is about.",
            target="order",
            join="{t}.record_type = 'order' AND {x}.id = {t}.record_id",
            nullable=True,
        ),
        column("createdAt", "date_time", "When it was set off.", indexed=True),
        column("finishedAt", "date_time", "When it ended.", nullable=True),
    ),
)

DELIVERY = RecordType(
    name="delivery",
    graphql="Delivery",
    plural="deliveries",
    table="deliveries",
    description="One message to the outside, such as an e-mail.",
    right="automation.read",
    attributes=(
        column("id", "id", "Opaque id; also the message's idempotency key."),
        column("channel", "text", "How it is sent."),
        column("recipient", "text", "To whom."),
        column("subject", "text", "Subject."),
        column("body", "text", "Text."),
        column("status", "text", "Where it stands.", enum="DeliveryStatus", choices=DELIVERY_STATUSES),
        column("attempts", "integer", "How often it was tried."),
        column("lastError", "text", "What the last failed attempt said."),
        column("createdAt", "date_time", "When it was written.", indexed=True),
        column("sentAt", "date_time", "When it was sent.", nullable=True),
    ),
)
