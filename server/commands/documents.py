"""Documents registered ahead, for one company or for all."""

import hashlib
from pathlib import Path
from typing import Annotated
from uuid import UUID

import orjson
import typer
from graphql import GraphQLError, parse

from server.commands.house import CommandError, Opened, opened, read_text, run, say
from tenants.documents import register, registered, remove

documents = typer.Typer(help="GraphQL documents known by their hash.", no_args_is_help=True)
Company = Annotated[
    str | None, typer.Option("--tenant", "-t", help="For this company only; for all if not given.", metavar="SLUG")
]
PREFIX = "sha256:"


@documents.command("add")
def add(
    files: Annotated[
        list[Path],
        typer.Argument(help="A document each, or JSON of names and documents as Relay's compiler writes it."),
    ],
    slug: Company = None,
) -> None:
    """Register documents; prints the id of each, one a line."""
    found = {_hash(text): text for file in files for text in _texts(file)}
    run(_add(slug, found))
    for hashed in found:
        typer.echo(f"{PREFIX}{hashed.hex()}")
    say(f"{len(found)} documents are registered.")


@documents.command("list")
def list_documents(slug: Company = None) -> None:
    """List registered documents: the id and the beginning of the text, one a line."""
    for hashed, text in run(_list(slug)).items():
        typer.echo(f"{PREFIX}{hashed.hex()}\t{' '.join(text.split())[:80]}")


@documents.command("remove")
def remove_documents(ids: Annotated[list[str], typer.Argument(help="Their ids.")], slug: Company = None) -> None:
    """Take registered documents away; processes forget them within a minute."""
    try:
        hashes = [bytes.fromhex(document_id.removeprefix(PREFIX)) for document_id in ids]
    except ValueError:
        raise CommandError(f"An id is '{PREFIX}' and 64 hex digits.") from None
    say(f"{run(_remove(slug, hashes))} documents were removed.")


async def _add(slug: str | None, found: dict[bytes, str]) -> None:
    async with opened() as house:
        await register(house.database, await _tenant(house, slug), found)


async def _list(slug: str | None) -> dict[bytes, str]:
    async with opened() as house:
        return await registered(house.database, await _tenant(house, slug))


async def _remove(slug: str | None, hashes: list[bytes]) -> int:
    async with opened() as house:
        return await remove(house.database, await _tenant(house, slug), hashes)


async def _tenant(house: Opened, slug: str | None) -> UUID | None:
    return await house.tenant(slug) if slug else None


def _texts(file: Path) -> list[str]:
    """The documents in a file. Raises CommandError for what is none."""
    text = read_text(str(file))
    texts = [text]
    if file.suffix == ".json":
        try:
            texts = list(orjson.loads(text).values())
        except (ValueError, AttributeError) as error:
            raise CommandError(f"{file} is no JSON object of names and documents.") from error
    for found in texts:
        try:
            parse(found)
        except (GraphQLError, TypeError) as error:
            raise CommandError(f"{file} holds no GraphQL document: {error}") from error
    return texts


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
