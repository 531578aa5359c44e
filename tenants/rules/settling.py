"""The one step that every change takes between its command and the save path: what may be written comes out of it settled."""

from collections.abc import Mapping, Sequence

from tenants.aggregates import Aggregate, Record, Settled, UniqueValues
from tenants.config.definitions import CustomField, Effect
from tenants.files.attaching import find_attached
from tenants.forms import Form
from tenants.judging import Draft
from tenants.links import find_linked
from tenants.problems import FieldError, InvalidInput
from tenants.rules.auto_numbers import give_numbers
from tenants.rules.book import Book, rules_for
from tenants.rules.enforcing import Change, missing
from tenants.rules.own_values import take_own_values
from tenants.rules.states import field_states
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
    this one. A record that is ``leaving``, because it is voided, need not be as the rules want it. Raises :class:`InvalidInput`
    with all errors, those that the command put into the form as well.
    """
    fields = tx.config.fields.get(aggregate.record_type, {})
    if form is not None:
        take_own_values(form, fields, tx.config.currency)
        await find_linked(tx, form, fields)
        await find_attached(tx, form, aggregate.record_type, fields)
    book = rules_for(tx.config, aggregate.record_type)
    if book is None and tx.states is not None:
        book = Book((), ())
    if book is not None:
        if leaving:
            book = Book(book.of(Effect.UNIQUE), ())
        drafts = [Draft(other.aggregate, other.after) for other in beside]
        earlier = None if before is None else Draft(aggregate, before)
        change = Change(tx, book, earlier, Draft(aggregate, after), form, drafts)
        unique = await _judged(tx, change, form, fields)
        if form is not None:
            await give_numbers(tx, aggregate, after)
        return Settled(aggregate, before, after, unique)
    if form is not None:
        form.errors.extend(missing(form, fields, ()))
        form.finish()
        await give_numbers(tx, aggregate, after)
    return Settled(aggregate, before, after)


async def _judged(
    tx: Transaction, change: Change, form: Form | None, fields: Mapping[str, CustomField]
) -> tuple[UniqueValues, ...]:
    broken = await change.judge()
    if tx.states is not None:
        tx.states.extend(field_states(change, fields, tx.language))
    unique, taken = await change.claims()
    known = [*form.errors, *missing(form, fields, change.hidden)] if form else []
    errors: dict[tuple[str | int, ...], FieldError] = {}
    for error in (*known, *broken, *taken):
        errors.setdefault(error.path, error)
    if errors:
        raise InvalidInput(errors.values())
    return tuple(unique)
