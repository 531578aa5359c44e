"""Formula."""

from tests.field_values.text import BAD, GOOD

__all__ = ["BAD", "GOOD"]
