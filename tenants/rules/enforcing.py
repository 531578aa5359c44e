"""The company's rules on one change of a record: all that breaks them, at once."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from tenants.aggregates import ORDER, Record, UniqueValues
from tenants.config.definitions import CustomField, Effect
from tenants.config.snapshot import TenantConfig
from tenants.forms import Form
from tenants.judging import Draft, Verdicts
from tenants.messages import InLanguages
from tenants.problems import FieldError
from tenants.rules.book import Book, DependentOptions, JudgedRule
from tenants.rules.claims import Claim, claimed_values, held_statement, refusals
from tenants.rules.places import OWN, Place
from tenants.transaction import Transaction

# What an order's figures are made of: while that is wrong, they say nothing.
_FIGURES = frozenset({"subtotal", "discountTotal", "taxTotal", "total"})
_LINKS = {"customerId": "customer", "ownerId": "owner", "companyId": "company", "shippingAddressId": "shippingAddress"}


class Change:
    """A change of a record that is judged by a book of rules. ``form`` is what the caller gave, if anything."""

    def __init__(
        self,
        tx: Transaction,
        book: Book,
        before: Draft | None,
        after: Draft,
        form: Form | None,
        beside: Sequence[Draft] = (),
    ) -> None:
        self._tx = tx
        self.before = before.record if before else None
        self.after = after.record
        self._form = form
        self.prefix = form.path if form else ()
        failed = failed_names(form, after, tx.config)
        self.rules = [rule for rule in book.rules if rule.uses.isdisjoint(failed)]
        self.options = [options for options in book.options if options.uses.isdisjoint(failed)]
        self._will_be = Verdicts(tx, after, beside)
        self._was = Verdicts(tx, before) if before else None
        self.hidden: frozenset[str] = frozenset()

    async def judge(self) -> list[FieldError]:
        """All that breaks a rule. ``hidden`` are the places that the record does not have, from then on."""
        await self._ask()
        self.hidden = frozenset(
            place.name
            for rule in self.rules
            if rule.effect is Effect.HIDE and self.is_in_force(rule)
            for place in rule.places
        )
        return [*self._given_hidden(), *self._changed(), *self._broken(), *self._chosen()]

    async def _ask(self) -> None:
        conditions = [rule.when for rule in self.rules if rule.effect is not Effect.READ_ONLY]
        conditions += [rule.check for rule in self.rules if rule.check is not None]
        conditions += [condition for options in self.options for condition in options.conditions.values()]
        await self._will_be.ask(conditions)
        if self._was is not None:
            kept_apart = [rule.when for rule in self.rules if rule.effect in (Effect.READ_ONLY, Effect.UNIQUE)]
            await self._was.ask(kept_apart)

    def _given_hidden(self) -> Iterator[FieldError]:
        for rule in self.rules:
            if rule.effect is Effect.HIDE and self.is_in_force(rule):
                for place in rule.places:
                    if self._is_given(place) and not place.is_empty(self.after) and self._differs(place):
                        yield self._error(rule, place, "rule.hidden")

    def _is_given(self, place: Place) -> bool:
        values: Any = self._form.values if self._form else {}
        for name in place.path:
            values = (values or {}).get(name)
        return values is not None

    def _differs(self, place: Place) -> bool:
        return self.before is None or place.read(self.before) != place.read(self.after)

    def _changed(self) -> Iterator[FieldError]:
        for rule in self.rules:
            if rule.effect is Effect.READ_ONLY and self.is_in_force(rule):
                for place in rule.places:
                    if self._differs(place):
                        yield self._error(rule, place, "rule.read_only")

    def _broken(self) -> Iterator[FieldError]:
        for rule in self.rules:
            places = [place for place in rule.places if place.name not in self.hidden]
            if rule.effect is Effect.REQUIRE and self.is_in_force(rule):
                for place in places:
                    if place.is_empty(self.after):
                        yield self._error(rule, place, "rule.required")
            elif rule.check is not None and self._will_be[rule.when] and not self._will_be[rule.check]:
                for place in rule.places:
                    yield self._error(rule, place, "rule.broken")

    def _chosen(self) -> Iterator[FieldError]:
        for options in self.options:
            if options.place.name in self.hidden:
                continue
            value = options.place.read(self.after)
            for key in value if isinstance(value, list) else [value]:
                if not self.can_be_chosen(options, key):
                    yield self._option_error(options, key)

    def can_be_chosen(self, options: DependentOptions, key: Any) -> bool:
        """Whether the record may have one of the options of a field."""
        condition = options.conditions.get(key)
        return condition is None or self._will_be[condition]

    def is_in_force(self, rule: JudgedRule) -> bool:
        """Whether a rule that says how a field stands says it of this record."""
        if rule.effect is Effect.READ_ONLY:
            return self._was is not None and self._was[rule.when]
        return rule.effect in (Effect.HIDE, Effect.REQUIRE) and self._will_be[rule.when]

    def _option_error(self, options: DependentOptions, key: str) -> FieldError:
        shown = ", ".join(name for name, condition in options.conditions.items() if self._will_be[condition])
        return FieldError((*self.prefix, *options.place.path), "rule.option", {"option": key, "options": shown or "-"})

    def _error(self, rule: JudgedRule, place: Place, code: str) -> FieldError:
        return rule_error(rule, (*self.prefix, *place.path), code)

    async def claims(self) -> tuple[list[UniqueValues], list[FieldError]]:
        """The values that rules keep apart, where they change, and what is wrong with those that another record has."""
        changes, claims = [], list[Claim]()
        for rule in self.rules:
            if rule.effect is not Effect.UNIQUE:
                continue
            new = claimed(rule, self.after) if self._will_be[rule.when] else set()
            known = self.before is not None and self._was is not None and self._was[rule.when]
            old = claimed(rule, self.before) if known and self.before else set()
            if new != old:
                errors = tuple(self._error(rule, place, "rule.taken") for place in rule.places)
                mine = [Claim(rule.key, value, self.after.id, errors) for value in sorted(new)]
                changes.append(UniqueValues(rule.key, bool(old), tuple(mine)))
                claims += [claim for claim in mine if claim.value not in old]
        if not claims:
            return changes, []
        sql, parameters = held_statement(claims)
        return changes, refusals(claims, await self._tx.fetch_all(sql, **parameters))


def claimed(rule: JudgedRule, record: Record) -> set[str]:
    """The values that a record has at the places of a rule that keeps them apart."""
    return claimed_values([place.read(record) for place in rule.places], ignore_case=rule.definition.ignore_case)


def rule_error(rule: JudgedRule, path: tuple[str | int, ...], code: str) -> FieldError:
    """What a caller is told of a broken rule: its own message, if it has one."""
    if rule.definition.message:
        return FieldError(path, "rule.message", {"message": InLanguages(rule.definition.message)})
    return FieldError(path, code, {"rule": rule.key})


def failed_names(form: Form | None, after: Draft, config: TenantConfig) -> Collection[str]:
    """The attributes whose values are wrong already, and those that follow from them."""
    if form is None or not form.errors:
        return ()
    names = set[str]()
    for error in form.errors:
        first, *rest = error.path[len(form.path) :] or ("",)
        name = str(first)
        names.add(f"{OWN}{rest[0]}" if name == "custom" and rest else _LINKS.get(name, name))
    fields = config.fields.get(after.aggregate.record_type, {})
    names |= {f"{OWN}{key}" for key, definition in fields.items() if definition.is_computed}
    # An order is added up when all of it is right; one whose lines stay as they are has its figures already.
    is_counted_anew = "version" not in after.record.row or form.has("lines") or form.has("currency")
    return names | _FIGURES if after.aggregate is ORDER and is_counted_anew else names


def missing(form: Form, fields: Mapping[str, CustomField], hidden: Collection[str]) -> Iterator[FieldError]:
    """The required fields of the company's own that the record has and that are empty."""
    failed = {error.path for error in form.errors}
    for key, definition in fields.items():
        path = (*form.path, "custom", key)
        is_wanted = definition.required and f"{OWN}{key}" not in hidden and path not in failed
        if is_wanted and form.row["custom"].get(key) in (None, "", []):
            yield FieldError(path, "value.required")
