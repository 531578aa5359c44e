"""Which definitions need others: told before one of these goes, and when it cannot go because of them."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from tenants.config.checks import CHECKS
from tenants.config.checks.base import Reference
from tenants.config.checks.references import links_of
from tenants.config.definitions import Definition, label
from tenants.config.sentences import title
from tenants.config.snapshot import TenantConfig
from tenants.messages import LONGEST_VALUE, render
from tenants.problems import FieldError

# What a sentence has room for.
_ROOM = 3 * LONGEST_VALUE - 40


class Dependent(NamedTuple):
    """A definition that needs another one."""

    key: str
    definition: Definition

    @property
    def reference(self) -> Reference:
        return self.definition.kind, self.key

    def name(self, language: str) -> str:
        return label(getattr(self.definition, "label", {}), language, self.key)


# By the definition or the option that is needed.
Dependents = Mapping[Reference, tuple[Dependent, ...]]
# Definitions that change, as they will be; None for one that goes.
Changed = Mapping[Reference, Definition | None]


def needing(config: TenantConfig, changed: Changed, wanted: Collection[Reference]) -> Dependents:
    """Those that will be there and need what is wanted, by what they need."""
    links = links_of(config.definitions["field"])
    found: dict[Reference, dict[Reference, Dependent]] = defaultdict(dict)
    for kind, definitions in config.definitions.items():
        for key, before in definitions.items():
            definition = changed.get((kind, key), before)
            if definition is None or getattr(definition, "archived", False) or kind not in CHECKS:
                continue
            for needed in CHECKS[kind].references(key, definition, links):
                if needed in wanted and needed != (kind, key):
                    found[needed][kind, key] = Dependent(key, definition)
    return {needed: tuple(dependents.values()) for needed, dependents in found.items()}


def with_reasons(
    config: TenantConfig, changed: Changed, going: Collection[Reference], errors: Sequence[FieldError], language: str
) -> list[FieldError]:
    """The errors of a change, each told where it was made. Definitions that stay as they are, and are wrong because they need what goes, are
    named where it goes; those that need what is wrong itself are not told of. ``language`` is that in which they are named."""
    places = {error.path[:2] for error in errors}
    blocked = {
        needed: dependents
        for needed, dependents in needing(config, changed, going).items()
        if any(dependent.reference in places for dependent in dependents)
    }
    wrong = {reference for reference in changed if reference in places}
    follow = _following(config, changed, {**blocked, **needing(config, changed, wrong)})
    return [
        *(_needed(config, changed, *each, language) for each in blocked.items()),
        *(error for error in errors if error.path[:2] not in follow),
    ]


def _following(config: TenantConfig, changed: Changed, blocked: Dependents) -> set[Reference]:
    """Definitions that do not change, and need what goes or each other."""
    found, ends = set[Reference](), blocked
    while ends:
        new = {dependent.reference for dependents in ends.values() for dependent in dependents}
        new = {reference for reference in new if reference not in changed} - found
        found |= new
        ends = needing(config, changed, new) if new else {}
    return found


def _needed(
    config: TenantConfig, changed: Changed, needed: Reference, dependents: Sequence[Dependent], language: str
) -> FieldError:
    kind, key = needed
    named = title(key, config.definitions[kind][key], language)
    names = ", ".join(_named(dependents, language))
    code = "config.needed" if changed[needed] is None else "config.needed_open"
    return FieldError(needed, code, {"title": named, "names": names})


def _named(dependents: Sequence[Dependent], language: str) -> Iterator[str]:
    """As many as there is room for, and how many more there are."""
    room = _ROOM
    for place, dependent in enumerate(dependents):
        name = title(dependent.key, dependent.definition, language)
        room -= len(name) + 2
        if room < 0 and place:
            yield render("config.needed_more", language, {"count": len(dependents) - place})
            return
        yield name
