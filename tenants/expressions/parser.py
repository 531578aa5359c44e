"""From the text of an expression to its parts, operator by operator (a Pratt parser), each checked as it is found.

From loose to tight: ``or``; ``and``; ``not``; ``= != < <= > >= in``; ``+ -``; ``* /``; a sign. How deep parts are nested and how many
there are is counted while they are read, so that no text makes the parser climb higher than :data:`DEEPEST`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn

from tenants.expressions import operations, tokens
from tenants.expressions.currencies import in_one, merged, over, the_one
from tenants.expressions.expression import ComputedColumn, Expression
from tenants.expressions.fields import Found, OwnFields, find_field, near_field
from tenants.expressions.nodes import Applied, Field, Hop, Kind, Literal, Node, Operation, Step, along
from tenants.expressions.times import day_of
from tenants.expressions.tokens import Token, position, read_tokens
from tenants.field_types import BadValue
from tenants.field_types.decimal import exact
from tenants.names import nearest
from tenants.problems import InvalidInput
from tenants.records import RecordType

if TYPE_CHECKING:
    from tenants.config.snapshot import TenantConfig

MOST_NODES = 200
DEEPEST = 20
_OR, _AND, _NOT, _COMPARED, _ADDED, _MULTIPLIED, _SIGN = range(1, 8)
_BINDS = {
    "or": _OR,
    "and": _AND,
    "in": _COMPARED,
    **dict.fromkeys(operations.COMPARISONS, _COMPARED),
    "+": _ADDED,
    "-": _ADDED,
    "*": _MULTIPLIED,
    "/": _MULTIPLIED,
}
_WORDS = frozenset({"and", "or", "not", "in", "true", "false"})
_NOT_OF = {
    Kind.NUMBER: "expression.not_number",
    Kind.TEXT: "expression.not_text",
    Kind.FLAG: "expression.not_flag",
    Kind.DAY: "expression.not_day",
    Kind.MOMENT: "expression.not_moment",
}
_EQUAL = frozenset({"=", "!="})
_NO_VALUE = Literal(Kind.FLAG, None)
_SORTED = frozenset({Kind.NUMBER, Kind.TEXT, Kind.DAY, Kind.MOMENT, Kind.TIME})


@dataclass(frozen=True, slots=True)
class Piece:
    """A part that was read, from where to where it is written, and the currencies of the amounts that make it."""

    node: Node
    start: int
    end: int
    currencies: tuple[Node, ...] = ()


@dataclass(slots=True)
class _Scope:
    """What is found inside of a figure: the way to its records, and whether anything else is named."""

    way: tuple[tuple[Step, ...], Step] | None = None
    strays: bool = False


Build = Callable[["Parser", Piece, list[Piece]], Node]


@dataclass(frozen=True, slots=True)
class Function:
    """How many arguments a function takes, and what is made of them. The piece is the whole call. Of amounts, what ``keeps_currency``
    is an amount."""

    least: int
    most: int
    build: Build
    keeps_currency: bool = False


@dataclass
class Parser:
    text: str
    record: RecordType
    config: "TenantConfig"
    own: OwnFields
    functions: Mapping[str, Function]
    words: list[Token] = field(init=False)
    place: int = 0
    depth: int = 0
    count: int = 0
    uses: set[str] = field(default_factory=set)
    reach: set[str] = field(default_factory=set)
    is_volatile: bool = False
    weight: int = 0
    level: int = 0
    scopes: list[_Scope] = field(default_factory=list)

    def expression(self) -> Expression:
        """The whole text. Raises :class:`InvalidInput`, which names the place by line and column."""
        self.words = read_tokens(self.text)
        whole = self._expression(0)
        if self._word.kind != tokens.END:
            self._refuse_word("expression.not_over")
        root, currency = self._in_one(whole.node, whole.currencies), the_one(whole.currencies)
        return Expression(
            root,
            frozenset(self.uses),
            frozenset(self.reach),
            self.is_volatile,
            self.count + self.weight,
            self.level,
            currency,
        )

    def _in_one(self, node: Node, currencies: tuple[Node, ...]) -> Node:
        """The value, absent where the currencies are not all the same."""
        if len(currencies) > 1:
            self._count(len(currencies))
        return in_one(node, currencies)

    @property
    def _word(self) -> Token:
        return self.words[self.place]

    def _next(self) -> Token:
        word = self._word
        self.place += 1
        return word

    def _refuse_word(self, code: str, at_end: str = "", **data: Any) -> NoReturn:
        place, shown = position(self.text, self._word.start), self._word.shown
        raise InvalidInput.at((), at_end if self._word.kind == tokens.END else code, **place, found=shown, **data)

    def refuse(self, piece: Piece, code: str, **data: Any) -> NoReturn:
        found = self.text[piece.start : piece.end]
        raise InvalidInput.at((), code, **position(self.text, piece.start), found=found, **data)

    def _take(self, symbol: str) -> Token:
        if self._word.shown != symbol:
            self._refuse_word("expression.no_symbol", "expression.no_symbol_end", wanted=symbol)
        return self._next()

    def _expression(self, least: int) -> Piece:
        self.depth += 1
        if self.depth > DEEPEST:
            raise InvalidInput.at((), "expression.too_deep", **position(self.text, self._word.start), most=DEEPEST)
        found = self._first()
        while (binds := _BINDS.get(self._word.shown, 0)) > least:
            sign = self._next().shown
            found = self._listed(found) if sign == "in" else self._joined(sign, found, self._expression(binds))
        self.depth -= 1
        return found

    def _count(self, parts: int) -> None:
        self.count += parts
        if self.count > MOST_NODES:
            raise InvalidInput.at((), "expression.too_large", most=MOST_NODES)

    def made(self, node: Node, start: int, end: int, currencies: tuple[Node, ...] = ()) -> Piece:
        self._count(1)
        return Piece(node, start, end, currencies)

    def _first(self) -> Piece:
        word = self._word
        match word.kind, word.shown:
            case tokens.NUMBER, _:
                return self._number(self._next())
            case tokens.TEXT, _:
                self._next()
                return self.made(Literal(Kind.TEXT, word.text or None), word.start, word.end)
            case tokens.NAME, "true" | "false":
                self._next()
                return self.made(Literal(Kind.FLAG, word.text == "true"), word.start, word.end)
            case _, "not":
                return self._prefixed(_NOT, operations.NOT, Kind.FLAG)
            case _, "-":
                return self._prefixed(_SIGN, operations.NEGATIVE, Kind.NUMBER)
            case _, "(":
                return self._group(self._next())
            case tokens.NAME, name if name not in _WORDS:
                self._next()
                return self._call(word) if self._word.shown == "(" else self._field(word)
        return self._refuse_word("expression.no_value", "expression.no_value_end")

    def _number(self, word: Token) -> Piece:
        try:
            number = exact(word.text)
        except BadValue as bad:
            raise InvalidInput.at((), bad.code, **bad.data) from None
        return self.made(Literal(Kind.NUMBER, number), word.start, word.end)

    def _prefixed(self, binds: int, operation: Operation, kind: Kind) -> Piece:
        word = self._next()
        part = self._expression(binds)
        node = Applied(kind, operation, (self.of_kind(kind, part),))
        return self.made(node, word.start, part.end, part.currencies)

    def _group(self, opened: Token) -> Piece:
        inner = self._expression(0)
        return replace(inner, start=opened.start, end=self._take(")").end)

    def _field(self, word: Token) -> Piece:
        found = find_field(self.record, word.text.split("."), self.config, self.own)
        piece = Piece(_NO_VALUE, word.start, word.end)
        if found is None:
            near = near_field(self.record, word.text.split("."), self.own)
            self.refuse(piece, "expression.unknown_field_near" if near else "expression.unknown_field", near=near)
        self.uses.add(word.text)
        node = along(found.beyond, found.field)
        currency = None if found.currency is None else along(found.beyond, found.currency)
        if found.over is None:
            for scope in self.scopes[-1:]:
                scope.strays = True
            node = along(found.hops, node)
            currency = None if currency is None else along(found.hops, currency)
        elif not self.scopes:
            self.refuse(piece, "expression.many_records")
        else:
            scope, records = self.scopes[-1], (found.hops, found.over)
            scope.strays = scope.strays or scope.way not in (None, records)
            scope.way = records
        self._follow(found)
        return self.made(node, word.start, word.end, () if currency is None else (currency,))

    def _follow(self, found: Found) -> None:
        """What follows for the whole from one of its fields."""
        way = found.way
        self.reach.update(".".join(way[:length]) for length in range(1, len(way) + 1))
        level = len(way)
        if isinstance(found.field, Field) and isinstance(found.field.column, ComputedColumn):
            inner = found.field.column.formula
            self.reach.update(".".join((*way, further)) for further in inner.reach)
            self.is_volatile = self.is_volatile or inner.is_volatile
            self.weight += inner.weight
            level += inner.level
        self.level = max(self.level, level)

    def _call(self, word: Token) -> Piece:
        name = word.text
        if name not in self.functions and name not in operations.FIGURES:
            piece, known = Piece(_NO_VALUE, word.start, word.end), sorted({*self.functions, *operations.FIGURES})
            near = nearest(name, known)
            code = "expression.unknown_function_near" if near else "expression.unknown_function"
            self.refuse(piece, code, near=near, known=", ".join(known))
        self._take("(")
        if name not in operations.FIGURES:
            given, end = self._arguments()
            return self._built(name, word, given, end)
        scope = _Scope()
        self.scopes.append(scope)
        given, end = self._arguments()
        self.scopes.pop()
        if scope.way is None and name in self.functions:
            # Of the values themselves: to a figure around, they are what they are.
            for outer in self.scopes[-1:]:
                outer.strays = outer.strays or scope.strays
            return self._built(name, word, given, end)
        return self._figure(name, Piece(_NO_VALUE, word.start, end), given, scope)

    def _arguments(self) -> tuple[list[Piece], int]:
        given: list[Piece] = []
        while self._word.shown != ")":
            if given:
                self._take(",")
            given.append(self._expression(0))
        return given, self._next().end

    def _built(self, name: str, word: Token, given: list[Piece], end: int) -> Piece:
        function = self.functions[name]
        whole = Piece(_NO_VALUE, word.start, end)
        self._counted(whole, function.least, function.most, given, name)
        if function.keeps_currency:
            currencies = merged([piece.currencies for piece in given])
            return self.made(function.build(self, whole, given), word.start, end, currencies)
        single = [replace(piece, node=self._in_one(piece.node, piece.currencies), currencies=()) for piece in given]
        return self.made(function.build(self, whole, single), word.start, end)

    def _counted(self, whole: Piece, least: int, most: int, given: list[Piece], name: str) -> None:
        if not least <= len(given) <= most:
            named = Piece(whole.node, whole.start, whole.start + len(name))
            self.refuse(named, "expression.arguments", least=least, most=most, count=len(given))

    def _figure(self, name: str, whole: Piece, given: list[Piece], scope: _Scope) -> Piece:
        figure = operations.FIGURES[name]
        self._counted(whole, 1, 1, given, name)
        if scope.way is None:
            self.refuse(whole, "expression.no_records")
        if scope.strays:
            self.refuse(whole, "expression.one_list")
        [part] = given
        if part.node.kind not in figure.kinds:
            self.refuse(part, "expression.not_comparable" if Kind.DAY in figure.kinds else "expression.not_number")
        hops, step = scope.way
        value = self._in_one(part.node, part.currencies)
        node, currency = over(step, figure, value, the_one(part.currencies))
        for outer in self.scopes[-1:]:
            outer.strays = True
        currencies = () if currency is None else (along(hops, currency),)
        return self.made(along(hops, node), whole.start, whole.end, currencies)

    def _joined(self, sign: str, left: Piece, right: Piece) -> Piece:
        node: Node
        currencies = merged([left.currencies, right.currencies])
        match sign:
            case "and" | "or":
                parts = (self.of_kind(Kind.FLAG, left), self.of_kind(Kind.FLAG, right))
                node = Applied(Kind.FLAG, operations.AND if sign == "and" else operations.OR, parts)
            case "+" | "-" | "*" | "/":
                parts = (self.of_kind(Kind.NUMBER, left), self.of_kind(Kind.NUMBER, right))
                node = Applied(Kind.NUMBER, operations.ARITHMETIC[sign], parts)
            case _:
                node = self._compared(sign, left, right)
        if node.kind is not Kind.NUMBER or (sign == "/" and right.currencies):
            # A comparison, and the share of one amount in another, are no amounts.
            node, currencies = self._in_one(node, currencies), ()
        return self.made(node, left.start, right.end, currencies)

    def _compared(self, sign: str, left: Piece, right: Piece) -> Node:
        for one, other in ((left, right), (right, left)):
            if one.node == Literal(Kind.TEXT, None) and other.node.kind is Kind.TEXT and sign in _EQUAL:
                # What is equal to an empty text is absent, which no comparison finds.
                absent = Applied(Kind.FLAG, operations.NO_TEXT, (other.node,))
                return absent if sign == "=" else Applied(Kind.FLAG, operations.NOT, (absent,))
        left, right = self._option(left, right), self._option(right, left)
        one_node, other_node = self.alike([left, right])
        allowed = _SORTED | {Kind.FLAG} if sign in _EQUAL else _SORTED
        if one_node.kind not in allowed:
            self.refuse(left, "expression.not_comparable")
        for_texts, for_others = operations.COMPARISONS[sign]
        operation = for_texts if one_node.kind is Kind.TEXT else for_others
        return Applied(Kind.FLAG, operation, (one_node, other_node))

    def _option(self, piece: Piece, other: Piece) -> Piece:
        """A text that is compared with a field of listed values, as the record holds it."""
        of = other.node
        while isinstance(of, Hop):
            of = of.part
        if not (isinstance(piece.node, Literal) and isinstance(of, Field) and of.options):
            return piece
        given = piece.node.given
        held = given.lower() if of.column.choices and isinstance(given, str) else given
        if held not in of.options and piece.node.kind is Kind.TEXT:
            about = self.text[other.start : other.end]
            self.refuse(piece, "expression.not_option", other=about, options=", ".join(of.options))
        return replace(piece, node=Literal(piece.node.kind, held))

    def _listed(self, found: Piece) -> Piece:
        self._take("[")
        listed: list[Piece] = []
        while not listed or self._word.shown != "]":
            if listed:
                self._take(",")
            entry = self._option(self._expression(0), found)
            if not isinstance(entry.node, Literal) or entry.node.given is None:
                self.refuse(entry, "expression.not_written_out")
            listed.append(entry)
        end = self._take("]").end
        nodes = self.alike([found, *listed])
        if nodes[0].kind not in _SORTED:
            self.refuse(found, "expression.not_comparable")
        node = self._in_one(Applied(Kind.FLAG, operations.ONE_OF, tuple(nodes)), found.currencies)
        return self.made(node, found.start, end)

    def of_kind(self, kind: Kind, piece: Piece) -> Node:
        """The value, which must be of that kind; of a moment the day will do."""
        node = piece.node
        if node.kind is Kind.MOMENT and kind is Kind.DAY:
            return Applied(Kind.DAY, day_of(self.config.time_zone), (node,))
        if node.kind is not kind:
            self.refuse(piece, _NOT_OF[kind])
        return node

    def alike(self, pieces: list[Piece]) -> list[Node]:
        """The values, which must be of one kind; beside a day, a moment is taken for its day."""
        kinds = {piece.node.kind for piece in pieces}
        if kinds == {Kind.DAY, Kind.MOMENT}:
            return [self.of_kind(Kind.DAY, piece) for piece in pieces]
        first = pieces[0]
        for piece in pieces:
            if piece.node.kind is not first.node.kind:
                other = self.text[piece.start : piece.end]
                self.refuse(first, "expression.not_same_kind", other=other)
        return [piece.node for piece in pieces]

    def whole_number(self, piece: Piece, most: int) -> int:
        """A number that is written out, as places or lengths are."""
        given = piece.node.given if isinstance(piece.node, Literal) else None
        if not isinstance(given, Decimal) or given != int(given) or given > most:
            self.refuse(piece, "expression.whole_number", most=most)
        return int(given)
