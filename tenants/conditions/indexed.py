"""Predicates over one value as SQL: read from the record, or from the index table of a custom field where that finds it faster."""

from tenants.conditions.tree import Lead, SqlContext
from tenants.field_types.operators import LIST, STARTS_WITH, Operator, RelativeOperator
from tenants.field_values.kinds import record_table
from tenants.records import Column, CustomColumn

# What holds for most records anyway is cheaper to judge one by one, and an index cannot search within texts.
_JUDGED = frozenset({"ne", "notIn", "contains", "endsWith", "isEmpty"})
# What an index looks up instead of what the operator says, of the values {v}.
_LOOKED_UP = {
    "containsAny": "{v}.value = ANY({p})",
    STARTS_WITH: "{v}.folded >= {least} AND {v}.folded < {above}",
}
# What follows for the rank of a value.
_RANKED = {
    "eq": "{x} = ({p})::double precision",
    "in": "{x} = ANY(({p})::double precision[])",
    "gt": "{x} >= ({p})::double precision",
    "gte": "{x} >= ({p})::double precision",
    "lt": "{x} <= ({p})::double precision",
    "lte": "{x} <= ({p})::double precision",
}


def test_sql(
    column: Column,
    operator: Operator | RelativeOperator,
    template: str,
    alias: str,
    context: SqlContext,
    **placeholders: str,
) -> str:
    """The predicate that ``template`` makes of a value ``{x}`` and the placeholders that it names."""
    judged = template.format(x=column.expression(alias), **placeholders)
    if column.rank and operator.name in _RANKED:
        ranked = _RANKED[operator.name].format(x=column.rank_expression(alias), p=placeholders["p"])
        return _alone(f"({ranked} AND {judged})", context)
    if not isinstance(column, CustomColumn) or not column.index:
        return _alone(judged, context)
    key = column.type.all_indexed_sql if operator.argument == LIST else column.type.indexed_sql
    keys = {name: key(sql) for name, sql in placeholders.items()}
    joined = context.joined.get((alias, column.source))
    if joined is not None and operator.name != STARTS_WITH:
        test = template.format(x=joined, **keys)
        if context.lead is not None:
            context.lead.along.append(test)
        return test
    if operator.name in _JUDGED:
        return _alone(judged, context)
    # A value that few records have leads to them; one that many have is best judged along the order.
    in_values = _LOOKED_UP.get(operator.name, template)
    if context.lead is not None and operator.name != "containsAll":
        _lead(context.lead, column, in_values.format(v="v", x="v.value", **keys))
        # How many records pass PostgreSQL would take from the values, and guess where it does not know them: half is no guess.
        return f"coalesce({judged}, FALSE)"
    _alone(judged, context)
    context.parameters.depends_on_values = True
    values = context.alias()
    if operator.name == "containsAll":
        return _holds_all(column, alias, values, keys["p"], judged)
    return _has_row(column, alias, values, in_values.format(v=values, x=f"{values}.value", **keys))


def _lead(lead: Lead, column: CustomColumn, test: str) -> None:
    # Of one value all tests hold for the same row, and make one range; of many values each may hold for another.
    if lead.table and (lead.source != column.source or column.type.many):
        lead.complete = False
        return
    assert column.index is not None
    lead.table, lead.source = column.index, column.source
    lead.tests.append(test)


def _alone(judged: str, context: SqlContext) -> str:
    """A test that the record answers by itself."""
    if context.lead is not None:
        context.lead.complete = False
    return judged


def _has_row(column: CustomColumn, alias: str, values: str, test: str) -> str:
    # A predicate that PostgreSQL turns into a join, which may begin on either side.
    return (
        f"EXISTS (SELECT 1 FROM {column.index} {values} WHERE {values}.tenant_id = %(tenant)s"
        f" AND {values}.record_id = {alias}.id AND {values}.field = '{column.source}' AND {test})"
    )


def _holds_all(column: CustomColumn, alias: str, values: str, wanted: str, judged: str) -> str:
    # The first of the wanted values leads to the records, which are then judged; where none is wanted, to all of them.
    return (
        f"{alias}.id IN (SELECT {values}.record_id FROM {column.index} {values} WHERE {values}.tenant_id = %(tenant)s"
        f" AND {values}.field = '{column.source}' AND {values}.value = ({wanted})[1]"
        f" UNION ALL SELECT {values}.id FROM {record_table(column.index)} {values}"
        f" WHERE {values}.tenant_id = %(tenant)s AND cardinality({wanted}) = 0) AND {judged}"
    )
