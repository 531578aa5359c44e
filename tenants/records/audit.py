"""The audit log, and the keys of programs, as they can be read."""

from tenants.actors import ACTOR_KINDS
from tenants.records.attributes import AuditWords, Items, RecordType, column

# Entries that are no history of a record.
AUDITED = "record_type <> ALL (ARRAY['order'::text, 'customer'::text, 'product'::text])"
# What members may read of themselves without a right.
SIGN_IN_KINDS = (
    *("signed_in", "sign_in_failed", "signed_out", "session_revoked", "sessions_revoked"),
    *("password_changed", "password_reset", "second_factor_set", "second_factor_dropped", "second_factor_reset"),
    *("recovery_codes_renewed", "password_reset_requested", "email_change_requested"),
)
AUDIT_KINDS = (
    *SIGN_IN_KINDS,
    *("member_added", "member_changed", "member_invited", "member_left", "team_changed", "record_shared"),
    *("provider_changed", "provider_refused", "handed_over", "company_founded", "quotas_set"),
    *("key_created", "key_used", "key_rotated", "key_revoked"),
    *("configuration_changed", "draft_judged", "exported", "imported", "file_downloaded", "refused", "audit_removed"),
)

AUDIT_ENTRY = RecordType(
    name="audit_entry",
    graphql="AuditEntry",
    plural="auditEntries",
    table="events",
    description="Something that is no change of a record, but must be known of later: a sign-in, a refusal, a role that was given. Never changed afterwards.",
    right="audit.read",
    own=f"{{t}}.{AUDITED}",
    order=(("at", True),),
    attributes=(
        column("id", "id", "Opaque id."),
        column("kind", "text", "What happened.", enum="AuditKind", choices=AUDIT_KINDS),
        column("at", "date_time", "When.", indexed=True),
        column("actorKind", "text", "What acted.", enum="ActorKind", choices=ACTOR_KINDS),
        column("actorId", "id", "The id of the member or key that acted.", nullable=True),
        column("actorName", "text", "Who acted, by the name at that time."),
        column("aboutType", "text", "What it concerns, such as member, key or company.", sql="{t}.record_type"),
        column("aboutId", "id", "The id of whom or what it concerns.", sql="{t}.record_id"),
        AuditWords(
            name="aboutName",
            description="What that is called now; null where you may not read it or it is gone.",
            nullable=True,
        ),
        AuditWords(name="sentence", description="What happened as a person would say it, in your language."),
        Items(
            name="details",
            description="More about it, never a secret.",
            graphql="AuditDetail",
            source="jsonb_to_recordset({t}.changes) AS {x}(field text, old jsonb, new jsonb)",
            members=(
                column("field", "text", "What is told."),
                column(
                    "from",
                    "json",
                    "What held before, where that is told.",
                    sql="{t}.old",
                    nullable=True,
                    filterable=False,
                ),
                column("to", "json", "What it is, or holds since.", sql="{t}.new", nullable=True, filterable=False),
            ),
        ),
    ),
)

API_KEY = RecordType(
    name="api_key",
    graphql="ApiKey",
    plural="apiKeys",
    table="api_keys",
    description="A key of a program: it may do what its roles may, and no more than it was narrowed to.",
    right="key.read",
    attributes=(
        column("id", "id", "Opaque id."),
        column("name", "text", "Its name, by which the history tells of what it did."),
        column("hint", "text", "The beginning of its newest secret."),
        column("roles", "tags", "Keys of its roles."),
        column("rights", "tags", "The rights that it was narrowed to; none in particular where this is empty."),
        column("recordTypes", "tags", "The kinds of record that it was narrowed to; all where this is empty."),
        column("readOnly", "boolean", "Whether it may only read and export."),
        column("networks", "tags", "The networks it may be used from; anywhere where this is empty."),
        column("createdByName", "text", "Who made it, by the name at that time."),
        column("createdAt", "date_time", "When it was made.", indexed=True),
        column("expiresAt", "date_time", "Until when it is valid."),
        column("revokedAt", "date_time", "When it was ended before its time; null if nobody did.", nullable=True),
        column(
            "lastUsedAt",
            "date_time",
            "When it was last used, to the minute; null if it never was.",
            sql="(SELECT max(s.last_used_at) FROM sessions s WHERE s.tenant_id = {t}.tenant_id AND s.key_id = {t}.id AND s.last_used_at > s.created_at)",
            nullable=True,
        ),
    ),
)
