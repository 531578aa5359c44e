"""A proof in a process of its own: ``python -m server.isolation PACE [every-kind]``, with SQL statements a minute as the pace, 0 for any.

It loads what describes the tables, which no process that serves has in its memory. Its exit code is 0 however the proof ends, and
:data:`UNDER_WAY` where another one is being made.
"""

import asyncio
import sys
from collections.abc import Sequence

from server import logs
from server.commands.house import EXPECTED, lines, opened, say
from server.isolation.prover import prove
from server.isolation.timer import EVERY_KIND, UNDER_WAY

# As shells say it of what Ctrl-C has ended.
INTERRUPTED = 130


async def _prove(pace: int, *, every_kind: bool) -> bool:
    async with opened() as house:
        url = house.settings.application_database_url()
        return await prove(house.database, url, statements_a_minute=pace, every_kind=every_kind) is not None


def main(arguments: Sequence[str]) -> int:
    """Make the proof; the exit code."""
    logs.configure("ERROR")
    try:
        made = asyncio.run(_prove(int(arguments[0]), every_kind=EVERY_KIND in arguments))
    except EXPECTED as error:
        for line in lines(error):
            say(f"orderloom: {line}")
        return 1
    except KeyboardInterrupt:
        # Whoever asked to stop need not be told where it was.
        return INTERRUPTED
    return 0 if made else UNDER_WAY


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
