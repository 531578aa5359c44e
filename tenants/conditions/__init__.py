"""The one condition language, with two readings: :meth:`Condition.sql` and :meth:`Condition.matches`.

A condition is written as the record type's filter: ``{"status": {"in": ["paid"]}, "custom": {"score": {"gt": 5}},
"customer": {"name": {"contains": "Li"}}, "lines": {"count": {"gte": 3}}, "orderedAt": {"during": "this_month"}, "or": [...]}``.
It is parsed against the record type and the tenant's fields, so a condition that parses is one that runs. Both readings agree on
every record (a property test holds them to it).

``tree`` holds the predicates, ``comparisons`` those over one value, ``aggregates`` the figures over related records, ``parser``
reads a filter, ``shown`` writes one back as GraphQL takes it. ``row_tests`` are the scopes of rights.
"""

from tenants.conditions.parser import DEEPEST, MOST_PARTS, parse_condition, row_tests
from tenants.conditions.shown import as_input
from tenants.conditions.tree import Condition, SqlContext

__all__ = ["DEEPEST", "MOST_PARTS", "Condition", "SqlContext", "as_input", "parse_condition", "row_tests"]
