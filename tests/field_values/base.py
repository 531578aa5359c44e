"""What is told of each field type."""

from collections.abc import Sequence
from typing import Any

# Input, and the value it means. The first three are the ones that operators are tried on, in rising order.
Good = Sequence[tuple[Any, Any]]
# Input, and the code of the sentence that refuses it.
Bad = Sequence[tuple[Any, str]]
