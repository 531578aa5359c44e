"""Members and their notifications, as they can be read."""

from tenants.records.attributes import Me, RecordType, Relation, column

MEMBER = RecordType(
    name="member",
    graphql="Member",
    plural="members",
    table="members",
    description="A person who works in this company, or at one of its customers.",
    right="member.read",
    order=(("name", False),),
    attributes=(
        column("id", "id", "Opaque id."),
        column("version", "integer", "Grows by one with each change."),
        column("name", "text", "Name."),
        column("email", "text", "E-mail address, which is also the name to sign in with."),
        column("roles", "tags", "Keys of the member's roles."),
        column("language", "text", "The language of messages to the member."),
        column("active", "boolean", "Whether the member may sign in."),
        Me(name="isMe", description="Whether it is you."),
        Relation(
            name="customer",
            description="The customer at whom they are a person; null for staff.",
            target="customer",
            join="{x}.id = {t}.customer_id",
            nullable=True,
        ),
        Relation(
            name="teams",
            description="The teams that the member belongs to.",
            target="team_membership",
            join="{x}.member_id = {t}.id",
            many=True,
        ),
        column("createdAt", "date_time", "When the member joined."),
    ),
)

NOTIFICATION = RecordType(
    name="notification",
    graphql="Notification",
    plural="notifications",
    table="notifications",
    description="A message to you inside the application.",
    right="order.read",
    own="{t}.member_id = %(member)s",
    attributes=(
        column("id", "id", "Opaque id."),
        column("text", "text", "The message."),
        Relation(
            name="order",
            description="The order it is about.",
            target="order",
            join="{t}.record_type = 'order' AND {x}.id = {t}.record_id",
            nullable=True,
        ),
        column("createdAt", "date_time", "When it was written."),
        column("readAt", "date_time", "When you read it.", nullable=True),
    ),
)
