"""What a file can be: each kind with the endings of its names and how its content begins.

A file is what its media type, its name and its first bytes say alike. Kinds that a browser would run, such as HTML and SVG, and
programs are not among them.
"""

from collections.abc import Callable
from dataclasses import dataclass

_OFFICE = "application/vnd.openxmlformats-officedocument"
_ZIP = (b"PK\x03\x04",)
_OLE = (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",)


def _begins(*signatures: bytes) -> Callable[[bytes], bool]:
    return lambda content: content.startswith(signatures)


def _is_webp(content: bytes) -> bool:
    return content[:4] == b"RIFF" and content[8:12] == b"WEBP"


def _is_heif(content: bytes) -> bool:
    return content[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypmsf1")


def _is_text(content: bytes) -> bool:
    """Of any encoding that has no zero bytes; what says that it is a program, a web page or another kind is none."""
    head = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:256].lower()
    programs = (b"#!", b"mz", b"\x7felf", b"%pdf", b"pk\x03\x04", b"<!doctype", b"<html", b"<script", b"<svg", b"<?xml")
    return b"\x00" not in content and not head.startswith(programs)


@dataclass(frozen=True, slots=True)
class Kind:
    """``endings`` are those of its names; ``fits`` judges the first bytes of its content."""

    endings: tuple[str, ...]
    fits: Callable[[bytes], bool]


KINDS: dict[str, Kind] = {
    "image/png": Kind(("png",), _begins(b"\x89PNG\r\n\x1a\n")),
    "image/jpeg": Kind(("jpg", "jpeg"), _begins(b"\xff\xd8\xff")),
    "image/gif": Kind(("gif",), _begins(b"GIF87a", b"GIF89a")),
    "image/webp": Kind(("webp",), _is_webp),
    "image/heic": Kind(("heic", "heif"), _is_heif),
    "application/pdf": Kind(("pdf",), _begins(b"%PDF-")),
    "text/plain": Kind(("txt", "log", "md"), _is_text),
    "text/csv": Kind(("csv",), _is_text),
    f"{_OFFICE}.wordprocessingml.document": Kind(("docx",), _begins(*_ZIP)),
    f"{_OFFICE}.spreadsheetml.sheet": Kind(("xlsx",), _begins(*_ZIP)),
    f"{_OFFICE}.presentationml.presentation": Kind(("pptx",), _begins(*_ZIP)),
    "application/vnd.oasis.opendocument.text": Kind(("odt",), _begins(*_ZIP)),
    "application/vnd.oasis.opendocument.spreadsheet": Kind(("ods",), _begins(*_ZIP)),
    "application/msword": Kind(("doc",), _begins(*_OLE)),
    "application/vnd.ms-excel": Kind(("xls",), _begins(*_OLE)),
    "application/zip": Kind(("zip",), _begins(*_ZIP)),
}
ENDINGS = tuple(sorted(ending for kind in KINDS.values() for ending in kind.endings))
# So much of a file tells its kind.
HEAD = 512
