"""Change sets, as they can be read: who changed what of the configuration, when and why."""

from tenants.actors import ACTOR_KINDS
from tenants.records.attributes import Items, RecordType, Structure, column

# A change set from before sentences were kept names the definition alone.
_CHANGES = (
    "LATERAL (SELECT c.kind, c.key, c.before, c.after, coalesce(c.sentences->>'{language}', c.kind || ' ' || c.key) AS sentence"
    " FROM jsonb_to_recordset({t}.changes) AS c(kind text, key text, before jsonb, after jsonb, sentences jsonb)) AS {x}"
)

CHANGE_SET = RecordType(
    name="change_set",
    graphql="ChangeSet",
    plural="changeSets",
    table="change_sets",
    description="One change of the configuration as a whole: who, when, why, and each definition before and after. Never changed afterwards.",
    right="configuration.read",
    order=(("version", True),),
    attributes=(
        column("id", "id", "Opaque id."),
        column("version", "integer", "The version that the configuration had from then on.", indexed=True),
        column("createdAt", "date_time", "When."),
        Structure(
            name="author",
            description="Who: a member, a program with a key, an automation or the system.",
            graphql="ChangeSetAuthor",
            members=(
                column(
                    "kind",
                    "text",
                    "What acted.",
                    sql="{t}.author_kind",
                    enum="ActorKind",
                    choices=ACTOR_KINDS,
                ),
                column(
                    "id",
                    "id",
                    "The id of the member or key, or of the automation's run.",
                    sql="{t}.author_id",
                    nullable=True,
                ),
                column("name", "text", "The name at that time.", sql="{t}.author_name"),
            ),
        ),
        column("comment", "text", "Why, in the author's words; empty where nothing was said."),
        column("reverts", "integer", "The version of the change set that this one takes back.", nullable=True),
        column(
            "writtenBy",
            "text",
            "Who wrote the draft that was applied, by their names; null for a direct change.",
            nullable=True,
        ),
        column("approvedBy", "text", "Who approved the draft; null where nobody did.", nullable=True),
        Items(
            name="changes",
            description="The definitions that changed.",
            graphql="DefinitionChange",
            source=_CHANGES,
            members=(
                column("kind", "text", "What kind of definition, such as field or status."),
                column("key", "text", "Its key."),
                column("sentence", "text", "The change as a person would say it, in your language."),
                column(
                    "before",
                    "json",
                    "What it said before, as in the YAML document; null where it was not there.",
                    nullable=True,
                    filterable=False,
                ),
                column("after", "json", "What it says since; null where it is gone.", nullable=True, filterable=False),
            ),
        ),
    ),
)

CONFIGURATION_DRAFT = RecordType(
    name="configuration_draft",
    graphql="ConfigurationDraft",
    plural="configurationDrafts",
    table="configuration_drafts",
    description="A change of the configuration that is being prepared; nothing of it holds.",
    right="configuration.read",
    attributes=(
        column("id", "id", "Opaque id."),
        column("version", "integer", "Grows by one with each change of the draft."),
        column("name", "text", "What it is about."),
        column("document", "text", "The configuration that it wants, as a YAML document."),
        column("merge", "boolean", "Whether the document only adds and changes; else what it lacks goes."),
        column("baseVersion", "integer", "The version of the configuration when the draft was last saved."),
        column("authorName", "text", "Who saved it last, by the name at that time."),
        column(
            "state",
            "text",
            "Whether somebody else has approved it; it is OPEN again whenever it is saved.",
            enum="DraftState",
            choices=("open", "submitted", "approved", "rejected"),
        ),
        column("reviewerName", "text", "Who approved or rejected it, by the name at that time.", nullable=True),
        column("reviewComment", "text", "What they said.", nullable=True),
        column("reviewedAt", "date_time", "When they did.", nullable=True),
        column("reverts", "integer", "The version of the change set that it takes back.", nullable=True),
        column("applyAt", "date_time", "When it will be applied by itself; null if nobody said so.", nullable=True),
        column("problem", "text", "Why it could not be applied at its time; nothing was changed then.", nullable=True),
        column("problemAt", "date_time", "When that was.", nullable=True),
        column("createdAt", "date_time", "When it was begun."),
        column("updatedAt", "date_time", "When it was last saved."),
    ),
)
