"""What must hold between definitions: checked over the whole configuration before any of it is written.

One file a kind. Each kind is checked in two passes: its own form, and, when the form of all is sound, what it means among the others.
"""

import re
from collections.abc import Iterator

from tenants.config.checks import (  # noqa: F401  (importing a check registers it)
    automations,
    fields,
    life_cycles,
    numbering,
    roles,
    rules,
    sign_in,
    views,
)
from tenants.config.checks.base import CHECKS, RESERVED, Proposal
from tenants.config.definitions import KINDS
from tenants.config.snapshot import Definitions, TenantConfig
from tenants.permissions import Access
from tenants.problems import FieldError

__all__ = ["CHECKS", "check"]


def check(config: TenantConfig, definitions: Definitions, author: Access | None) -> list[FieldError]:
    """All that is wrong with ``definitions`` as the next configuration after ``config``.

    ``author`` bounds the roles of new or changed automations; None is for templates, which have no author yet.
    """
    proposal = Proposal(config, definitions, author)
    checks = [CHECKS[kind] for kind in KINDS if kind in CHECKS]
    errors = [*_keys(definitions), *(error for one in checks for error in one.form(proposal))]
    if errors:
        # What conditions and paths mean is judged against fields and roles, which must be sound for that.
        return errors
    return [error for one in checks for error in one.meaning(proposal)]


def _keys(definitions: Definitions) -> Iterator[FieldError]:
    for kind, found in definitions.items():
        for key in found:
            last = key.rpartition(".")[2]
            if not re.fullmatch(KINDS[kind].key_pattern, key):
                yield FieldError((kind, key), "config.bad_key", {"key": key})
            elif last.lower() in RESERVED or last.startswith("__"):
                yield FieldError((kind, key), "config.reserved_key", {"key": last})
