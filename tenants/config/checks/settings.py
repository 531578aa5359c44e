"""Settings: there is one, which names each language once; every text is in one of them."""

from collections.abc import Iterator

from tenants.config.checks.base import Check, Path, Proposal, register
from tenants.config.definitions import LANGUAGES, SETTINGS_KEY, Settings
from tenants.config.texts import texts_of
from tenants.field_types import BadValue
from tenants.forms import LONGEST_NAME
from tenants.names_told import name_of
from tenants.problems import FieldError


@register
class SettingsCheck(Check):
    kind = "settings"

    def form(self, proposal: Proposal) -> Iterator[FieldError]:
        for key, settings in proposal.of(Settings):
            path: Path = ("settings", key)
            if key != SETTINGS_KEY:
                yield FieldError(path, "config.unknown_settings", {"key": key, "known": SETTINGS_KEY})
            if settings.name is not None:
                try:
                    name_of(settings.name, LONGEST_NAME)
                except BadValue as bad:
                    yield FieldError((*path, "name"), bad.code, bad.data)
            for language in {tag for tag in settings.languages if settings.languages.count(tag) > 1}:
                yield FieldError((*path, "languages"), "config.double_option", {"key": language})
        yield from _unknown_languages(proposal)


def _unknown_languages(proposal: Proposal) -> Iterator[FieldError]:
    known = dict.fromkeys((*proposal.planned.languages, *LANGUAGES))
    for kind, found in proposal.definitions.items():
        for key, definition in found.items():
            for path, texts in texts_of(definition):
                for language in texts:
                    if language not in known:
                        data = {"language": language, "languages": ", ".join(known)}
                        yield FieldError((kind, key, *path, language), "config.unknown_language", data)
