"""Steps of an order's life cycle."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tenants.aggregates import ORDER, STATUS_CHANGED, Record, Row, Settled
from tenants.config.definitions import Category, Transition, label
from tenants.config.snapshot import TenantConfig
from tenants.field_types import BadValue
from tenants.field_types.identifier import record_id
from tenants.files.hanging import LOOK_UP, MOST_FILES, hang, unfit
from tenants.forms import Form
from tenants.languages import product_language
from tenants.life_cycles.cycles import Cycle, cycle_of, is_gated
from tenants.life_cycles.forms import asked_fields, foreign_values, missing_values, wrong_reason
from tenants.life_cycles.gates import all_unmet, hurdles, refusal
from tenants.life_cycles.standing import stand
from tenants.orders.standing import as_it_is, checked_note, refuse_voided
from tenants.orders.taking import check
from tenants.problems import Conflict, FieldError, InvalidInput, NotAllowed
from tenants.rules.book import rules_for
from tenants.rules.settling import settle
from tenants.saving import is_row_of, load, require_row, save
from tenants.search_texts import order_text
from tenants.transaction import Transaction


@dataclass(frozen=True, slots=True)
class StepForm:
    """What is given with a step: the ``step`` by its key where several lead to the status, the key of its ``reason``, and
    ``values`` of the fields that it asks for, by the names that they have in an update of the order, and ids of ``files``."""

    step: str | None = None
    reason: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    files: Sequence[Any] = ()


EMPTY = StepForm()
# Where files hang that came with a step.
STEP = "step"


async def change_status(
    tx: Transaction,
    order_id: UUID | None,
    target: str,
    expected_version: int | None = None,
    note: str | None = None,
    given: StepForm = EMPTY,
) -> UUID:
    """Take one step of the order's life cycle.

    Raises :class:`NotAllowed` (order.change_status, or the step's own right), :class:`NotFound`, :class:`InvalidInput` for an
    unknown status, and for what the step's form lacks, what breaks a rule and conditions that do not hold, all at once, and
    :class:`Conflict` for a step that the life cycle does not have, naming those it has, and where conditions are all that is in the way.
    """
    tx.access.require("order.change_status")
    gated = is_gated(tx.config) or rules_for(tx.config, "order") is not None or given != EMPTY
    step, rights = None if gated else STATUS_CHANGED, ("order.change_status",)
    before = await load(tx, ORDER, order_id, expected_version, step=step, rights=rights)
    refuse_voided(tx, before.row)
    cycle = cycle_of(tx.config, before.row)
    _check_target(tx, cycle, before.row, target)
    key = await _chosen(tx, cycle, before, target, given.step)
    transition = cycle.transitions[key]
    asked = asked_fields(tx.config, transition)
    errors = [*foreign_values(asked, given.values), *wrong_reason(transition, given.reason)]
    note = _note(tx, transition, note, errors)
    files = await _files(tx, before.id, transition, given.files, errors)
    after = before.copy()
    stand(after.row, tx.config, cycle, target, tx.now)
    after.row["status_reason"] = given.reason
    form = await _filled_in(tx, transition, given.values, after, errors)
    settled = await _settled(tx, before, after, form, errors, asked)
    conditions = hurdles(tx.config, cycle, before.row["status"], key)
    if unsound := _unsound(tx.config, errors):
        conditions = tuple(hurdle for hurdle in conditions if unsound.isdisjoint(hurdle.paths))
    unmet = await all_unmet(tx, conditions, _standing(before, after))
    if settled is None:
        told = (FieldError(("status",), each.code, each.data(tx.config, tx.language)) for each in unmet)
        raise InvalidInput([*errors, *told])
    if unmet:
        raise refusal(tx, unmet, before.row)
    if form is not None:
        after.row["search_text"] = order_text(tx.config, after.row, after.children["lines"])
    await save(tx, settled, STATUS_CHANGED, note)
    await hang(tx, ("order", before.id, STEP), files)
    return before.id


def _check_target(tx: Transaction, cycle: Cycle, row: Row, target: str) -> None:
    statuses = tx.config.statuses
    if target not in cycle.gates and target not in statuses:
        raise InvalidInput.at(("status",), "order.unknown_status", status=target, statuses=", ".join(statuses))
    if target in statuses and statuses[target].category is Category.VOID:
        name = label(statuses[target].label, tx.language, target)
        raise Conflict("order.use_void", current=as_it_is(row), status=name)


async def _chosen(tx: Transaction, cycle: Cycle, before: Record, target: str, wanted: str | None) -> str:
    """The step to the status that the caller may take; of several, the first whose conditions the order meets as it stands."""
    row, source = before.row, before.row["status"]
    keys = cycle.steps.get(source, ())
    leading = [key for key in keys if cycle.transitions[key].target == target and wanted in (None, key)]
    if not leading:
        raise _illegal(tx, cycle, row, target, keys)
    allowed = [key for key in leading if tx.access.allows(f"order.transition.{key}")]
    if not allowed:
        right = f"order.transition.{leading[0]}"
        raise NotAllowed(right, tx.access.policy.holders(right))
    if not tx.access.rows.keys().isdisjoint(f"order.transition.{key}" for key in allowed):
        allowed = await _of_this(tx, before, allowed)
    for key in allowed if len(allowed) > 1 else ():
        if not await all_unmet(tx, hurdles(tx.config, cycle, source, key), before):
            return key
    return allowed[0]


async def _of_this(tx: Transaction, before: Record, allowed: Sequence[str]) -> list[str]:
    """Those of the steps that the caller may take on this order. Raises :class:`NotAllowed` where there is none."""
    found = [key for key in allowed if await is_row_of(tx, ORDER, before.id, f"order.transition.{key}")]
    if not found:
        await require_row(tx, ORDER, before.id, f"order.transition.{allowed[0]}")
    return found


def _illegal(tx: Transaction, cycle: Cycle, row: Row, target: str, keys: Sequence[str]) -> Conflict:
    source = row["status"]
    names = {key: label(status.label, tx.language, key) for key, status in tx.config.all_statuses.items()}
    ends = [names.get(cycle.transitions[key].target, key) for key in keys]
    is_chinese = product_language(tx.language) == "zh"
    steps = "、".join(f"“{end}”" for end in ends) if is_chinese else ", ".join(f"'{end}'" for end in ends)
    return Conflict(
        "order.illegal_step" if keys else "order.no_next_steps",
        current=as_it_is(row),
        source=names.get(source, source),
        target=names.get(target, target),
        steps=steps,
    )


def _note(tx: Transaction, transition: Transition, given: str | None, errors: list[FieldError]) -> str | None:
    """The note of the step; what is wrong with it goes to the errors."""
    note = checked_note(given, errors)
    if transition.note_required and note is None and not any(error.path == ("note",) for error in errors):
        errors.append(FieldError(("note",), "order.step_note", {"step": label(transition.label, tx.language)}))
    return note


async def _filled_in(
    tx: Transaction, transition: Transition, values: Mapping[str, Any], after: Record, errors: list[FieldError]
) -> Form | None:
    """The step's form, its values taken in, with the errors in it; None for a step that is given none and needs none."""
    if not transition.fields and not values:
        return None
    form = Form(values, after.row, ("values",))
    form.errors.extend(errors)
    await check(tx, form, after, None)
    failed = {error.path for error in form.errors}
    missing = missing_values(tx.config, transition, values, after.row, tx.language)
    form.errors.extend(error for error in missing if error.path not in failed)
    return form


async def _settled(
    tx: Transaction, before: Record, after: Record, form: Form | None, errors: list[FieldError], asked: Sequence[str]
) -> Settled | None:
    """The step, ready to be saved; None where something is wrong with it, all of which is then in the errors."""
    try:
        settled = await settle(tx, ORDER, before, after, form)
    except InvalidInput as problem:
        # What the step asks for is given below its values, whether or not it was given any.
        at_values = [form is None and ".".join(map(str, error.path)) in asked for error in problem.errors]
        told = [
            error.below("values") if is_value else error
            for error, is_value in zip(problem.errors, at_values, strict=True)
        ]
        errors[:] = told if form is not None else [*errors, *told]
        return None
    return None if errors else settled


def _unsound(config: TenantConfig, errors: Sequence[FieldError]) -> set[str]:
    """The fields whose values are wrong, and those that follow from them: conditions on these say nothing."""
    found = set()
    for path in (error.path for error in errors if error.path[0] == "values" and len(error.path) > 1):
        found.add(".".join(map(str, path[1:3])) if path[1] == "custom" else str(path[1]).removesuffix("Id"))
    if found:
        own = config.fields.get("order", {})
        found |= {f"custom.{key}" for key, definition in own.items() if definition.is_computed}
    return found


async def _files(
    tx: Transaction, order_id: UUID, transition: Transition, given: Sequence[Any], errors: list[FieldError]
) -> list[UUID]:
    """The files that hang on the order with the step; what is wrong with them goes to the errors."""
    if transition.attachment_required and not given:
        errors.append(FieldError(("files",), "order.step_file", {"step": label(transition.label, tx.language)}))
    if not given:
        return []
    if len(given) > MOST_FILES:
        errors.append(FieldError(("files",), "value.too_many", {"count": len(given), "most": MOST_FILES}))
        return []
    wanted = []
    for position, each in enumerate(given):
        try:
            wanted.append(record_id(each, "file"))
        except BadValue as bad:
            errors.append(FieldError(("files", position), bad.code, bad.data))
    found = await tx.fetch_all(LOOK_UP, files=wanted)
    errors.extend(unfit(tx, found, wanted, ("order", order_id, STEP), ("files",)))
    return wanted


def _standing(before: Record, after: Record) -> Record:
    """The order with what the step's form says, where it stands before the step: what its conditions are about."""
    return Record({**after.row, "status": before.row["status"]}, after.children)
