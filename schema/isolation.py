"""What members may know of the proof that companies of this instance cannot reach each other's data."""

from typing import Annotated

import strawberry

from schema.context import Info, run
from schema.scalars import DateTimeText
from tenants import isolation
from tenants.messages import render


@strawberry.type(description="One proof: a company of nobody was held against another one, on this instance.")
class IsolationProof:
    id: strawberry.ID = strawberry.field(description="Opaque id.")
    started_at: DateTimeText = strawberry.field(description="When it began.")
    ended_at: DateTimeText = strawberry.field(description="When it ended.")
    version: str = strawberry.field(description="The version of the product that it was made with.")
    schema_hash: str = strawberry.field(
        description="The beginning of the SHA-256 of the schema that it was made with, as the product prints it."
    )
    operations: int = strawberry.field(description="Operations that take an id, all of which were tried.")
    places: int = strawberry.field(description="Places in their inputs where an id goes.")
    attempts: int = strawberry.field(description="How many ids of another company were tried in them.")
    unseen: int = strawberry.field(
        description="Attempts that ended before the operation looked for the id, and so show little."
    )
    reads: int = strawberry.field(description="Lists, finders, searches, counts and exports that were read.")
    findings: list[str] = strawberry.field(
        description="What must not be, in your language; empty where nothing was found."
    )


@strawberry.type(description="Whether companies of this instance can reach each other's data, as it was tried.")
class Isolation:
    proofs: list[IsolationProof] = strawberry.field(description="The last proofs, the newest first.")
    tried: list[str] = strawberry.field(description="What each of them tries.")
    not_tried: list[str] = strawberry.field(description="What none of them tries.")


@strawberry.type
class IsolationQueries:
    @strawberry.field(
        description="The proofs that companies of this instance cannot reach each other's data: the same for every company. Needs audit.read."
    )
    async def isolation(
        self,
        info: Info,
        first: Annotated[int, strawberry.argument(description="How many proofs, 30 at most.")] = 10,
    ) -> Isolation:
        found = await run(info, lambda tx: isolation.told(tx, first), rehearsal=True)
        language = info.context.language
        return Isolation(
            proofs=[_shown(proof, language) for proof in found],
            tried=[render(code, language, {}) for code in isolation.TRIED],
            not_tried=[render(code, language, {}) for code in isolation.NOT_TRIED],
        )


def _shown(proof: isolation.Proof, language: str) -> IsolationProof:
    return IsolationProof(
        id=strawberry.ID(str(proof.id)),
        started_at=DateTimeText(proof.started_at.isoformat()),
        ended_at=DateTimeText(proof.ended_at.isoformat()),
        version=proof.version,
        schema_hash=proof.schema_hash,
        findings=proof.sentences(language),
        **{name: proof.counts[name] for name in ("operations", "places", "attempts", "unseen", "reads")},
    )
