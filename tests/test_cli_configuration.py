"""A company's change sets from the command line: what a document would do, what was done, and taking it back."""

from tests.documents import an_order
from tests.examples import define_fields
from tests.harness import Company
from tests.test_cli import Orderloom, environment, orderloom

__all__ = ["environment", "orderloom"]
FIELD = "orderloom: 1\nfields:\n  order.po: {label: {en: PO}, type: text}\n"


async def test_a_part_is_merged_logged_and_taken_back(orderloom: Orderloom, company: Company, client: object) -> None:
    slug = company.slug
    planned = await orderloom("config", "plan", "-t", slug, "--merge", stdin=FIELD)
    assert (planned.code, planned.out) == (0, "Add field 'order.po' (PO)\n")
    applied = await orderloom("config", "apply", "-t", slug, "--merge", "-m", "Ask for the PO", stdin=FIELD)
    assert (applied.out, applied.err) == (planned.out, f"The configuration of '{slug}' is at version 2.\n")
    assert (await orderloom("config", "plan", "-t", slug, "--merge", stdin=FIELD)).out == "Nothing changes.\n"
    first, second, *_ = (await orderloom("config", "log", "-t", slug)).out.splitlines()
    assert first.startswith("2  20")
    assert first.endswith("  orderloom: Ask for the PO")
    assert second == "  Add field 'order.po' (PO)"
    reverted = await orderloom("config", "revert", "-t", slug, "2")
    assert (reverted.out, reverted.err) == (
        "Archive field 'order.po' (PO)\n",
        f"The configuration of '{slug}' is at version 3.\n",
    )
    again = await orderloom("config", "revert", "-t", slug, "2")
    assert (again.code, again.out) == (1, "")
    assert again.err.endswith("because later ones changed the same: 3. Take these back first.\n")


async def test_a_template_is_listed_added_and_removed(orderloom: Orderloom, company: Company, client: object) -> None:
    slug = company.slug

    async def listed() -> dict[str, str]:
        lines = (await orderloom("config", "template", "list", "-t", slug)).out.splitlines()
        return {name: since for name, since, _ in (line.split("\t") for line in lines) if since != "-"}

    assert await listed() == {"minimal": "version 1"}
    planned = await orderloom("config", "template", "apply", "-t", slug, "--plan", "workshop")
    assert "Add status 'received' (Received)" in planned.out.splitlines()
    assert (planned.code, await listed()) == (0, {"minimal": "version 1"})
    applied = await orderloom("config", "template", "apply", "-t", slug, "workshop")
    assert (applied.out, applied.err) == (planned.out, f"The configuration of '{slug}' is at version 2.\n")
    assert await listed() == {"minimal": "version 1", "workshop": "version 2"}
    await company.add_person("mechanic")
    planned = await orderloom("config", "template", "remove", "-t", slug, "--plan", "workshop")
    said = planned.out.splitlines()
    assert "role 'mechanic' (Mechanic): It stays, because 1 member holds it." in said
    assert "Archive status 'waiting' (Waiting for parts)" not in said
    assert "Archive void reason 'beyond_repair' (Beyond repair)" in said
    removed = await orderloom("config", "template", "remove", "-t", slug, "workshop")
    assert (removed.code, removed.err) == (0, f"The configuration of '{slug}' is at version 3.\n")
    assert await listed() == {"minimal": "version 1"}
    missing = await orderloom("config", "template", "remove", "-t", slug, "workshop")
    assert (missing.code, missing.out) == (1, "")
    assert "'workshop' is not installed here. Installed: minimal." in missing.err


async def test_a_plan_says_what_would_be_lost(orderloom: Orderloom, company: Company, client: object) -> None:
    """By a document that lacks a field which records have a value of."""
    whole = (await orderloom("config", "export", "-t", company.slug)).out
    await define_fields(company, {"order.po": {"type": "text"}})
    await an_order(company, custom={"po": "7"})
    planned = await orderloom("config", "plan", "-t", company.slug, stdin=whole)
    assert planned.out == (
        "Archive field 'order.po' (order.po)\n"
        "  1 record holds a value, which is kept but not shown until the field comes back.\n"
    )
