"""What must hold between definitions: checked over the whole configuration before any of it is written.

One file a kind. Each kind is checked in two passes: its own form, and, when the form of all is sound, what it means among the others.
"""

import re
from collections.abc import Iterable, Iterator

from tenants.config.checks import (  # noqa: F401  (importing a check registers it)
    automations,
    fields,
    life_cycles,
    numbering,
    review,
    roles,
    rules,
    settings,
    sign_in,
    views,
)
from tenants.config.checks.base import CHECKS, RESERVED, Proposal
from tenants.config.checks.visible import invisible_texts
from tenants.config.definitions import KINDS
from tenants.config.snapshot import Definitions, TenantConfig
from tenants.permissions import Access
from tenants.problems import FieldError

__all__ = ["CHECKS", "check", "key_errors"]


def check(
    config: TenantConfig, definitions: Definitions, author: Access | None, converted: frozenset[str] = frozenset()
) -> list[FieldError]:
    """All that is wrong with ``definitions`` as the next configuration after ``config``.

    ``author`` bounds what roles are given and the roles of new or changed automations; None is for templates, which have no author yet. ``converted`` are the
    fields whose values have been converted, so that they may change their type.
    """
    proposal = Proposal(config, definitions, author, converted)
    checks = [CHECKS[kind] for kind in KINDS if kind in CHECKS]
    named = ((kind, key) for kind, found in definitions.items() for key in found)
    errors = [
        *key_errors(named),
        *invisible_texts(proposal),
        *(error for one in checks for error in one.form(proposal)),
    ]
    if errors:
        # What conditions and paths mean is judged against fields and roles, which must be sound for that.
        return errors
    return [error for one in checks for error in one.meaning(proposal)]


def key_errors(named: Iterable[tuple[str, str]]) -> Iterator[FieldError]:
    """The kinds and keys among these that no definition can have."""
    for kind, key in named:
        last = key.rpartition(".")[2]
        if last.lower() in RESERVED or last.startswith("__"):
            yield FieldError((kind, key), "config.reserved_key", {"key": last})
        elif not re.fullmatch(KINDS[kind].key_pattern, key):
            yield FieldError((kind, key), "config.bad_key", {"key": key})
