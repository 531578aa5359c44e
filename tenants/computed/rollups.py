"""A rollup is read as an expression: a figure over a field of the related records for which a flag is true."""

from typing import TYPE_CHECKING

from tenants.config.definitions import Rollup
from tenants.expressions import Expression, Kind, OwnFields, parse_expression
from tenants.expressions.currencies import over
from tenants.expressions.nodes import EveryRow, Last, Node, Step
from tenants.expressions.operations import FIGURES
from tenants.problems import InvalidInput
from tenants.records import REGISTRY, RecordType, Relation

if TYPE_CHECKING:
    from tenants.config.snapshot import TenantConfig

# What makes an order the last one is when it was ordered; of other records, when they were entered.
_ORDERED_BY = {"order": "orderedAt", "customer": "createdAt", "product": "createdAt"}
_SORTED = frozenset({Kind.NUMBER, Kind.TEXT, Kind.DAY, Kind.MOMENT, Kind.TIME})
_EVERY = Expression(EveryRow(), frozenset(), frozenset(), is_volatile=False, weight=1, level=0)


class _Reader:
    """Reads the parts of one rollup, each an expression over the related records."""

    def __init__(self, rollup: Rollup, step: Step, config: "TenantConfig", own: OwnFields) -> None:
        self.rollup = rollup
        self.step = step
        self.config = config
        self.own = own
        self.read: list[Expression] = []

    def part(self, name: str, text: str | None) -> Expression:
        if text is None:
            raise InvalidInput.at(("rollup", name), "computed.no_part", function=self.rollup.function, part=name)
        target = REGISTRY[self.step.relation.target]
        try:
            found = parse_expression(text, target, self.config, own=self.own)
        except InvalidInput as problem:
            raise InvalidInput(error.below("rollup", name) for error in problem.errors) from None
        self.read.append(found)
        return found

    def within(self) -> Node:
        if self.rollup.where is None:
            return EveryRow()
        found = self.part("where", self.rollup.where)
        if found.kind is not Kind.FLAG:
            raise InvalidInput.at(("rollup", "where"), "expression.not_flag", line=1, column=1, found=self.rollup.where)
        return found.root

    def last(self) -> tuple[Node, Node | None]:
        relation, by = self.step.relation, self.rollup.by
        value = self.part("field", self.rollup.field)
        order = self.part("by", by or _ORDERED_BY.get(relation.target))
        if order.kind not in _SORTED:
            raise InvalidInput.at(("rollup", "by"), "expression.not_comparable", line=1, column=1, found=by)
        within = self.within()
        currency = value.currency and Last(self.step, value.currency, order.root, within)
        return Last(self.step, value.root, order.root, within), currency

    def figure(self) -> tuple[Node, Node | None]:
        figure = FIGURES[self.rollup.function]
        is_count = self.rollup.function == "count" and self.rollup.field is None
        value = _EVERY if is_count else self.part("field", self.rollup.field)
        if value.kind not in figure.kinds:
            code = "expression.not_comparable" if Kind.DAY in figure.kinds else "expression.not_number"
            raise InvalidInput.at(("rollup", "field"), code, line=1, column=1, found=self.rollup.field)
        return over(self.step, figure, value.root, value.currency, self.within())


def read_rollup(rollup: Rollup, record: RecordType, config: "TenantConfig", own: OwnFields) -> Expression:
    """The rollup as an expression over a record of that type. Raises :class:`InvalidInput`, naming the part that is wrong."""
    _, _, key = rollup.over.rpartition("custom.")
    relation = own(record.name).get(key) if key != rollup.over else record.by_name.get(key)
    if not isinstance(relation, Relation) or not relation.many:
        raise InvalidInput.at(("rollup", "over"), "computed.no_records", found=rollup.over)
    if rollup.by is not None and rollup.function != "last":
        raise InvalidInput.at(("rollup", "by"), "computed.only_last")
    reader = _Reader(rollup, Step(rollup.over, relation), config, own)
    root, currency = reader.last() if rollup.function == "last" else reader.figure()
    return Expression(
        root,
        uses=frozenset({rollup.over, *(f"{rollup.over}.{name}" for part in reader.read for name in part.uses)}),
        reach=frozenset({rollup.over, *(f"{rollup.over}.{name}" for part in reader.read for name in part.reach)}),
        is_volatile=any(part.is_volatile for part in reader.read),
        weight=1 + sum(part.weight for part in reader.read),
        level=1 + max((part.level for part in reader.read), default=0),
        currency=currency,
    )
