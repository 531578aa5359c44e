"""Certificates of providers: read, and judged by whether signatures by their keys may be believed."""

import binascii
from base64 import b64decode, b64encode
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from tenants.single_sign_on.saml.documents import Refused

SHORTEST_RSA = 2048
_CURVES = ("secp256r1", "secp384r1", "secp521r1")
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


def certificate(text: str) -> x509.Certificate:
    """The certificate that PEM or base64 writes, whether or not it is in force. Raises :class:`Refused` for none, and for a key that is
    too short."""
    inner = "".join(text.replace(_BEGIN, "").replace(_END, "").split())
    try:
        found = x509.load_der_x509_certificate(b64decode(inner, validate=True))
        key = found.public_key()
    except (binascii.Error, ValueError, TypeError):
        raise Refused("certificate", text) from None
    strong = (isinstance(key, rsa.RSAPublicKey) and key.key_size >= SHORTEST_RSA) or (
        isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES
    )
    if not strong:
        raise Refused("certificate", text)
    return found


def is_in_force(found: x509.Certificate) -> bool:
    """Whether the certificate is valid today."""
    return found.not_valid_before_utc <= datetime.now(UTC) <= found.not_valid_after_utc


def written(found: x509.Certificate) -> str:
    """The certificate as base64, in one line."""
    return b64encode(found.public_bytes(Encoding.DER)).decode()


def usable(texts: list[str]) -> list[str]:
    """The certificates as base64, each once. Raises :class:`Refused` for the first that cannot be used, or is not in force."""
    found: dict[str, None] = {}
    for text in texts:
        read = certificate(text)
        if not is_in_force(read):
            raise Refused("certificate", text)
        found[written(read)] = None
    return list(found)


def in_force(texts: list[str]) -> list[str]:
    """Those of the certificates that are valid today."""
    return [text for text in texts if is_in_force(certificate(text))]
