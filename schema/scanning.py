"""A look at a document's tokens before it is parsed: what is too much is refused in the time that reading it takes.

Parsing costs a hundred times as much as this. The bounds are the same as afterwards (:mod:`schema.documents`), but each operation and
fragment is counted by itself; what fragments multiply is seen once they are parsed. What is no GraphQL is left for the parser to name.
"""

import re
from collections.abc import Mapping
from itertools import islice

from graphql import GraphQLError

MOST_TOKENS = 10_000
MOST_FIELDS = 3_000
MOST_ALIASES = 200
MOST_VARIABLES = 200
MOST_OPERATIONS = 20
MOST_FRAGMENTS = 250
MOST_DIRECTIVES = 10
LONGEST_NUMBER = 1_000

OPERATIONS = frozenset({"query", "mutation", "subscription"})
# https://spec.graphql.org/draft/#sec-Appendix-Grammar-Summary.Lexical-Tokens; texts are recognised to be passed over.
_TOKEN = re.compile(
    r"""
      \#[^\n\r]*
    | (?P<token>
          [_A-Za-z][_0-9A-Za-z]*
        | -?[0-9][0-9.eE+-]*
        | \.\.\.
        | [!$&()\[\]{}|:=@]
        | \"\"\"(?>[^"\\]+|\\\"\"\"|\\|"(?!""))*+\"\"\"
        | "(?>[^"\\\n\r]+|\\.)*+"
      )
    """,
    re.VERBOSE,
)


def check_tokens(text: str) -> None:
    """Raise ``GraphQLError`` with the code ``LIMIT_EXCEEDED`` for a document that has too much of something."""
    found = (match["token"] for match in _TOKEN.finditer(text))
    tokens = list(islice(filter(None, found), MOST_TOKENS + 1))
    if len(tokens) > MOST_TOKENS:
        raise exceeded(f"Syntax Error: Document contains more than {MOST_TOKENS} tokens. Parsing aborted.")
    _Counts().take(tokens)


def exceeded(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": "LIMIT_EXCEEDED"})


def bound(what: str, found: int, most: int) -> None:
    if found > most:
        raise exceeded(f"The document has too many {what}: {found} of at most {most}.")


class _Counts:
    """What there is of each kind, in the document and in the definition at hand."""

    def __init__(self) -> None:
        self.operations = self.fragments = 0
        self._is_begun = False
        self.braces = self.parentheses = 0
        self.fields = self.aliases = self.variables = self.directives = 0
        # The most that one definition, or one field, has.
        self.most: dict[str, int] = {}

    def take(self, tokens: list[str]) -> None:
        """Count, and refuse what is too much."""
        previous = ""
        for token in tokens:
            if token in _MARKS:
                self._mark(token)
            elif self.parentheses == 0:
                self._name(token, previous)
            if len(token) > LONGEST_NUMBER and token[0] in "-0123456789":
                raise exceeded(f"The document has a number of {len(token)} characters, of at most {LONGEST_NUMBER}.")
            previous = token
        self._end_definition()
        bound("operations", self.operations, MOST_OPERATIONS)
        bound("fragments", self.fragments, MOST_FRAGMENTS)
        for what, most in _MOST.items():
            bound(what, self.most.get(what, 0), most)

    def _mark(self, token: str) -> None:
        match token:
            case "{" if self.parentheses == 0:
                # A definition without a keyword is a query.
                self.operations += self.braces == 0 and not self._is_begun
                self._is_begun = True
                self.braces += 1
            case "}" if self.parentheses == 0:
                self.braces -= 1
                if self.braces <= 0:
                    self._end_definition()
            case "(":
                self.parentheses += 1
            case ")":
                self.parentheses = max(0, self.parentheses - 1)
            case "$" if self.braces == 0:
                self.variables += 1
            case ":" if self.parentheses == 0 and self.braces:
                # What came before it was no field but the name that the field answers under.
                self.aliases += 1
                self.fields -= 1
            case "@" if self.parentheses == 0:
                self.directives += 1
                self._keep("directives on one field", self.directives)

    def _name(self, word: str, previous: str) -> None:
        if previous == "@":
            return
        self.directives = 0
        if word == "...":
            return
        if self.braces:
            self.fields += previous not in ("...", "on") and word != "on"
        elif not self._is_begun:
            self._is_begun = True
            self.operations += word in OPERATIONS
            self.fragments += word == "fragment"

    def _end_definition(self) -> None:
        self._keep("fields", self.fields)
        self._keep("aliases", self.aliases)
        self._keep("variables", self.variables)
        self.fields = self.aliases = self.variables = self.directives = self.braces = 0
        self._is_begun = False

    def _keep(self, what: str, found: int) -> None:
        self.most[what] = max(self.most.get(what, 0), found)


_MARKS = frozenset("!$&()[]{}|:=@")
_MOST: Mapping[str, int] = {
    "fields": MOST_FIELDS,
    "aliases": MOST_ALIASES,
    "variables": MOST_VARIABLES,
    "directives on one field": MOST_DIRECTIVES,
}
