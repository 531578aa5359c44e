"""YAML as people send it: the same tree as any reader of YAML 1.2 makes of it, within bounds."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from tenants.problems import InvalidInput
from tenants.yaml_text import read_yaml

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("tenants/config/templates/*.yaml"), *ROOT.glob("docs/examples/*/*.yaml")])
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)
VALUES = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
)
# A key that would merge another mapping is refused, wherever it stands.
KEYS = TEXTS.filter(lambda key: key != "<<")
TREES = st.recursive(VALUES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4))


def read(text: str) -> Any:
    return read_yaml(text, deepest=50, most_parts=10_000)


def refusal(text: str) -> str:
    with pytest.raises(InvalidInput) as caught:
        read(text)
    (error,) = caught.value.errors
    return error.code


@given(st.dictionaries(KEYS, TREES, max_size=4))
def test_what_is_written_is_read(tree: dict[str, Any]) -> None:
    """Words that look like numbers, dates or truth are kept as texts, because whoever writes them puts quotes around."""
    out = StringIO()
    writer = YAML()
    writer.default_flow_style = False
    writer.dump(tree, out)
    assert read(out.getvalue()) == tree


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_our_documents_are_read_as_by_ruamel(path: Path) -> None:
    text = path.read_text("utf-8")
    assert read(text) == YAML(typ="safe", pure=True).load(text)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("no", "no"),
        ("true", True),
        ("~", None),
        ("", None),
        ("010", 10),
        ("0o17", 15),
        ("0x1F", 31),
        ("-7", -7),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1_000", "1_000"),
        ("1e999", "1e999"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("12:30:00", "12:30:00"),
        ("2026-01-01", "2026-01-01"),
        ("'7'", "7"),
        ('"true"', "true"),
        ("9" * 41, "9" * 41),
    ],
)
def test_what_words_mean(word: str, value: Any) -> None:
    found = read(f"a: {word}\n")["a"]
    assert (found, type(found)) == (value, type(value))


def test_aliases_stand_for_what_they_name() -> None:
    assert read("a: &x [1, 2]\nb: *x\n") == {"a": [1, 2], "b": [1, 2]}
    assert refusal("a: *x\n") == "config.yaml_alias"
    assert refusal("a: &x [*x]\n") == "config.yaml_alias"
    deep = "a0: &a0 []\n" + "".join(f"a{step}: &a{step} [*a{step - 1}]\n" for step in range(1, 60))
    assert refusal(deep) == "config.yaml_too_deep"
    wide = "a0: &a0 [1]\n" + "".join(f"a{step}: &a{step} [{f'*a{step - 1}, ' * 10}]\n" for step in range(1, 9))
    assert refusal(wide) == "config.too_many_parts"


@pytest.mark.parametrize(
    "bomb", ["[" * 800_000, "- " * 400_000, "{a: " * 200_000, "? " * 400_000, "a: " + "[" * 60 + "]" * 60]
)
def test_depth_is_bounded_while_it_is_read(bomb: str) -> None:
    """Nothing is built that a later step could not walk."""
    assert refusal(bomb) in ("config.yaml_too_deep", "config.yaml_key")


def test_signs_that_other_readers_take_for_something_else() -> None:
    asked = "confirm: {en: Why?, zh: 何故？, at: 12:30}\n"
    assert read(asked) == {"confirm": {"en": "Why?", "zh": "何故？", "at": "12:30"}}
