"""What a worker needs to do a job: the house, and a way to the outside."""

from dataclasses import dataclass

from tenants.callers import Callers
from tenants.database import Database
from tenants.deliveries import Send


@dataclass(frozen=True)
class Work:
    """One process's share of the work: its connections, its known callers, and how it sends messages."""

    database: Database
    callers: Callers
    send: Send
