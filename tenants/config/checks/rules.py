"""Rules: they stand where people give values, and their conditions and expressions can be understood."""

import dataclasses
from collections import Counter
from collections.abc import Iterator

from tenants.conditions import parse_condition
from tenants.config.checks.base import Check, Links, Path, Proposal, Reference, register
from tenants.config.checks.references import in_condition, in_text
from tenants.config.definitions import CustomField, Effect, Rule, split_field_key
from tenants.config.snapshot import TenantConfig
from tenants.expressions import Kind
from tenants.problems import FieldError, InvalidInput
from tenants.records import CUSTOMISABLE, REGISTRY
from tenants.rules.book import JudgedRule, judged_rule
from tenants.rules.places import find_place, places_of

# Each is judged with every record of its type.
MOST_RULES = 200


@register
class RuleCheck(Check):
    kind = "rule"

    def form(self, proposal: Proposal) -> Iterator[FieldError]:
        counts = Counter[str]()
        for key, rule in proposal.of(Rule):
            path: Path = ("rule", key)
            if rule.record_type not in CUSTOMISABLE:
                data = {"object": rule.record_type, "objects": ", ".join(CUSTOMISABLE)}
                yield FieldError((*path, "record_type"), "config.rule_object", data)
            if (rule.effect is Effect.CHECK) != (rule.check is not None):
                yield FieldError((*path, "check"), "config.rule_check")
            if rule.ignore_case and rule.effect is not Effect.UNIQUE:
                yield FieldError((*path, "ignore_case"), "config.rule_case")
            if rule.on_void and rule.record_type != "order":
                yield FieldError((*path, "on_void"), "config.rule_on_void")
            counts[rule.record_type] += 1
        for record_type, count in counts.items():
            if count > MOST_RULES:
                limit = {"type": record_type, "count": count, "most": MOST_RULES}
                yield FieldError(("rule",), "config.too_many_rules", limit)

    def meaning(self, proposal: Proposal) -> Iterator[FieldError]:
        # As it is judged: see `tenants.rules.book`.
        planned = dataclasses.replace(proposal.planned, complete_indexes=frozenset())
        for key, rule in proposal.of(Rule):
            yield from _rule(planned, ("rule", key), key, rule)
        for key, field in proposal.of(CustomField):
            yield from _options(planned, ("field", key), key, field)

    def references(self, key: str, definition: Rule, links: Links) -> Iterator[Reference]:
        record_type = definition.record_type
        yield from in_text(record_type, [*definition.fields, definition.check or ""], links)
        yield from in_condition(record_type, definition.when, links)


def _rule(planned: TenantConfig, path: Path, key: str, rule: Rule) -> Iterator[FieldError]:
    record_type = rule.record_type
    for number, name in enumerate(rule.fields):
        if find_place(planned, record_type, name) is None:
            data = {"field": name, "fields": ", ".join(places_of(record_type))}
            yield FieldError((*path, "fields", number), "config.rule_field", data)
    try:
        parse_condition(REGISTRY[record_type], planned, rule.when)
    except InvalidInput as problem:
        yield from (error.below(*path, "when") for error in problem.errors)
        return
    try:
        judged = judged_rule(planned, key, rule)
    except InvalidInput as problem:
        yield from (error.below(*path, "check") for error in problem.errors)
        return
    if judged.check is not None and judged.check.expression.kind is not Kind.FLAG:
        yield FieldError((*path, "check"), "config.rule_flag", {"kind": judged.check.expression.kind})
    if rule.effect is Effect.UNIQUE:
        yield from _unique(path, judged)


def _unique(path: Path, rule: JudgedRule) -> Iterator[FieldError]:
    if not rule.when.is_local:
        yield FieldError((*path, "when"), "config.rule_far")
    for number, place in enumerate(rule.places):
        if place.many and len(rule.places) > 1:
            yield FieldError((*path, "fields", number), "config.rule_list", {"field": place.name})


def _options(planned: TenantConfig, path: Path, key: str, field: CustomField) -> Iterator[FieldError]:
    record = REGISTRY[split_field_key(key)[0]]
    for number, option in enumerate(field.options):
        try:
            parse_condition(record, planned, option.when)
        except InvalidInput as problem:
            yield from (error.below(*path, "options", number, "when") for error in problem.errors)
