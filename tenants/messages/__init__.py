"""Every sentence that a tenant's user can be shown, in English and Chinese, by code; one file for each kind.

A sentence says what was wrong, with which value, and what to do. Placeholders are filled by :func:`render`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tenants.languages import label, product_language
from tenants.messages import (
    access,
    automations,
    calls,
    change_sets,
    computed,
    configuration,
    conversions,
    customers,
    exports,
    expressions,
    fields,
    files,
    imports,
    isolation,
    keys,
    life_cycles,
    limits,
    orders,
    people,
    reviews,
    rules,
    sign_in,
    single_sign_on,
    teams,
    templates,
    values,
    views,
)

LONGEST_VALUE = 80
MOST_LISTED = 20
MOST_NAMED = 6

SENTENCES: dict[str, tuple[str, str]] = {
    **access.SENTENCES,
    **automations.SENTENCES,
    **calls.SENTENCES,
    **change_sets.SENTENCES,
    **computed.SENTENCES,
    **configuration.SENTENCES,
    **conversions.SENTENCES,
    **customers.SENTENCES,
    **exports.SENTENCES,
    **expressions.SENTENCES,
    **fields.SENTENCES,
    **files.SENTENCES,
    **imports.SENTENCES,
    **isolation.SENTENCES,
    **keys.SENTENCES,
    **life_cycles.SENTENCES,
    **limits.SENTENCES,
    **orders.SENTENCES,
    **people.SENTENCES,
    **reviews.SENTENCES,
    **rules.SENTENCES,
    **sign_in.SENTENCES,
    **single_sign_on.SENTENCES,
    **teams.SENTENCES,
    **templates.SENTENCES,
    **values.SENTENCES,
    **views.SENTENCES,
}

RECORD_NAMES: dict[str, tuple[str, str]] = {
    "order": ("order", "订单"),
    "customer": ("customer", "客户"),
    "product": ("product", "产品"),
    "member": ("member", "成员"),
    "team": ("team", "团队"),
    "record_share": ("share", "共享"),
    "notification": ("notification", "通知"),
    "automation_run": ("automation run", "自动化运行"),
    "delivery": ("delivery", "投递"),
    "view": ("view", "视图"),
    "life_cycle_migration": ("migration of orders", "订单迁移"),
    "field_conversion": ("conversion of a field", "字段转换"),
    "change_set": ("change set", "变更集"),
    "configuration_draft": ("draft", "草稿"),
    "file": ("file", "文件"),
    "session": ("session", "会话"),
    "identity_provider": ("identity provider", "身份提供方"),
    "invitation": ("invitation", "邀请"),
    "tenant": ("company", "公司"),
    "api_key": ("key", "密钥"),
    "audit_entry": ("entry of the audit log", "审计日志条目"),
}


def render(code: str, language: str, data: dict[str, Any]) -> str:
    """The sentence of ``code`` with its placeholders filled; long values are cut so that no answer grows with its input."""
    chinese = product_language(language) == "zh"
    shown = {key: _Shown(_shown(value, language, chinese)) for key, value in data.items()}
    return SENTENCES[code][chinese].format_map(shown)


class _Shown(str):
    """A value as a sentence shows it. ``{count:order stands|orders stand}`` is followed by the one or the other, as the number wants it."""

    def __format__(self, words: str) -> str:
        one, _, many = words.partition("|")
        return f"{self} {one if self == '1' else many}" if words else str(self)


class InLanguages(dict[Any, str]):
    """A text that a company wrote in its languages, among the data of a sentence."""


class Some(str):
    """A number that is not told."""


SOME = Some("some")


class Listed(dict[str, Mapping[Any, str]]):
    """Things that a company has named, their labels by their keys, among the data of a sentence: all of them can be chosen."""


def _shown(value: Any, language: str, chinese: bool) -> str:
    if isinstance(value, InLanguages):
        return label(value, language)
    if isinstance(value, Some):
        return "若干" if chinese else value
    if isinstance(value, Listed):
        return _listed(value, language, chinese) or "-"
    if isinstance(value, tuple):
        return _first(value, chinese) or "-"
    if isinstance(value, str) and value in RECORD_NAMES:
        return RECORD_NAMES[value][chinese]
    text = str(value)
    return text if len(text) <= LONGEST_VALUE * 3 else f"{text[:LONGEST_VALUE]}…"


def _listed(named: Mapping[str, Mapping[Any, str]], language: str, chinese: bool) -> str:
    """Each by its label, with the key that an input takes. Of very many the last are left out."""
    shown = "“{label}”（{key}）" if chinese else "'{label}' ({key})"
    texts = [shown.format(label=label(labels, language, key), key=key) for key, labels in named.items()]
    return ("、" if chinese else ", ").join(texts[:MOST_LISTED]) + ("…" if len(texts) > MOST_LISTED else "")


def _first(names: Sequence[str], chinese: bool) -> str:
    """The first of many names among the data of a sentence, and how many more there are."""
    told, more = ", ".join(names[:MOST_NAMED]), len(names) - MOST_NAMED
    if more <= 0:
        return told
    return f"{told} 等 {len(names)} 项" if chinese else f"{told} and {more} more"
