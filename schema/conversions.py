"""Conversions of fields to other types: planned, begun, followed, and taken back."""

from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import UNSET

from schema.change_sets import ConfigurationPlan, shown_plan
from schema.context import Info, parse_id, run
from schema.definitions.changing import ChangeInput
from schema.definitions.fields import TYPES, OptionInput, field_body
from schema.mutations import Values, mutation
from schema.previews import as_values
from schema.problems import Conflict, InvalidInput, LimitExceeded, NotAllowed, NotFound
from schema.scalars import DateTimeText, Json
from tenants.config.definitions import label
from tenants.conversions import converting, planning
from tenants.conversions.planning import Failure, Plan
from tenants.conversions.running import LEAVE_EMPTY, REFUSE
from tenants.conversions.shaping import Wanted
from tenants.problems import FieldError
from tenants.transaction import Transaction

MOST_CONVERSIONS = 50
MOST_FAILURES = 500
# Names of the inputs that are no part of a definition.
_NOT_OF_THE_FIELD = frozenset({"object", "key", "decimalComma", "dateFormat", "makeOptions", "otherwise"})


@strawberry.enum(description="What becomes of a conversion if a value cannot be converted.")
class Otherwise(Enum):
    REFUSE = strawberry.enum_value(REFUSE, description="Nothing is converted; the values that cannot be are told.")
    LEAVE_EMPTY = strawberry.enum_value(LEAVE_EMPTY, description="Such values are left empty, and told.")


@strawberry.enum(description="How far a conversion has come.")
class ConversionState(Enum):
    CHECKING = strawberry.enum_value("checking", description="The values are looked at.")
    FILLING = strawberry.enum_value("filling", description="The new values are made beside the old ones.")
    SWITCHING = strawberry.enum_value("switching", description="What was written meanwhile is converted as well.")
    SEARCHING = strawberry.enum_value(
        "searching", description="The field has its new type; what free text finds is brought up to date."
    )
    DONE = strawberry.enum_value("done", description="All is done.")
    REVERTED = strawberry.enum_value("reverted", description="It was done, and was taken back.")
    CLEARING = strawberry.enum_value("clearing", description="It was given up; what it had made is taken away.")
    CLEARED = strawberry.enum_value("cleared", description="It was given up; the field is as it was.")
    REFUSED = strawberry.enum_value(
        "refused", description="There are values that cannot be converted; the field is as it was."
    )


@strawberry.type(description="A value that cannot be converted.")
class ConversionFailure:
    record_id: strawberry.ID = strawberry.field(description="The record that has it.")
    record: str = strawberry.field(description="Its number, name or SKU.")
    value: Json = strawberry.field(description="The value as it is, or was.")
    reason: str = strawberry.field(description="Why it cannot be converted, in your language.")


@strawberry.type(description="An option that comes with a conversion.")
class MadeOption:
    key: str = strawberry.field(description="Its key.")
    label: str = strawberry.field(description="Its label: the text that it is made of.")


@strawberry.type(description="What a conversion would do; nothing is done.")
class FieldConversionPlan:
    records: int | None = strawberry.field(
        description="How many records there are of the type, which all are looked at; null, like the other numbers, where you may not read all of them."
    )
    values: int | None = strawberry.field(description="How many of them have a value.")
    converted: int | None = strawberry.field(description="How many values can be converted.")
    failed: int | None = strawberry.field(description="How many cannot.")
    failures: list[ConversionFailure] = strawberry.field(
        description=f"The first {planning.MOST_SHOWN} of those that cannot."
    )
    made_options: list[MadeOption] = strawberry.field(description="The options that come with it.")
    at_once: bool = strawberry.field(
        description="Whether it is done at once; else by a job, while people go on working."
    )
    plan: ConfigurationPlan = strawberry.field(
        description="The change of the definition, what depends on it, and why it could not be made, if it could not."
    )


@strawberry.type(description="A conversion of a field to another type, or its way back.")
class FieldConversion:
    id: strawberry.ID = strawberry.field(description="Opaque id.")
    field: str = strawberry.field(description="The field as <record type>.<key>.")
    from_type: str = strawberry.field(description="The type that it had.")
    to_type: str = strawberry.field(description="The type that it gets.")
    state: ConversionState = strawberry.field(description="How far it has come.")
    total: int = strawberry.field(description="How many records there were when it began.")
    done: int = strawberry.field(description="How many the state it is in has done.")
    failed: int = strawberry.field(description="How many values could not be converted.")
    problems: list[str] = strawberry.field(description="Why it was given up, in your language.")
    reverts: strawberry.ID | None = strawberry.field(description="The conversion that it takes back.")
    comment: str = strawberry.field(description="Why it was begun.")
    author: str = strawberry.field(description="Who began it.")
    version: int | None = strawberry.field(
        description="The version of the configuration that it made; null until then."
    )
    created_at: DateTimeText = strawberry.field(description="When it began.")
    finished_at: DateTimeText | None = strawberry.field(description="When it ended; null while it is under way.")


