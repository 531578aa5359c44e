"""Documents that a client names by their SHA-256 instead of sending them.

Two ways to name one: ``documentId: "sha256:<hex>"`` (https://github.com/graphql/graphql-over-http, appendix on persisted
documents) and ``extensions.persistedQuery`` as Apollo's clients send it; with the latter, a client that sends text and hash
together teaches the company's processes the document. A mutation that spells out texts teaches nothing: one of them may be a password,
and what is learned is kept as it came. Where only registered documents are allowed, nothing is learned, and a text is run only if it is a
registered one's.
"""

import hashlib
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from graphql import GraphQLError, Lexer, OperationType, Source, TokenKind

from tenants import documents
from tenants.callers import Callers
from tenants.database import Database
from tenants.documents import KnownDocument
from tenants.problems import NotSignedIn
from tenants.remembering import Remembered

# A longer document is run, but sent in full each time.
LONGEST_LEARNED = 20_000
REMEMBERED_SECONDS = 60.0
DOCUMENT_ID = re.compile(r"sha256:([0-9a-f]{64})")
HASH = re.compile(r"[0-9a-f]{64}")


class BadDocument(Exception):
    """The request names no document that can be run; ``code`` and the text go to the client."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Wanted:
    """The document that a request asks for: its text, its hash, or both."""

    text: str | None
    hash: bytes | None = None

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> "Wanted":
        """Raises :class:`BadDocument` when the parameters name none, or not in a way that is understood."""
        text, document_id = parameters.get("query"), parameters.get("documentId")
        if text is not None and not isinstance(text, str):
            raise BadDocument("BAD_REQUEST", "'query' is no string.")
        if document_id is not None:
            matched = DOCUMENT_ID.fullmatch(document_id) if isinstance(document_id, str) else None
            if matched is None or text is not None:
                raise BadDocument("BAD_REQUEST", "'documentId' is 'sha256:' and 64 hex digits, and stands for 'query'.")
            return cls(None, bytes.fromhex(matched[1]))
        extensions = parameters.get("extensions")
        persisted = extensions.get("persistedQuery") if isinstance(extensions, dict) else None
        if persisted is None:
            if text is None:
                raise BadDocument("BAD_REQUEST", "'query' is missing.")
            return cls(text)
        given = persisted.get("sha256Hash") if isinstance(persisted, dict) else None
        if not isinstance(given, str) or not HASH.fullmatch(given) or persisted.get("version") != 1:
            message = "'persistedQuery' has version 1 and a 'sha256Hash' of 64 hex digits."
            raise BadDocument("BAD_REQUEST", message)
        return cls(text, bytes.fromhex(given))


class PersistedDocuments:
    """The documents that this process knows by their hash; ``registered_only`` allows no others."""

    def __init__(self, database: Database, callers: Callers, *, registered_only: bool) -> None:
        self._database = database
        self._callers = callers
        self._registered_only = registered_only
        self._known: Remembered[tuple[UUID | None, bytes], tuple[KnownDocument, float]] = Remembered(1_000)

    async def text_of(self, wanted: Wanted, token: str | None) -> str:
        """The text to run. Raises :class:`BadDocument`, and what the database raises when it is away."""
        if wanted.hash is None and not self._registered_only:
            assert wanted.text is not None
            return wanted.text
        hashed = wanted.hash
        if wanted.text is not None:
            digest = hashlib.sha256(wanted.text.encode("utf-8", "surrogatepass")).digest()
            if hashed not in (None, digest):
                raise BadDocument("BAD_REQUEST", "'sha256Hash' is not the hash of 'query'.")
            hashed = digest
        assert hashed is not None
        tenant_id = await self._tenant(token)
        known = await self._find(tenant_id, hashed)
        if known is not None:
            return known.text
        if wanted.text is None:
            # The words by which Apollo's clients know that they are to send the text as well.
            raise BadDocument("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
        if self._registered_only:
            raise BadDocument("DOCUMENT_NOT_REGISTERED", "Only registered documents can be run here.")
        if tenant_id is not None and may_be_learned(wanted.text):
            await documents.learn(self._database, tenant_id, hashed, wanted.text)
            self._remember(tenant_id, hashed, KnownDocument(wanted.text, False))
        return wanted.text

    async def _tenant(self, token: str | None) -> UUID | None:
        try:
            return (await self._callers.by_token(token, enrolling=True)).tenant_id if token else None
        except NotSignedIn:
            # Execution refuses the token; until then it stands for nobody.
            return None

    async def _find(self, tenant_id: UUID | None, hashed: bytes) -> KnownDocument | None:
        kept = self._known.get((tenant_id, hashed))
        if kept is not None and (not self._registered_only or time.monotonic() < kept[1]):
            return kept[0]
        found = await documents.find(self._database, tenant_id, hashed)
        if found is None or (self._registered_only and not found.registered):
            return None
        return self._remember(tenant_id, hashed, found)

    def _remember(self, tenant_id: UUID | None, hashed: bytes, found: KnownDocument) -> KnownDocument:
        self._known.put((tenant_id, hashed), (found, time.monotonic() + REMEMBERED_SECONDS))
        return found


def may_be_learned(text: str) -> bool:
    """Whether a document may be kept: it is short, can be read, and is no mutation with texts of its own."""
    if len(text) > LONGEST_LEARNED or "\x00" in text:
        return False
    lexer, changes, spells_out = Lexer(Source(text)), False, False
    try:
        while (token := lexer.advance()).kind is not TokenKind.EOF:
            # A field may be called so as well; then a document with a text is sent in full, and nothing is lost.
            changes = changes or (token.kind is TokenKind.NAME and token.value == OperationType.MUTATION.value)
            spells_out = spells_out or token.kind in (TokenKind.STRING, TokenKind.BLOCK_STRING)
    except GraphQLError:
        return False
    return not (changes and spells_out)
