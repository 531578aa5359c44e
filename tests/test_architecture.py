"""The shape of the house, read from its sources: who may import whom, what stays out of the core, and how large files get.

Each check is also shown to find a breach, so that a check that finds nothing has looked.
"""

import ast
import importlib
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("tenants", "schema", "workers", "server", "migrations")
# Who may import whom; every package may import itself.
ALLOWED: Mapping[str, frozenset[str]] = {
    "tenants": frozenset(),
    "schema": frozenset({"tenants"}),
    "workers": frozenset({"tenants"}),
    "migrations": frozenset({"tenants"}),
    "server": frozenset({"tenants", "schema", "workers", "migrations"}),
}
# Doors and porches have these; the core works without any of them.
OUTSIDE_THE_CORE = frozenset({"strawberry", "graphql", "starlette", "uvicorn", "dramatiq", "redis", "typer", "httpx2"})
LONGEST_FILE = 400
COMMIT = "tenants.transaction"


@dataclass(frozen=True)
class Module:
    """One source file, parsed."""

    name: str
    text: str
    tree: ast.Module
    is_package: bool = False

    @classmethod
    def of(cls, name: str, text: str, *, is_package: bool = False) -> "Module":
        return cls(name, text, ast.parse(text), is_package)

    @property
    def package(self) -> str:
        return self.name.partition(".")[0]

    def imports(self, *, at_run_time: bool = True) -> Iterator[tuple[str, ast.stmt]]:
        """Every name imported, as dotted paths; without those for type checkers alone when ``at_run_time``."""
        skipped = _for_types_alone(self.tree) if at_run_time else ()
        for node in ast.walk(self.tree):
            if id(node) in skipped:
                continue
            if isinstance(node, ast.Import):
                yield from ((alias.name, node) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.name} has a relative import"
                yield from ((f"{node.module}.{alias.name}", node) for alias in node.names)


def _for_types_alone(tree: ast.Module) -> set[int]:
    blocks = [node for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    return {id(inner) for block in blocks for inner in ast.walk(block)}


def modules() -> dict[str, Module]:
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            is_package = parts[-1] == "__init__"
            name = ".".join(parts[:-1] if is_package else parts)
            found[name] = Module.of(name, path.read_text(), is_package=is_package)
    return found


MODULES = modules()


def wrong_direction(found: Iterable[Module]) -> list[str]:
    """Imports that run against the order of the floors."""
    return [
        f"{module.name} imports {imported}"
        for module in found
        for imported, _ in module.imports(at_run_time=False)
        if (package := imported.partition(".")[0]) in PACKAGES
        and package != module.package
        and package not in ALLOWED[module.package]
    ]


def inside_functions(found: Iterable[Module]) -> list[str]:
    """Imports of our own packages that hide in functions."""
    return [
        f"{module.name}: {ast.unparse(node)}"
        for module in found
        for function in ast.walk(module.tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom) and any(name in PACKAGES for name in _packages(node))
    ]


def _packages(node: ast.Import | ast.ImportFrom) -> list[str]:
    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
    return [name.partition(".")[0] for name in names]


def outsiders(found: Iterable[Module]) -> list[str]:
    """Libraries of the doors that the core imports."""
    return [
        f"{module.name} imports {imported}"
        for module in found
        if module.package == "tenants"
        for imported, _ in module.imports(at_run_time=False)
        if imported.partition(".")[0] in OUTSIDE_THE_CORE
    ]


def commits(found: Iterable[Module]) -> list[str]:
    """Modules that commit by themselves: a call of ``commit``, or a statement COMMIT."""
    return [module.name for module in found if any(map(_commits, ast.walk(module.tree)))]


def _commits(node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr == "commit"
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.strip(" ;").upper() == "COMMIT"


def cycle(found: Mapping[str, Module]) -> list[str]:
    """The modules of one circle of imports, or nothing."""
    graph = {
        name: {target for imported, _ in module.imports() if (target := _module(imported, found)) and target != name}
        for name, module in found.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def _module(imported: str, found: Mapping[str, Module]) -> str | None:
    """The module that holds an imported name."""
    if imported in found:
        return imported
    holder = imported.rpartition(".")[0]
    return holder if holder in found else None


def test_the_sources_are_there() -> None:
    assert len(MODULES) > 60
    assert {module.package for module in MODULES.values()} == set(PACKAGES)


def test_imports_run_one_way() -> None:
    """server -> schema -> tenants and workers -> tenants, never back (DESIGN 2)."""
    assert wrong_direction(MODULES.values()) == []
    breach = Module.of(
        "tenants.orders", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import schema.orders"
    )
    assert wrong_direction([breach]) == ["tenants.orders imports schema.orders"]
    assert wrong_direction([Module.of("schema.a", "from workers import relay")]) == ["schema.a imports workers.relay"]


def test_no_circles_among_modules() -> None:
    assert cycle(MODULES) == []
    circle = {"a": "from b import x", "b": "import c", "c": "def f(): import a"}
    assert set(cycle({name: Module.of(name, text) for name, text in circle.items()})) == {"a", "b", "c"}


def test_no_imports_hidden_in_functions() -> None:
    assert inside_functions(MODULES.values()) == []
    breach = Module.of("tenants.a", "def f():\n    from tenants.orders import create_order\n    import json")
    assert inside_functions([breach]) == ["tenants.a: from tenants.orders import create_order"]


def test_the_core_knows_no_door() -> None:
    """No Strawberry, GraphQL, Starlette, Dramatiq or Redis in tenants/."""
    assert outsiders(MODULES.values()) == []
    assert outsiders([Module.of("tenants.a", "from redis.asyncio import Redis")]) == [
        "tenants.a imports redis.asyncio.Redis"
    ]


def test_one_place_commits() -> None:
    """The only commit is the transaction's; the owner's migrations have Alembic's."""
    assert commits(module for module in MODULES.values() if module.package != "migrations") == [COMMIT]
    for breach in ("async def f(c): await c.commit()", 'async def f(c): await c.execute("commit;")'):
        assert commits([Module.of("tenants.a", breach)]) == ["tenants.a"]


@pytest.mark.parametrize("folder", [*PACKAGES, "tests", "bench", "requirements"])
def test_files_stay_small(folder: str) -> None:
    """About 400 lines; only generated migrations are longer."""
    longer = {
        str(path.relative_to(ROOT)): count
        for path in (ROOT / folder).rglob("*.py")
        if path.parent != ROOT / "migrations" / "versions"
        if (count := len(path.read_text().splitlines())) > LONGEST_FILE
    }
    assert longer == {}


def test_every_module_says_what_it_is_for() -> None:
    """Packages and modules alike begin with a docstring."""
    silent = [name for name, module in MODULES.items() if not ast.get_docstring(module.tree)]
    assert silent == []


def test_no_folder_of_leftovers() -> None:
    """Split by noun: no utils, helpers, common or misc."""
    names = {part for name in MODULES for part in name.split(".")}
    assert names.isdisjoint({"util", "utils", "helper", "helpers", "common", "misc", "base_utils"})


def test_our_schema_is_the_one_imported() -> None:
    """There is another package of that name in the world."""
    assert Path(str(importlib.import_module("schema").__file__)) == ROOT / "schema" / "__init__.py"
    assert Path(str(sys.modules["schema"].__file__)).parent == ROOT / "schema"
