"""Teams of members, and what is shared with whom, as it can be read."""

from tenants.records.attributes import Items, RecordType, Relation, column

# Where the reader is a member.
MY_TEAMS = (
    "SELECT wm.team_id FROM team_members wm JOIN teams wt ON wt.tenant_id = wm.tenant_id AND wt.id = wm.team_id"
    " WHERE wm.tenant_id = %(tenant)s AND wm.member_id = %(member)s::uuid AND wt.archived_at IS NULL"
)

TEAM = RecordType(
    name="team",
    graphql="Team",
    plural="teams",
    table="teams",
    description="Members who work together. An order belongs to the teams of its owner, and so does a customer.",
    right="member.read",
    order=(("name", False),),
    attributes=(
        column("id", "id", "Opaque id."),
        column("version", "integer", "Grows by one with each change; give it as expectedVersion."),
        column("name", "text", "Name."),
        Items(
            name="names",
            description="Its name in other languages.",
            graphql="TeamName",
            source="jsonb_each_text({t}.names) AS {x}(language, text)",
            members=(column("language", "text", "Which language."), column("text", "text", "The name in it.")),
        ),
        Relation(
            name="parent",
            description="The team that it is part of.",
            target="team",
            join="{x}.id = {t}.parent_id",
            nullable=True,
        ),
        Relation(
            name="teams",
            description="The teams that are parts of it.",
            target="team",
            join="{x}.parent_id = {t}.id",
            many=True,
        ),
        Relation(
            name="memberships",
            description="Who belongs to it.",
            target="team_membership",
            join="{x}.team_id = {t}.id",
            many=True,
        ),
        column(
            "isMine",
            "boolean",
            "Whether you belong to it.",
            sql=f"({{t}}.id IN ({MY_TEAMS}))",
            sortable=False,
        ),
        column(
            "isWithinMine",
            "boolean",
            "Whether you belong to it or to a team above it.",
            sql=f"({{t}}.archived_at IS NULL AND {{t}}.path && ARRAY({MY_TEAMS}))",
            sortable=False,
        ),
        column("archivedAt", "date_time", "When it was given up: its members are no team any more.", nullable=True),
        column("createdAt", "date_time", "When it was made."),
    ),
)

TEAM_MEMBERSHIP = RecordType(
    name="team_membership",
    graphql="TeamMembership",
    plural="teamMemberships",
    table="team_members",
    description="One member of one team.",
    right="member.read",
    root=False,
    order=(("createdAt", False),),
    attributes=(
        column("id", "id", "Opaque id."),
        Relation(name="team", description="The team.", target="team", join="{x}.id = {t}.team_id"),
        Relation(name="member", description="The member.", target="member", join="{x}.id = {t}.member_id"),
        column("isLead", "boolean", "Whether they lead it."),
        column("createdAt", "date_time", "Since when."),
    ),
)

SHARE = RecordType(
    name="record_share",
    graphql="RecordShare",
    plural="recordShares",
    table="record_shares",
    description="A record that is shared with a member or with a team.",
    # Read with the record that it is of.
    right="",
    root=False,
    order=(("createdAt", False),),
    attributes=(
        column("id", "id", "Opaque id."),
        Relation(
            name="member",
            description="With whom; null where it is a team.",
            target="member",
            join="{x}.id = {t}.member_id",
            nullable=True,
        ),
        Relation(
            name="team",
            description="With which team; null where it is a member.",
            target="team",
            join="{x}.id = {t}.team_id",
            nullable=True,
        ),
        column("mayChange", "boolean", "Whether they may change the record, and not only read it."),
        column("endsAt", "date_time", "Until when; null is until it is taken back.", nullable=True),
        Relation(
            name="createdBy",
            description="Who shared it.",
            target="member",
            join="{x}.id = {t}.created_by_id",
            nullable=True,
        ),
        column("createdAt", "date_time", "When it was shared."),
    ),
)


def shares_of(record_type: str) -> Relation:
    """With whom a record of that type is shared now."""
    return Relation(
        name="shares",
        description="With whom it is shared now.",
        target="record_share",
        join=f"{{x}}.record_type = '{record_type}' AND {{x}}.record_id = {{t}}.id AND ({{x}}.ends_at IS NULL OR {{x}}.ends_at > now())",
        many=True,
    )
