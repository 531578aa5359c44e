"""Life cycles as they are in force, the orders in each version, and the migrations between them."""

from enum import Enum
from typing import Annotated, Any

import strawberry

from schema.context import Info, parse_id, run
from schema.mutations import Values, mutation
from schema.problems import Conflict, InvalidInput, LimitExceeded, NotAllowed, NotFound
from schema.scalars import DateTimeText
from tenants.config.definitions import LifeCycle as LifeCycleDefinition
from tenants.config.definitions import label
from tenants.config.snapshot import TenantConfig
from tenants.life_cycles import migrating, versions
from tenants.life_cycles.cycles import FOLLOWING, Cycle, cycles_of
from tenants.life_cycles.migrating import Wanted
from tenants.transaction import Transaction

MOST_MIGRATIONS = 50


@strawberry.type(description="The orders of a life cycle that are in one status, void ones left out.")
class StatusCount:
    status: str = strawberry.field(description="Key of the status.")
    label: str = strawberry.field(description="Its name, in your language.")
    orders: int = strawberry.field(description="How many orders.")


@strawberry.type(description="A version of a life cycle that some order is in, or that new ones begin in.")
class LifeCycleVersion:
    version: int = strawberry.field(description="Its number; 0 is that of orders that follow the version in force.")
    statuses: list[str] = strawberry.field(description="Keys of its statuses, in order.")
    steps: list[str] = strawberry.field(description="Keys of its steps.")
    orders: list[StatusCount] = strawberry.field(description="The orders in it, by status.")


@strawberry.type(description="A life cycle.")
class LifeCycle:
    key: str = strawberry.field(description="Its key; empty for the one of all statuses.")
    label: str | None = strawberry.field(description="Its name, in your language; null for the one of all statuses.")
    versions: list[LifeCycleVersion] = strawberry.field(description="The version in force, and older ones in use.")


@strawberry.type(description="What becomes of the orders in one status.")
class LifeCycleMove:
    status: str = strawberry.field(description="Key of the status that they are in.")
    target: str | None = strawberry.field(description="Key of the status that they go to; null where they stay.")
    orders: int = strawberry.field(description="How many orders.")


@strawberry.enum(description="How far a migration of orders has come.")
class MigrationState(Enum):
    RUNNING = strawberry.enum_value("running", description="Orders are being moved.")
    DONE = strawberry.enum_value("done", description="All have been moved.")
    REVERTING = strawberry.enum_value("reverting", description="Orders are being moved back.")
    REVERTED = strawberry.enum_value("reverted", description="All have been moved back that could be.")


@strawberry.type(description="A migration of orders from one version of a life cycle to another.")
class LifeCycleMigration:
    id: strawberry.ID = strawberry.field(description="Opaque id.")
    from_life_cycle: str = strawberry.field(description="Key of the life cycle that the orders were in.")
    from_version: int = strawberry.field(description="Its version; 0 for orders that followed the one in force.")
    to_life_cycle: str = strawberry.field(description="Key of the life cycle that they go on in.")
    state: MigrationState = strawberry.field(description="How far it has come.")
    total: int = strawberry.field(description="How many orders were to be moved when it began.")
    done: int = strawberry.field(description="How many orders have been moved, or moved back.")
    kept: int = strawberry.field(description="How many were left where they are, because that had changed meanwhile.")
    comment: str = strawberry.field(description="Why; kept in the history of each order whose status changed.")
    author: str = strawberry.field(description="Who began it.")
    created_at: DateTimeText = strawberry.field(description="When it began.")
    finished_at: DateTimeText | None = strawberry.field(description="When it ended; null while it is under way.")


@strawberry.input(description="From which status to which.")
class StatusMoveInput:
    from_: str = strawberry.field(name="from", description="Key of the status that orders are in.")
    to: str = strawberry.field(description="Key of the status that they go to.")


@strawberry.input(description="Which orders go where.")
class LifeCycleMoveInput:
    from_life_cycle: str = strawberry.field(description="Key of the life cycle that the orders are in.")
    from_version: int = strawberry.field(
        default=FOLLOWING, description="The version that they are held to; 0 for those that follow the one in force."
    )
    to_life_cycle: str | None = strawberry.field(
        default=None, description="Key of the life cycle to go on in; the same if not given."
    )
    statuses: list[StatusMoveInput] = strawberry.field(
        default_factory=list,
        description="From status to status. Those not named go to the same status where it is there, and else stay.",
    )


@strawberry.input(description="Which orders go where, and why.")
class MigrateLifeCycleInput(LifeCycleMoveInput):
    comment: str = strawberry.field(default="", description="Why; kept in the history of the orders.")


@strawberry.input(description="A migration to take back.")
class RevertLifeCycleMigrationInput:
    id: strawberry.ID = strawberry.field(description="The migration's id.")


@strawberry.input(description="A life cycle whose running orders are to stay as they are.")
class HoldLifeCycleInput:
    life_cycle: str = strawberry.field(description="Its key; empty for the one of all statuses.")


@strawberry.type(description="The migration after the mutation.")
class LifeCycleMigrationPayload:
    migration: LifeCycleMigration = strawberry.field(description="The migration.")


@strawberry.type(description="The orders that stay with the version in force.")
class HoldLifeCyclePayload:
    orders: int = strawberry.field(description="How many orders.")


