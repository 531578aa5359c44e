"""The functions of expressions, by the names that people write."""

from collections.abc import Callable
from dataclasses import replace

from tenants.expressions import operations as do
from tenants.expressions import times
from tenants.expressions.nodes import Applied, Choice, Kind, Literal, Node, Now, Operation
from tenants.expressions.parser import Build, Function, Parser, Piece
from tenants.field_types import BadValue, field_type
from tenants.field_types.text import LONGEST

MANY = 50
_SORTED = frozenset({Kind.NUMBER, Kind.TEXT, Kind.DAY, Kind.MOMENT, Kind.TIME})
_LEAST_AND_GREATEST = frozenset({Kind.NUMBER, Kind.DAY, Kind.MOMENT})


def _plain(operation: Operation, result: Kind, *kinds: Kind) -> Function:
    """A function that takes one value of each kind."""

    def build(parser: Parser, whole: Piece, given: list[Piece]) -> Node:
        parts = tuple(parser.of_kind(kind, piece) for kind, piece in zip(kinds, given, strict=True))
        return Applied(result, operation, parts)

    return Function(len(kinds), len(kinds), build)


def _of_amounts(operation: Operation) -> Function:
    """A function that takes one number, and leaves an amount in its currency."""
    return replace(_plain(operation, Kind.NUMBER, Kind.NUMBER), keeps_currency=True)


def _with_count(operation: Callable[[int], Operation], kind: Kind, most: int) -> Build:
    """Of a value and a whole number, 0 unless it is given."""

    def build(parser: Parser, whole: Piece, given: list[Piece]) -> Node:
        count = parser.whole_number(given[1], most) if len(given) > 1 else 0
        return Applied(kind, operation(count), (parser.of_kind(kind, given[0]),))

    return build


def _if(parser: Parser, whole: Piece, given: list[Piece]) -> Node:
    test = parser.of_kind(Kind.FLAG, given[0])
    then, *other = parser.alike(given[1:])
    return Choice(test, then, other[0] if other else Literal(then.kind, None))


def _case(parser: Parser, whole: Piece, given: list[Piece]) -> Node:
    """Flags and values in turn, and a value of their own for all else."""
    rest = len(given) % 2
    tests = [parser.of_kind(Kind.FLAG, piece) for piece in given[: len(given) - rest : 2]]
    values = parser.alike([*given[1::2], *given[len(given) - rest :]])
    found: Node = values.pop() if rest else Literal(values[0].kind, None)
    for test, value in zip(reversed(tests), reversed(values), strict=True):
        found = Choice(test, value, found)
    return found


def _first(parser: Parser, whole: Piece, given: list[Piece]) -> Node:
    nodes = parser.alike(given)
    if nodes[0].kind not in _SORTED | {Kind.FLAG}:
        parser.refuse(given[0], "expression.not_comparable")
    return Applied(nodes[0].kind, do.FIRST, tuple(nodes))


def _extreme(operation: Operation) -> Build:
    def build(parser: Parser, whole: Piece, given: list[Piece]) -> Node:
        nodes = parser.alike(given)
        if nodes[0].kind not in _LEAST_AND_GREATEST:
            parser.refuse(given[0], "expression.not_comparable")
        return Applied(nodes[0].kind, operation, tuple(nodes))

    return build


def _is_empty(parser: Parser, whole: Piece, given: list[Piece]) -> Node:
    node = given[0].node
    operation = {Kind.TEXT: do.NO_TEXT, Kind.KEYS: do.NO_KEYS}.get(node.kind, do.NOTHING)
    return Applied(Kind.FLAG, operation, (node,))


def _contains(parser: Parser, whole: Piece, given: list[Piece]) -> Node:
    sought = parser.of_kind(Kind.TEXT, given[1])
    if given[0].node.kind is Kind.KEYS:
        return Applied(Kind.FLAG, do.HOLDS, (given[0].node, sought))
    return Applied(Kind.FLAG, do.CONTAINS, (parser.of_kind(Kind.TEXT, given[0]), sought))


def _concat(parser: Parser, whole: Piece, given: list[Piece]) -> Node:
    return Applied(Kind.TEXT, do.CONCAT, tuple(_as_text(parser, piece) for piece in given))


def _as_text(parser: Parser, piece: Piece) -> Node:
    match piece.node.kind:
        case Kind.NUMBER:
            return Applied(Kind.TEXT, do.NUMBER_TEXT, (piece.node,))
        case Kind.DAY | Kind.MOMENT:
            return Applied(Kind.TEXT, do.DAY_TEXT, (parser.of_kind(Kind.DAY, piece),))
    return parser.of_kind(Kind.TEXT, piece)


def _format(parser: Parser, whole: Piece, given: list[Piece]) -> Node:
    """A number with as many places as are given, or a day by a pattern."""
    if given[0].node.kind is Kind.NUMBER:
        places = parser.whole_number(given[1], 10) if len(given) > 1 else 2
        return Applied(Kind.TEXT, do.with_places(places), (given[0].node,))
    day, pattern = parser.of_kind(Kind.DAY, given[0]), given[-1]
    is_text = isinstance(pattern.node, Literal) and pattern.node.kind is Kind.TEXT
    operation = times.written(pattern.node.given or "") if is_text and isinstance(pattern.node, Literal) else None
    if operation is None:
        parser.refuse(pattern, "expression.not_format")
    return Applied(Kind.TEXT, operation, (day,))


