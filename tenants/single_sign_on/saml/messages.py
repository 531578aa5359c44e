"""What we write: the request that a browser takes to the provider, and what we say of ourselves. Neither is signed."""

import base64
import zlib
from datetime import UTC, datetime
from xml.sax.saxutils import quoteattr

_REQUEST = (
    '<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"'
    ' ID={id} Version="2.0" IssueInstant={now} Destination={destination} AssertionConsumerServiceURL={response}'
    ' ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"><saml:Issuer>{entity}</saml:Issuer>'
    '<samlp:NameIDPolicy AllowCreate="true"/></samlp:AuthnRequest>'
)
_METADATA = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID={entity}>'
    '<md:SPSSODescriptor AuthnRequestsSigned="false" WantAssertionsSigned="true"'
    ' protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
    "<md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>"
    "<md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat>"
    '<md:AssertionConsumerService index="0" isDefault="true" Location={response}'
    ' Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"/>'
    "</md:SPSSODescriptor></md:EntityDescriptor>\n"
)


def request(identifier: str, entity: str, response: str, destination: str) -> str:
    """The request to sign somebody in, deflated and as base64: what SAMLRequest is in the address (SAML Bindings 3.4.4.1)."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = _REQUEST.format(
        id=quoteattr(identifier),
        now=quoteattr(now),
        destination=quoteattr(destination),
        response=quoteattr(response),
        entity=entity.replace("&", "&amp;").replace("<", "&lt;"),
    )
    packed = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return base64.b64encode(packed.compress(text.encode()) + packed.flush()).decode()


def metadata(entity: str, response: str) -> str:
    """What a provider has to know of us: our entity id, and where it sends people back to."""
    return _METADATA.format(entity=quoteattr(entity), response=quoteattr(response))
