"""Prints the static schema, as it is without any tenant's own fields: ``python -m schema.print > schema/schema.graphql``."""

import sys

from graphql import print_schema

from schema.execution import SCHEMA


def printed() -> str:
    """The static schema in GraphQL's schema language."""
    return print_schema(SCHEMA) + "\n"


if __name__ == "__main__":
    sys.stdout.write(printed())
