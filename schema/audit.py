"""What members may know of the audit log without a right: what is said there of their own signing in."""

import strawberry

from schema.context import Info, run
from schema.scalars import DateTimeText
from tenants import audit_log


@strawberry.type(description="Something about how you sign in: that you did, or that somebody tried to.")
class OwnSignIn:
    kind: str = strawberry.field(description="What happened, as in AuditKind.")
    at: DateTimeText = strawberry.field(description="When.")
    method: str | None = strawberry.field(description="By what: password, identity provider ...")
    reason: str | None = strawberry.field(description="Why it failed, where it did.")
    times: int = strawberry.field(description="How many like it there were at about that time.")
    address: str | None = strawberry.field(description="The network address that it came from.")
    user_agent: str | None = strawberry.field(description="How the program named itself.")


@strawberry.type
class AuditQueries:
    @strawberry.field(
        description="Your own sign-ins, and what else was done to how you sign in, the newest first, 100 at most; whoever holds audit.read has auditEntries."
    )
    async def own_sign_ins(self, info: Info) -> list[OwnSignIn]:
        return [
            OwnSignIn(
                kind=row["kind"].upper(),
                at=DateTimeText(row["at"].isoformat()),
                method=row["told"].get("method"),
                reason=row["told"].get("reason"),
                times=row["told"].get("times", 1),
                address=row["told"].get("address"),
                user_agent=row["told"].get("userAgent"),
            )
            for row in await run(info, audit_log.own_sign_ins)
        ]