@strawberry.input(description="A field, and what its definition is to say otherwise; its label, help and marks stay.")
class FieldConversionInput:
    object: str = strawberry.field(description="The record type: order, customer or product.")
    key: str = strawberry.field(description="The field's key, which stays.")
    type: str = strawberry.field(description=f"The type that it shall have, one of {TYPES}.")
    required: bool | None = strawberry.field(default=UNSET, description="As now, if not given.")
    indexed: bool | None = strawberry.field(default=UNSET, description="As now, if not given.")
    unique: bool | None = strawberry.field(default=UNSET, description="As now, if not given.")
    default: Json | None = strawberry.field(default=UNSET, description="What a new record has that is given nothing.")
    minimum: Json | None = strawberry.field(
        default=UNSET, description="The smallest value, which converted ones keep too."
    )
    maximum: Json | None = strawberry.field(
        default=UNSET, description="The largest value, which converted ones keep too."
    )
    pattern: str | None = strawberry.field(
        default=UNSET, description="The form of texts, which converted ones keep too."
    )
    region: str | None = strawberry.field(
        default=UNSET, description="The country of telephone numbers without a country code, by ISO 3166."
    )
    options: list[OptionInput] | None = strawberry.field(
        default=UNSET, description="The options that it shall have; a text is one by its key or a label."
    )
    currency: str | None = strawberry.field(
        default=UNSET, description="The currency of amounts without one, by ISO 4217; the company's, if not given."
    )
    make_options: bool = strawberry.field(
        default=False, description="Whether each text that is no option becomes one, up to 200."
    )
    decimal_comma: bool = strawberry.field(
        default=False, description="Whether texts write decimals with a comma, as in 1.234,50."
    )
    date_format: str | None = strawberry.field(
        default=None, description="How texts write dates, such as %d.%m.%Y; ISO 8601, if not given."
    )


@strawberry.input(
    description="A field, what its definition is to say otherwise, and what becomes of values that do not fit."
)
class ConvertFieldInput(FieldConversionInput, ChangeInput):
    otherwise: Otherwise = strawberry.field(
        default=Otherwise.REFUSE, description="What becomes of all if a value cannot be converted."
    )


@strawberry.input(description="A conversion to take back.")
class RevertFieldConversionInput:
    id: strawberry.ID = strawberry.field(description="The conversion's id; the field's last one.")
    otherwise: Otherwise = strawberry.field(
        default=Otherwise.REFUSE, description="What becomes of all if a value written since cannot be converted back."
    )
    comment: str = strawberry.field(default="", description="Why; kept with the change set.")


@strawberry.type(description="The conversion after the mutation.")
class FieldConversionPayload:
    conversion: FieldConversion = strawberry.field(description="The conversion.")


FieldConversionResult = Annotated[
    FieldConversionPayload | InvalidInput | NotAllowed | NotFound | Conflict | LimitExceeded,
    strawberry.union("FieldConversionResult", description="The conversion, or why it was refused."),
]


@strawberry.type
class ConversionQueries:
    @strawberry.field(description="What converting a field to another type would do, value by value; nothing is done.")
    async def plan_field_conversion(
        self,
        info: Info,
        conversion: Annotated[
            FieldConversionInput, strawberry.argument(description="The field, and what it shall be.")
        ],
    ) -> FieldConversionPlan:
        wanted = _wanted(as_values(conversion))
        return await _planned(info, lambda tx: planning.plan(tx, wanted))

    @strawberry.field(description="What taking a conversion back would do, value by value; nothing is done.")
    async def plan_field_conversion_revert(self, info: Info, id: strawberry.ID) -> FieldConversionPlan:
        return await _planned(info, lambda tx: converting.plan_revert(tx, parse_id(id)))

    @strawberry.field(description="The conversions of fields, newest first.")
    async def field_conversions(self, info: Info) -> list[FieldConversion]:
        rows = await run(info, lambda tx: converting.conversions(tx, MOST_CONVERSIONS), rehearsal=True)
        return [_shown(row, info.context.caller.language) for row in rows]

    @strawberry.field(description="The values that a conversion could not convert, in the order of their records' ids.")
    async def field_conversion_failures(
        self,
        info: Info,
        id: strawberry.ID,
        first: Annotated[int, strawberry.argument(description=f"How many, at most {MOST_FAILURES}.")] = 50,
        after: Annotated[
            strawberry.ID | None, strawberry.argument(description="The record after whose id to go on.")
        ] = None,
    ) -> list[ConversionFailure]:
        most, begin = max(0, min(first, MOST_FAILURES)), parse_id(after) if after is not None else None
        found = await run(info, lambda tx: converting.failures(tx, parse_id(id), most, begin), rehearsal=True)
        return [_failure(each, info.context.caller.language) for each in found]


