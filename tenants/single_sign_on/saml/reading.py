"""The process that reads what providers have written: a question as JSON on standard input, an answer on standard output.

It holds no secret, no connection and none of the settings, and may take no more than a few seconds and some memory: whatever a document
does to the parser, it does to nobody else. ``python -m tenants.single_sign_on.saml.reading`` is what :mod:`tenants.single_sign_on.saml.apart`
starts.
"""

import json
import resource
import sys
from contextlib import suppress
from typing import Any

from tenants.single_sign_on.saml.certificates import in_force, usable
from tenants.single_sign_on.saml.documents import Refused
from tenants.single_sign_on.saml.provider_metadata import read_metadata
from tenants.single_sign_on.saml.responses import Expected, read_response

MOST_SECONDS = 5
MOST_MEMORY = 512 * 2**20


def answer(question: dict[str, Any]) -> dict[str, Any]:
    """What was found, or why it is refused."""
    try:
        match question["what"]:
            case "metadata":
                return read_metadata(question["text"].encode())
            case "certificates":
                return {"certificates": usable(question["certificates"])}
            case "in_force":
                return {"certificates": in_force(question["certificates"])}
            case _:
                return read_response(question["text"], Expected(**question["expected"]))
    except Refused as refused:
        return {"refused": refused.reason, "detail": refused.detail}


def main() -> None:
    # Not every system bounds memory by address space.
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    json.dump(answer(json.load(sys.stdin)), sys.stdout)


if __name__ == "__main__":
    main()
