"""The one step that every change takes between its command and the save path: what may be written comes out of it settled."""

from collections.abc import Iterator, Mapping, Sequence

from tenants.aggregates import Aggregate, Record, Settled, UniqueValues
from tenants.config.definitions import CustomField
from tenants.files.attaching import find_attached
from tenants.forms import Form
from tenants.judging import Draft
from tenants.links import find_linked
from tenants.problems import FieldError, InvalidInput
from tenants.rules.auto_numbers import give_numbers
from tenants.rules.book import Book, rules_for
from tenants.rules.enforcing import Change, missing
from tenants.rules.own_values import take_defaults, take_own_values
from tenants.rules.states import field_states
from tenants.rules.taken_keys import hold_keys, taken_keys
from tenants.rules.writable import closed_here, rights_to_parts, unwritable, written_in_part
from tenants.transaction import Transaction


async def settle(
    tx: Transaction,
    aggregate: Aggregate,
    before: Record | None,
    after: Record,
    form: Form | None = None,
    beside: Sequence[Settled] = (),
    *,
    leaving: bool = False,
) -> Settled:
    """The change from ``before`` (None: a new record) to ``after``, ready to be saved.

    ``form`` is what the caller gave; a step of a record's life gives nothing. ``beside`` are other records that will be written with
    this one. A record that is ``leaving``, because it is voided or because it is no person that changes it, need only be as those
    rules want it that say so. Raises :class:`InvalidInput` with all errors, those that the command put into the form as well.
    """
    fields, untold = tx.config.fields.get(aggregate.record_type, {}), frozenset[str]()
    parts = await rights_to_parts(tx, aggregate, before) if form is not None else ()
    if form is not None:
        form.errors.extend(unwritable(tx.access, aggregate.record_type, form, parts))
        take_own_values(form, fields, tx.config.currency)
        if before is None:
            untold = take_defaults(tx, Draft(aggregate, after), form)
        await find_linked(tx, form, fields)
        await find_attached(tx, form, aggregate.record_type, fields)
    unique: tuple[UniqueValues, ...] = ()
    book = rules_for(tx.config, aggregate.record_type)
    if book is None and tx.states is not None:
        book = Book((), ())
    if book is not None:
        if leaving:
            book = book.of_leaving(
                is_voided=bool(before and after.row.get("voided_at") and not before.row.get("voided_at"))
            )
        drafts = [Draft(other.aggregate, other.after) for other in beside]
        earlier = None if before is None else Draft(aggregate, before)
        change = Change(tx, book, earlier, Draft(aggregate, after), form, drafts)
        unique = await _judged(tx, aggregate, change, form, fields, untold)
    elif form is not None:
        form.errors.extend(missing(form, fields, untold))
        form.errors.extend(await taken_keys(tx, aggregate, before, after, form))
        form.finish()
    if form is not None:
        hold_keys(tx, aggregate, before, after)
        await give_numbers(tx, aggregate, after)
    in_part = written_in_part(tx.access, aggregate.record_type, form) if form is not None else {}
    return Settled(aggregate, before, after, unique, in_part)


async def _judged(
    tx: Transaction,
    aggregate: Aggregate,
    change: Change,
    form: Form | None,
    fields: Mapping[str, CustomField],
    untold: frozenset[str],
) -> tuple[UniqueValues, ...]:
    broken = await change.judge()
    if tx.states is not None:
        parts = await rights_to_parts(tx, aggregate, change.before)
        closed = closed_here(tx, aggregate.record_type, parts)
        tx.states.extend(field_states(change, fields, aggregate.record_type, tx.access, parts, closed, tx.language))
    unique, taken = await change.claims()
    known = [*form.errors, *missing(form, fields, change.hidden | untold)] if form else []
    keys = await taken_keys(tx, aggregate, change.before, change.after, form) if form else []
    errors = list(_all_told(known, [*broken, *keys, *taken]))
    if errors:
        raise InvalidInput(errors)
    return tuple(unique)


def _all_told(known: Sequence[FieldError], broken: Sequence[FieldError]) -> Iterator[FieldError]:
    """All that is wrong. Of a value that is no value, only that is told, and no sentence twice at one field."""
    yield from known
    wrong = {error.path for error in known}
    told = list[FieldError]()
    for error in broken:
        if error.path not in wrong and error not in told:
            told.append(error)
    yield from told
