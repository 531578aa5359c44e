"""XML that strangers have written, taken in: no declarations, no entities, no network, no comments, and no more than fits."""

from lxml import etree

SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
PROTOCOL = "{urn:oasis:names:tc:SAML:2.0:protocol}"
METADATA = "{urn:oasis:names:tc:SAML:2.0:metadata}"
SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}"
LARGEST = 256 * 1024
MOST_ELEMENTS = 5_000
_IDS = frozenset({"id"})


class Refused(Exception):
    """What was read cannot be used: ``reason`` in one word, and in ``detail`` what was found."""

    def __init__(self, reason: str, detail: object = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = str(detail)[:200]


def parser() -> etree.XMLParser:
    """What reads nothing but the text that it is given."""
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        remove_comments=False,
        remove_pis=False,
    )


def taken_in(text: bytes, *, comments: bool = False) -> etree._Element:
    """The root of a document. Raises :class:`Refused` for what is too large, no XML, or more than elements and text, such as the comment
    by which a name could be read as two, unless ``comments`` are let pass; and where two elements have the same id, which a signature
    could mean either of."""
    if len(text) > LARGEST:
        raise Refused("size", len(text))
    try:
        root = etree.fromstring(text, parser())
    except (etree.XMLSyntaxError, ValueError):
        raise Refused("xml") from None
    info = root.getroottree().docinfo
    if info.internalDTD is not None or info.externalDTD is not None or info.doctype:
        raise Refused("dtd")
    if not comments and (root.getprevious() is not None or root.getnext() is not None):
        raise Refused("markup")
    seen: set[str] = set()
    for count, node in enumerate(root.iter()):
        if count >= MOST_ELEMENTS:
            raise Refused("size", count)
        if not isinstance(node.tag, str):
            if comments and node.tag is etree.Comment:
                continue
            raise Refused("markup")
        for name, value in node.attrib.items():
            if etree.QName(name).localname.lower() in _IDS:
                if value in seen:
                    raise Refused("ids", value)
                seen.add(str(value))
    return root


def text_of(node: etree._Element) -> str:
    """The text of an element that has nothing but text. Raises :class:`Refused`."""
    if len(node):
        raise Refused("markup")
    return (node.text or "").strip()


def only(nodes: list[etree._Element], reason: str) -> etree._Element:
    """The one element that there must be. Raises :class:`Refused`."""
    if len(nodes) != 1:
        raise Refused(reason, len(nodes))
    return nodes[0]


def same(reason: str, said: str | None, wanted: str) -> None:
    """Raises :class:`Refused` unless what was said is what must be."""
    if said != wanted:
        raise Refused(reason, said)
