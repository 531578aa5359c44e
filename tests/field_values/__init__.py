"""Values that each field type takes and refuses: one file a type, called like its key."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from tests.field_values.base import Bad, Good

_KEYS = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in ("__init__", "base"))
_FILES = {key: import_module(f"{__name__}.{key}") for key in _KEYS}
GOOD: Mapping[str, Good] = {key: found.GOOD for key, found in _FILES.items()}
BAD: Mapping[str, Bad] = {key: found.BAD for key, found in _FILES.items()}