@strawberry.type
class ConversionMutations:
    @mutation(
        ConvertFieldInput,
        description="Give a field another type and convert its values: few at once, many in batches, by a job.",
    )
    async def convert_field(self, info: Info, input: Values) -> FieldConversionResult:
        wanted, otherwise, expected = _wanted(input), _otherwise(input), input.get("expectedVersion")
        return await _begun(info, lambda tx: converting.convert(tx, wanted, otherwise, input["comment"], expected))

    @mutation(
        RevertFieldConversionInput,
        description="Take a conversion back: the old type and values, with what was written since converted back. One under way ends.",
    )
    async def revert_field_conversion(self, info: Info, input: Values) -> FieldConversionResult:
        wanted, otherwise = parse_id(input["id"]), _otherwise(input)
        return await _begun(info, lambda tx: converting.revert(tx, wanted, otherwise, input["comment"]))


def _wanted(given: Values) -> Wanted:
    return Wanted(
        key=f"{given['object']}.{given['key']}",
        body=field_body(given, without=_NOT_OF_THE_FIELD),
        decimal_comma=given["decimalComma"],
        date_format=given.get("dateFormat"),
        make_options=given["makeOptions"],
    )


def _otherwise(given: Values) -> str:
    found = given["otherwise"]
    return str(found.value if isinstance(found, Enum) else found)


async def _planned(info: Info, plan: Callable[[Transaction], Awaitable[Plan]]) -> FieldConversionPlan:
    async def command(tx: Transaction) -> tuple[int, Plan]:
        return tx.config_version, await plan(tx)

    version, found = await run(info, command, rehearsal=True)
    language = info.context.caller.language
    return FieldConversionPlan(
        records=found.records if found.is_told else None,
        values=found.values if found.is_told else None,
        converted=found.converted if found.is_told else None,
        failed=found.failed if found.is_told else None,
        failures=[_failure(each, language) for each in found.failures],
        made_options=[
            MadeOption(key=option.key, label=label(option.label, language, option.key)) for option in found.made
        ],
        at_once=found.records <= converting.AT_ONCE,
        plan=shown_plan(info, version, found.assessment),
    )


async def _begun(info: Info, command: Callable[[Transaction], Awaitable[UUID]]) -> FieldConversionPayload:
    async def begin(tx: Transaction) -> dict[str, Any]:
        begun = await command(tx)
        (row,) = [row for row in await converting.conversions(tx, MOST_CONVERSIONS) if row["id"] == begun]
        return row

    row = await run(info, begin)
    caller = await info.context.refresh()
    return FieldConversionPayload(conversion=_shown(row, caller.language))


def _failure(failure: Failure, language: str) -> ConversionFailure:
    return ConversionFailure(
        record_id=strawberry.ID(str(failure.record_id)),
        record=failure.title,
        value=Json(failure.value),
        reason=failure.reason.text(language),
    )


def _shown(row: dict[str, Any], language: str) -> FieldConversion:
    problems = (FieldError(tuple(each["path"]), each["code"], each["data"]) for each in row["problem"] or ())
    return FieldConversion(
        id=strawberry.ID(str(row["id"])),
        field=row["field"],
        from_type=row["source"]["type"],
        to_type=row["target"]["type"],
        state=ConversionState(row["state"]),
        total=row["total"],
        done=row["done"],
        failed=row["failed"],
        problems=[problem.text(language) for problem in problems],
        reverts=strawberry.ID(str(row["reverts"])) if row["reverts"] else None,
        comment=row["comment"],
        author=row["author_name"],
        version=row["version"],
        created_at=row["created_at"],
        finished_at=row["finished_at"],
    )