LifeCycleMigrationResult = Annotated[
    LifeCycleMigrationPayload | InvalidInput | NotAllowed | NotFound | Conflict | LimitExceeded,
    strawberry.union("LifeCycleMigrationResult", description="The migration, or why it was refused."),
]
HoldLifeCycleResult = Annotated[
    HoldLifeCyclePayload | InvalidInput | NotAllowed | Conflict,
    strawberry.union("HoldLifeCycleResult", description="What was held, or why it was refused."),
]


@strawberry.type
class LifeCycleQueries:
    @strawberry.field(description="The life cycles in force, with the orders in each version that is in use.")
    async def life_cycles(self, info: Info) -> list[LifeCycle]:
        return await run(info, _life_cycles, rehearsal=True)

    @strawberry.field(description="What a migration of orders would do, status by status; nothing is done.")
    async def plan_life_cycle_migration(
        self,
        info: Info,
        moves: Annotated[LifeCycleMoveInput, strawberry.argument(description="Which orders would go where.")],
    ) -> list[LifeCycleMove]:
        statuses = {move.from_: move.to for move in moves.statuses}
        source, target = moves.from_life_cycle, moves.to_life_cycle
        wanted = Wanted(source, moves.from_version, source if target is None else target, statuses)
        found = await run(info, lambda tx: migrating.plan(tx, wanted), rehearsal=True)
        return [LifeCycleMove(status=move.status, target=move.target, orders=move.orders) for move in found]

    @strawberry.field(description="The migrations of orders between versions of life cycles, newest first.")
    async def life_cycle_migrations(self, info: Info) -> list[LifeCycleMigration]:
        rows = await run(info, lambda tx: migrating.migrations(tx, MOST_MIGRATIONS), rehearsal=True)
        return [_shown(row) for row in rows]


@strawberry.type
class LifeCycleMigrations:
    @mutation(
        MigrateLifeCycleInput,
        description="Take running orders to the version of a life cycle that is in force, in batches, by a job.",
    )
    async def migrate_life_cycle(self, info: Info, input: Values) -> LifeCycleMigrationResult:
        source, target = input["fromLifeCycle"], input.get("toLifeCycle")
        statuses = {move["from"]: move["to"] for move in input["statuses"]}
        wanted = Wanted(source, input["fromVersion"], source if target is None else target, statuses)

        async def command(tx: Transaction) -> LifeCycleMigrationPayload:
            return await _found(tx, await migrating.migrate(tx, wanted, input["comment"]))

        return await run(info, command)

    @mutation(
        RevertLifeCycleMigrationInput,
        description="Take a migration back: orders that still are where it put them return, in batches, by a job.",
    )
    async def revert_life_cycle_migration(self, info: Info, input: Values) -> LifeCycleMigrationResult:
        async def command(tx: Transaction) -> LifeCycleMigrationPayload:
            return await _found(tx, await migrating.go_back(tx, parse_id(input["id"])))

        payload = await run(info, command)
        await info.context.refresh()
        return payload

    @mutation(
        HoldLifeCycleInput,
        description="Let all running orders of a life cycle stay with its version in force, whatever becomes of it.",
    )
    async def hold_life_cycle(self, info: Info, input: Values) -> HoldLifeCycleResult:
        found = await run(info, lambda tx: versions.hold(tx, input["lifeCycle"]))
        await info.context.refresh()
        return HoldLifeCyclePayload(orders=found)


async def _found(tx: Transaction, migration_id: Any) -> LifeCycleMigrationPayload:
    (row,) = [row for row in await migrating.migrations(tx, MOST_MIGRATIONS) if row["id"] == migration_id]
    return LifeCycleMigrationPayload(migration=_shown(row))


def _shown(row: dict[str, Any]) -> LifeCycleMigration:
    return LifeCycleMigration(
        id=strawberry.ID(str(row["id"])),
        from_life_cycle=row["source"],
        from_version=row["source_version"],
        to_life_cycle=row["target"],
        state=MigrationState(row["state"]),
        total=row["total"],
        done=row["done"],
        kept=row["kept"],
        comment=row["comment"],
        author=row["author_name"],
        created_at=row["created_at"],
        finished_at=row["finished_at"],
    )


async def _life_cycles(tx: Transaction) -> list[LifeCycle]:
    counted: dict[tuple[str, int], list[StatusCount]] = {}
    for row in await versions.orders_by_version(tx):
        shown = _status_label(tx.config, row["status"], tx.language)
        count = StatusCount(status=row["status"], label=shown, orders=row["orders"])
        counted.setdefault((row["life_cycle"], row["version"]), []).append(count)
    cycles: dict[str, list[Cycle]] = {}
    for (key, _), cycle in sorted(cycles_of(tx.config).items()):
        cycles.setdefault(key, []).append(cycle)
    found = []
    for key, each in cycles.items():
        definition = tx.config.definitions["life_cycle"].get(key)
        name = label(definition.label, tx.language, key) if isinstance(definition, LifeCycleDefinition) else None
        in_use = [_version(cycle, counted.get((key, cycle.version), [])) for cycle in each]
        found.append(LifeCycle(key=key, label=name, versions=in_use))
    return found


def _version(cycle: Cycle, orders: list[StatusCount]) -> LifeCycleVersion:
    return LifeCycleVersion(
        version=cycle.version, statuses=list(cycle.gates), steps=list(cycle.transitions), orders=orders
    )


def _status_label(config: TenantConfig, key: str, language: str) -> str:
    return label(config.all_statuses[key].label, language, key) if key in config.all_statuses else key
