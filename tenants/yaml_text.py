"""YAML as people may send it: read as plain mappings, lists and values, within bounds, and refused with the place of what is wrong.

The parser tells one event after the other, and the tree is made of them here: nothing is built that is deeper or larger than
allowed, tags make no objects, and a key that is there twice is told. Plain words mean what the core schema of YAML 1.2 says; dates
stay texts.
"""

import math
import re
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from tenants.problems import InvalidInput

_INTEGER = re.compile(r"[-+]?[0-9]{1,40}|0o[0-7]{1,40}|0x[0-9a-fA-F]{1,40}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,40}|[0-9]{1,40}(\.[0-9]{0,40})?)([eE][-+]?[0-9]{1,3})?")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NO_KEY = object()


@dataclass(slots=True)
class _Node:
    """A mapping or a list under way; ``key`` is the one whose value comes next, ``parts`` and ``depth`` are those inside so far."""

    value: Any
    anchor: str | None
    key: Any = _NO_KEY
    parts: int = 0
    depth: int = 1


@dataclass(slots=True)
class _Tree:
    deepest: int
    most_parts: int
    root: Any = None
    open: list[_Node] = field(default_factory=list)
    anchored: dict[str, _Node] = field(default_factory=dict)
    documents: int = 0
    parts: int = 0

    def take(self, event: Any) -> None:
        """Take in one event of the parser. Raises :class:`InvalidInput`."""
        match type(event).__name__:
            case "MappingStartEvent":
                self._begin({}, event)
            case "SequenceStartEvent":
                self._begin([], event)
            case "MappingEndEvent" | "SequenceEndEvent":
                self._end(event)
            case "ScalarEvent":
                self._check_tag(event)
                value = _plain(event.value) if event.implicit[0] else event.value
                self._put(_Node(value, event.anchor, parts=1, depth=0), event)
            case "AliasEvent":
                if event.anchor not in self.anchored:
                    raise _refusal("config.yaml_alias", event, name=event.anchor)
                self._put(self.anchored[event.anchor], event)
            case "DocumentStartEvent":
                self.documents += 1
                if self.documents > 1:
                    raise _refusal("config.yaml_documents", event)

    def _check_tag(self, event: Any) -> None:
        if event.tag is not None:
            raise _refusal("config.yaml_tag", event, tag=event.tag)

    def _begin(self, value: Any, event: Any) -> None:
        self._check_tag(event)
        if len(self.open) >= self.deepest:
            raise _refusal("config.yaml_too_deep", event, most=self.deepest)
        self.open.append(_Node(value, event.anchor))

    def _end(self, event: Any) -> None:
        node = self.open.pop()
        node.parts += 1
        self._put(node, event)

    def _put(self, node: _Node, event: Any) -> None:
        """Put a finished node where it belongs."""
        if node.anchor is not None:
            self.anchored[node.anchor] = node
        if not self.open:
            self.root = node.value
            return
        outer = self.open[-1]
        if isinstance(outer.value, dict) and outer.key is _NO_KEY:
            self._put_key(outer, node.value, event)
            return
        outer.parts += node.parts
        outer.depth = max(outer.depth, node.depth + 1)
        # What is still open is counted with what it holds, and once.
        self.parts += node.parts if type(event).__name__ == "AliasEvent" else 1
        if self.parts > self.most_parts:
            raise InvalidInput.at((), "config.too_many_parts", most=self.most_parts)
        if len(self.open) - 1 + outer.depth > self.deepest:
            raise _refusal("config.yaml_too_deep", event, most=self.deepest)
        if isinstance(outer.value, dict):
            outer.value[outer.key] = node.value
            outer.key = _NO_KEY
        else:
            outer.value.append(node.value)

    def _put_key(self, outer: _Node, key: Any, event: Any) -> None:
        if isinstance(key, dict | list):
            raise _refusal("config.yaml_key", event)
        if key == "<<":
            raise _refusal("config.yaml_merge", event)
        if key in outer.value:
            raise _refusal("config.yaml_double_key", event, key=key)
        outer.key = key


def read_yaml(text: str, *, deepest: int, most_parts: int) -> Any:
    """The one document of a text. ``deepest`` counts levels of mappings and lists, ``most_parts`` the parts with all aliases written out.

    Raises :class:`InvalidInput` with the line of what is wrong.
    """
    tree = _Tree(deepest, most_parts)
    try:
        # Not libyaml, which is ten times as fast: it refuses {at: 12:30} and {en: Why?, zh: 何故？}, which people write.
        for event in YAML(typ="safe", pure=True).parse(text):
            tree.take(event)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise InvalidInput.at((), "config.yaml", line=line, column=column, reason=error.problem) from None
    except (YAMLError, ValueError) as error:
        raise InvalidInput.at((), "config.bad_document", reason=" ".join(str(error).split())[:200]) from None
    return tree.root


def _plain(text: str) -> Any:
    """What a word without quotes means."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text, 0 if text[:2] in ("0o", "0x") else 10)
    if _FLOAT.fullmatch(text) and math.isfinite(number := float(text)):
        return number
    return text


def _refusal(code: str, event: Any, **data: Any) -> InvalidInput:
    return InvalidInput.at((), code, line=event.start_mark.line + 1, **data)
