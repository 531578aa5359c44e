"""Every sentence that a user can be shown: in both languages, used somewhere, and none missing."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

import tenants
from tenants.messages import RECORD_NAMES, SENTENCES, render
from tenants.records import REGISTRY

ROOT = Path(tenants.__file__).parents[1]
SOURCES = [path for name in ("tenants", "schema", "workers", "server") for path in sorted((ROOT / name).rglob("*.py"))]
# Calls that take the code of a sentence, and which of their arguments it is.
TAKERS = {
    "fail": 1,
    "FieldError": 1,
    "at": 1,
    "BadValue": 0,
    "Conflict": 0,
    "LimitExceeded": 0,
    "NotSignedIn": 0,
    "Problem": 0,
    "render": 0,
}
CODE_BEGINS = re.compile(r"[a-z]+\.[a-z]+_")
HAN = re.compile(r"[\u4e00-\u9fff]")


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("code", SENTENCES)
def test_a_sentence_is_there_in_both_languages(code: str) -> None:
    """Same placeholders, none of them by position; Chinese is Chinese, and English holds none."""
    english, chinese = SENTENCES[code]
    assert placeholders(english) == placeholders(chinese)
    assert all(name.isidentifier() for name in placeholders(english))
    assert not HAN.search(english)
    if re.search(r"[a-z]", re.sub(r"\{\w+\}", "", english)):
        assert HAN.search(chinese)


def test_every_record_has_a_name() -> None:
    """What a sentence calls a record, for each that can be missing."""
    assert {name for name, record in REGISTRY.items() if record.root} <= set(RECORD_NAMES)
    assert all(HAN.search(chinese) and not HAN.search(english) for english, chinese in RECORD_NAMES.values())


def called(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def constants(node: ast.expr, scope: ast.AST) -> Iterator[str]:
    """The texts that an expression can be: a literal, either side of a condition, or a name given one of these nearby."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=body, orelse=orelse):
            yield from constants(body, scope)
            yield from constants(orelse, scope)
        case ast.Name(id=name):
            for other in ast.walk(scope):
                match other:
                    case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                        yield from constants(value, scope)


def used_codes(path: Path) -> Iterator[tuple[str, int]]:
    """Each literal in a place where a code is expected, with its line."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    scopes = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    for scope in scopes:
        for node in ast.walk(scope):
            if isinstance(node, ast.Call) and len(node.args) > (place := TAKERS.get(called(node), len(node.args))):
                yield from ((code, node.lineno) for code in constants(node.args[place], scope))


def test_every_code_has_a_sentence() -> None:
    missing = {
        f"{path.relative_to(ROOT)}:{line} {code}"
        for path in SOURCES
        for code, line in used_codes(path)
        if code not in SENTENCES
    }
    assert missing == set()


def test_no_sentence_is_unused() -> None:
    """A sentence nobody says is a refusal that was promised and never made. A code may be put together from its beginning."""
    said: set[str] = set()
    begun: set[str] = set()
    for path in SOURCES:
        if path.parent != Path(tenants.__file__).parent / "messages":
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                match node:
                    case ast.Constant(value=str(text)):
                        said.add(text)
                    case ast.JoinedStr(values=[ast.Constant(value=str(start)), *_]) if CODE_BEGINS.fullmatch(start):
                        begun.add(start)
    assert [code for code in SENTENCES if code not in said and not code.startswith(tuple(begun))] == []


def test_the_search_finds_what_it_should(tmp_path: Path) -> None:
    """The two tests above would see a code in each of the ways in which the sources write one."""
    (tmp_path / "sample.py").write_text(
        "def f(form, tx):\n"
        "    form.fail('name', 'a.one')\n"
        "    code = 'a.two' if tx else 'a.three'\n"
        "    raise Conflict(code, at=1)\n"
        "    raise InvalidInput.at(('x',), 'a.four')\n"
        "    errors.append(FieldError((*path, 'x'), 'a.five', {}))\n"
        "    raise problems.BadValue('a.six' if tx else 'a.seven')\n"
    )
    found = {code for code, _ in used_codes(tmp_path / "sample.py")}
    assert found == {f"a.{name}" for name in ("one", "two", "three", "four", "five", "six", "seven")}


def test_a_sentence_does_not_grow_with_its_input() -> None:
    text = render("value.taken", "en", {"value": "x" * 100_000})
    assert len(text) < 400
    assert text.endswith("… is already in use. Choose another.")
    assert render("not_found", "zh-CN", {"type": "order", "id": "7"}) == "没有 ID 为 7 的订单。"
    assert render("value.not_text", "fr", {"value": "{id} %s"}) == "{id} %s is not a text."
