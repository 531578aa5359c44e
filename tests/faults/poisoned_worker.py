"""A worker that knows one action more than the product: one that takes its process with it."""

import os
import signal
import sys

from server import cli
from tenants.actions import Action, ActionContext
from tenants.actions.base import register
from tenants.transaction import Transaction


@register
class KillTheWorker(Action):
    key = "kill_the_worker"

    async def perform(self, tx: Transaction, context: ActionContext) -> str:
        os.kill(os.getpid(), signal.SIGKILL)
        return "never"


if __name__ == "__main__":
    sys.argv = ["orderloom", "worker"]
    cli.main()