def _middle(parser: Parser, whole: Piece, given: list[Piece]) -> Node:
    start, count = (parser.whole_number(piece, LONGEST) for piece in given[1:])
    return Applied(Kind.TEXT, do.middle(max(start, 1), count), (parser.of_kind(Kind.TEXT, given[0]),))


def _hour(parser: Parser, whole: Piece, given: list[Piece]) -> Node:
    return Applied(Kind.NUMBER, times.hour_of(parser.config.time_zone), (parser.of_kind(Kind.MOMENT, given[0]),))


def _added(to_day: Operation, to_moment: Callable[[str], Operation]) -> Build:
    def build(parser: Parser, whole: Piece, given: list[Piece]) -> Node:
        number = parser.of_kind(Kind.NUMBER, given[1])
        if given[0].node.kind is Kind.MOMENT:
            return Applied(Kind.MOMENT, to_moment(parser.config.time_zone), (given[0].node, number))
        return Applied(Kind.DAY, to_day, (parser.of_kind(Kind.DAY, given[0]), number))

    return build


def _date(parser: Parser, whole: Piece, given: list[Piece]) -> Node:
    node = given[0].node
    if not isinstance(node, Literal) or node.kind is not Kind.TEXT:
        return parser.of_kind(Kind.DAY, given[0])
    try:
        return Literal(Kind.DAY, field_type("date").parse(node.given))
    except BadValue:
        parser.refuse(given[0], "expression.not_day")


def _now(parser: Parser, whole: Piece, given: list[Piece]) -> Node:
    parser.is_volatile = True
    return Now()


def _today(parser: Parser, whole: Piece, given: list[Piece]) -> Node:
    return Applied(Kind.DAY, times.day_of(parser.config.time_zone), (_now(parser, whole, given),))


FUNCTIONS: dict[str, Function] = {
    "if": Function(2, 3, _if, keeps_currency=True),
    "case": Function(2, MANY, _case, keeps_currency=True),
    "coalesce": Function(1, MANY, _first, keeps_currency=True),
    "isEmpty": Function(1, 1, _is_empty),
    "round": Function(1, 2, _with_count(do.rounded, Kind.NUMBER, 10), keeps_currency=True),
    "floor": _of_amounts(do.FLOOR),
    "ceil": _of_amounts(do.CEILING),
    "abs": _of_amounts(do.ABSOLUTE),
    "mod": _plain(do.REMAINDER, Kind.NUMBER, Kind.NUMBER, Kind.NUMBER),
    "min": Function(1, MANY, _extreme(do.LEAST), keeps_currency=True),
    "max": Function(1, MANY, _extreme(do.GREATEST), keeps_currency=True),
    "concat": Function(1, MANY, _concat),
    "format": Function(1, 2, _format),
    "lower": _plain(do.LOWER, Kind.TEXT, Kind.TEXT),
    "upper": _plain(do.UPPER, Kind.TEXT, Kind.TEXT),
    "trim": _plain(do.TRIM, Kind.TEXT, Kind.TEXT),
    "length": _plain(do.LENGTH, Kind.NUMBER, Kind.TEXT),
    "left": Function(2, 2, _with_count(do.left, Kind.TEXT, LONGEST)),
    "right": Function(2, 2, _with_count(do.right, Kind.TEXT, LONGEST)),
    "mid": Function(3, 3, _middle),
    "contains": Function(2, 2, _contains),
    "startsWith": _plain(do.STARTS_WITH, Kind.FLAG, Kind.TEXT, Kind.TEXT),
    "endsWith": _plain(do.ENDS_WITH, Kind.FLAG, Kind.TEXT, Kind.TEXT),
    "addDays": Function(2, 2, _added(times.ADD_DAYS, times.add_days_to_moment)),
    "addMonths": Function(2, 2, _added(times.ADD_MONTHS, times.add_months_to_moment)),
    "addHours": _plain(times.ADD_HOURS, Kind.MOMENT, Kind.MOMENT, Kind.NUMBER),
    "addMinutes": _plain(times.ADD_MINUTES, Kind.MOMENT, Kind.MOMENT, Kind.NUMBER),
    "startOfMonth": _plain(times.FIRST_OF_MONTH, Kind.DAY, Kind.DAY),
    "endOfMonth": _plain(times.LAST_OF_MONTH, Kind.DAY, Kind.DAY),
    "yearsBetween": _plain(times.YEARS_BETWEEN, Kind.NUMBER, Kind.DAY, Kind.DAY),
    "daysBetween": _plain(times.DAYS_BETWEEN, Kind.NUMBER, Kind.DAY, Kind.DAY),
    "hoursBetween": _plain(times.HOURS_BETWEEN, Kind.NUMBER, Kind.MOMENT, Kind.MOMENT),
    "year": _plain(times.YEAR, Kind.NUMBER, Kind.DAY),
    "quarter": _plain(times.QUARTER, Kind.NUMBER, Kind.DAY),
    "month": _plain(times.MONTH, Kind.NUMBER, Kind.DAY),
    "week": _plain(times.WEEK, Kind.NUMBER, Kind.DAY),
    "day": _plain(times.DAY, Kind.NUMBER, Kind.DAY),
    "weekday": _plain(times.WEEKDAY, Kind.NUMBER, Kind.DAY),
    "hour": Function(1, 1, _hour),
    "date": Function(1, 1, _date),
    "today": Function(0, 0, _today),
    "now": Function(0, 0, _now),
}
