"""What a client would rather have of what we speak: the media type of its answer, and its language."""

from functools import lru_cache

from tenants.config.definitions import LANGUAGES

RESPONSE_JSON = "application/graphql-response+json"
JSON = "application/json"


@lru_cache(maxsize=500)
def negotiated(accept: str) -> str | None:
    """The media type of the answer to an Accept header; None when the client takes none of ours."""
    ranges = media_ranges(accept)
    if not ranges:
        return JSON
    found = []
    for place, media_type in enumerate((JSON, RESPONSE_JSON)):
        matching = [
            (names.index(name), quality)
            for name, quality, charset in ranges
            if charset in ("", "utf-8", "utf8") and name in (names := ("*/*", "application/*", media_type))
        ]
        if matching:
            specificity, quality = max(matching)
            # Named is better than covered; of both named alike, the newer type; of both covered, the older.
            found.append((quality, specificity, place if specificity == 2 else -place, media_type))
    if not found or max(found)[0] <= 0:
        return None
    return max(found)[-1]


def media_ranges(accept: str) -> list[tuple[str, float, str]]:
    """Name, quality and charset of each range of an Accept header; what cannot be read is left out."""
    found = []
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        known = dict(parameter.partition("=")[::2] for parameter in parameters)
        try:
            quality = float(known.get("q", "1"))
        except ValueError:
            continue
        if name:
            found.append((name, quality, known.get("charset", "").strip('"')))
    return found


@lru_cache(maxsize=500)
def language_of(accept_language: str) -> str:
    """The language that an Accept-Language header asks for first, of those we speak."""
    best = ("en", 0.0)
    for part in accept_language[:500].split(","):
        tag, _, rest = part.strip().lower().partition(";")
        primary = tag.split("-")[0]
        try:
            quality = float(rest.strip().removeprefix("q=")) if rest else 1.0
        except ValueError:
            continue
        if primary in LANGUAGES and quality > best[1]:
            best = (primary, quality)
    return best[0]
