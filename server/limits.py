"""How much a company and each of its members may ask for: leaky buckets of points (see :mod:`schema.costs`).

Redis holds the level of each bucket for all processes. No request waits for it: a process works with its share of the level,
one part in as many as there are processes, and every :data:`BETWEEN_SYNCS` seconds tells Redis what it has spent and learns
the level again. A share may be overdrawn by one operation, if the whole level covers it; what is overdrawn is paid back.
While Redis is away, each share leaks on by itself at its part of the rate. So the processes together keep to the limit in
either case, unless more of them were started meanwhile.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID, uuid4

from redis import RedisError

from schema.costs import Budget, RateLimited
from server.settings import Settings
from tenants.config.snapshot import Tenant
from tenants.database import Caller
from tenants.problems import LimitExceeded
from tenants.quotas import quotas_of
from workers.announcements import client
from workers.ending import end

KEYS = "orderloom:limits:"
BETWEEN_SYNCS = 0.05
LEAST_BETWEEN_SYNCS = 0.01
HEARTBEAT = 1.0
# A process that was not heard of for so long is no longer counted.
SILENT_SECONDS = 5
BETWEEN_SWEEPS = 30.0
# How many processes there are before Redis was heard of.
ASSUMED_PROCESSES = 2
MOST_BUCKETS_AT_ONCE = 500
# Companies whose own quota is remembered; one whose configuration is replaced is let go by and by.
MOST_QUOTAS = 500
NOBODY = UUID(int=0)

Key = UUID | tuple[UUID, UUID]

# KEYS: the processes, then the buckets. ARGV: this process, seconds of silence, whether Redis was away, and for each bucket its
# rate, capacity, what was spent, and the level that this process believes in. Returns the count of processes and the levels.
SYNC = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
redis.call('EXPIRE', KEYS[1], 60)
local answer = {redis.call('ZCARD', KEYS[1])}
for place = 2, #KEYS do
  local first = 4 * place - 4
  local rate, capacity = tonumber(ARGV[first]), tonumber(ARGV[first + 1])
  local spent, believed = tonumber(ARGV[first + 2]), tonumber(ARGV[first + 3])
  local known = redis.call('HMGET', KEYS[place], 'level', 'at')
  local level
  if known[1] then
    level = math.min(capacity, known[1] + (now - known[2]) * rate)
    if ARGV[3] == '1' then level = math.min(level, believed) else level = level - spent end
  else
    level = math.min(capacity, believed)
  end
  redis.call('HSET', KEYS[place], 'level', string.format('%.3f', level), 'at', string.format('%.6f', now))
  redis.call('EXPIRE', KEYS[place], math.ceil((capacity - level) / rate) + 10)
  answer[place] = string.format('%.3f', level)
end
return answer
"""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Quota:
    """What one company may spend: points a second, points at once, and the part of both that one member may take."""

    rate: float
    capacity: float
    member_share: float

    @property
    def member_rate(self) -> float:
        return self.rate * self.member_share

    @property
    def member_capacity(self) -> float:
        return self.capacity * self.member_share


class Bucket:
    """This process's share of one bucket."""

    __slots__ = ("at", "capacity", "key", "rate", "share", "spent")

    def __init__(self, key: str, rate: float, capacity: float, processes: int, now: float) -> None:
        self.key = key
        self.rate = rate
        self.capacity = capacity
        self.share = capacity / processes
        self.at = now
        # What Redis has not been told.
        self.spent = 0.0

    def refill(self, now: float, processes: int) -> None:
        self.share = min(self.capacity / processes, self.share + (now - self.at) * self.rate / processes)
        self.at = now

    def left(self, processes: int) -> float:
        """The level of the whole bucket, less what this process has spent of it."""
        return (self.share + self.spent) * processes - self.spent

    def lacks(self, cost: float, processes: int) -> float:
        """Seconds until an operation of this cost fits; 0 when it fits now."""
        if self.share > 0 and self.share * processes >= cost:
            return 0.0
        return max(cost / processes - self.share, -self.share, 0.001) * processes / self.rate


class Limits:
    """The buckets of one process. ``quota_of`` tells the quota of a caller's company, ``most`` what one operation may cost."""

    def __init__(
        self,
        redis_url: str,
        quota_of: Callable[[Caller], Quota],
        most: int,
        *,
        keys: str = KEYS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.connected = False
        self.processes = ASSUMED_PROCESSES
        self._quota_of = quota_of
        self._most = most
        self._keys = keys
        self._clock = clock
        self._buckets: dict[Key, Bucket] = {}
        self._spending: list[Bucket] = []
        self._usage: dict[UUID, list[int]] = {}
        self._name = uuid4().hex
        self._client = client(redis_url, timeout=1)
        self._script = self._client.register_script(SYNC)
        self._woken = asyncio.Event()
        self._hurry = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._swept = 0.0
        # When as many processes as are counted were last heard of; None before Redis was.
        self._fewer_since: float | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Tell what was spent, leave the count of processes, and stop."""
        if self._task is not None:
            await end(self._task)
            with suppress(RedisError, OSError):
                await self.sync()
                await self._client.zrem(f"{self._keys}processes", self._name)
        await self._client.aclose()

    def spend(self, caller: Caller, cost: int, paid: int | None = None) -> Budget:
        """Take the cost of an operation from the company and its member, and say what is left for the member.

        An operation that is prepared anew has ``paid`` before: then what it costs more is taken, and it is not counted again.
        Raises :class:`LimitExceeded` for an operation that may never run, and :class:`RateLimited` for one that came too soon.
        """
        quota = self._quota_of(caller)
        most = int(min(self._most, quota.member_capacity))
        if cost > most:
            raise LimitExceeded("limit.cost", requested=cost, limit=most)
        company, member = self._buckets_of(caller, quota)
        processes = self.processes
        owed = cost if paid is None else max(0, cost - paid)
        # Nothing more to pay fits even what is overdrawn: by this very operation, it may be.
        lacking = max(company.lacks(owed, processes), member.lacks(owed, processes)) if owed else 0
        if lacking:
            # The others may have left more than this process knows of.
            self._hurry.set()
            raise RateLimited(lacking)
        self._take(caller.tenant_id, (company, member), owed, requests=int(paid is None))
        left = max(0, int(min(member.left(processes), company.left(processes))))
        return Budget(cost, most, left, max(1, int(member.rate)), int(member.capacity))

    def charge(self, caller: Caller, cost: int) -> None:
        """Take a cost that cannot be refused any more, such as that of news to a subscriber."""
        self._take(caller.tenant_id, self._buckets_of(caller, self._quota_of(caller)), cost)

    def spent_since_last_look(self) -> Mapping[UUID, tuple[int, int]]:
        """Operations and points of each company that this process served since it was last asked."""
        usage, self._usage = self._usage, {}
        return {tenant_id: (requests, cost) for tenant_id, (requests, cost) in usage.items()}

    def _take(self, tenant_id: UUID, buckets: tuple[Bucket, Bucket], cost: int, *, requests: int = 1) -> None:
        if cost:
            for bucket in buckets:
                # What is 0 has not been noted yet, and is to be noted once.
                if not bucket.spent:
                    self._spending.append(bucket)
                bucket.share -= cost
                bucket.spent += cost
            self._woken.set()
        used = self._usage.get(tenant_id)
        if used is None:
            used = self._usage[tenant_id] = [0, 0]
        used[0] += requests
        used[1] += cost

    def _buckets_of(self, caller: Caller, quota: Quota) -> tuple[Bucket, Bucket]:
        """The company's and the member's or key's, filled up to now. Whoever is neither counts as one under the nil id."""
        now, tenant_id, member_id = self._clock(), caller.tenant_id, caller.actor.id or NOBODY
        company = self._bucket(tenant_id, tenant_id, quota.rate, quota.capacity, now)
        return company, self._bucket((tenant_id, member_id), tenant_id, quota.member_rate, quota.member_capacity, now)

    def _bucket(self, key: Key, tenant_id: UUID, rate: float, capacity: float, now: float) -> Bucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            name = f"{self._keys}{tenant_id}" + (f":{key[1]}" if isinstance(key, tuple) else "")
            bucket = self._buckets[key] = Bucket(name, rate, capacity, self.processes, now)
        else:
            bucket.rate, bucket.capacity = rate, capacity
            bucket.refill(now, self.processes)
        return bucket

    async def _run(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT):
                    await self._woken.wait()
            self._woken.clear()
            try:
                await self.sync()
            except (RedisError, OSError) as error:
                if self.connected:
                    log.warning(
                        "Redis does not keep the limits (%s); each process holds its part of them alone.", error
                    )
                self.connected = False
            self._sweep()
            await asyncio.sleep(LEAST_BETWEEN_SYNCS)
            with suppress(TimeoutError):
                async with asyncio.timeout(BETWEEN_SYNCS - LEAST_BETWEEN_SYNCS if self.connected else HEARTBEAT):
                    await self._hurry.wait()
            self._hurry.clear()

    async def sync(self) -> None:
        """Tell Redis what was spent, and learn the levels and the count of processes. Raises what Redis' client raises."""
        buckets, self._spending = self._spending, []
        if not self.connected:
            # What was spent while Redis was away is in the shares alone.
            buckets = list(self._buckets.values())
        resumed, reported = "0" if self.connected else "1", [bucket.spent for bucket in buckets]
        for bucket in buckets:
            bucket.spent = 0.0
        for start in range(0, max(len(buckets), 1), MOST_BUCKETS_AT_ONCE):
            part = slice(start, start + MOST_BUCKETS_AT_ONCE)
            await self._exchange(buckets[part], reported[part], resumed)
        self.connected = True

    async def _exchange(self, buckets: list[Bucket], reported: list[float], resumed: str) -> None:
        arguments: list[str | float] = [self._name, SILENT_SECONDS, resumed]
        for bucket, spent in zip(buckets, reported, strict=True):
            arguments += [bucket.rate, bucket.capacity, spent, bucket.share * self.processes]
        keys = [f"{self._keys}processes", *(bucket.key for bucket in buckets)]
        # What runs in while Redis answers is the processes' already.
        now = self._clock()
        processes, *levels = await self._script(keys, arguments)
        self._count_processes(max(1, int(processes)), now)
        for bucket, level in zip(buckets, levels, strict=True):
            bucket.share = float(level) / self.processes - bucket.spent
            bucket.at = now

    def _count_processes(self, found: int, now: float) -> None:
        """More are believed at once; fewer only after a while, because a Redis that was emptied knows of none at first."""
        if found >= self.processes or self._fewer_since is None or now - self._fewer_since > SILENT_SECONDS:
            self.processes, self._fewer_since = found, now

    def _sweep(self) -> None:
        """Forget the buckets that are full: they are as good as new ones."""
        now = self._clock()
        if now - self._swept < BETWEEN_SWEEPS:
            return
        self._swept = now
        for key, bucket in tuple(self._buckets.items()):
            bucket.refill(now, self.processes)
            if not bucket.spent and bucket.share >= bucket.capacity / self.processes:
                del self._buckets[key]


def limits_of(settings: Settings) -> Limits:
    """The limits of an instance: every company has the same quota, but for what the operator set for it."""
    usual = Quota(settings.company_cost_rate, settings.company_cost_burst, settings.member_cost_share / 100)

    @lru_cache(maxsize=MOST_QUOTAS)
    def own(tenant: Tenant) -> Quota:
        given = quotas_of(tenant)
        rate, capacity = given.points_per_second or usual.rate, given.points or usual.capacity
        return Quota(rate, capacity, usual.member_share)

    def quota_of(caller: Caller) -> Quota:
        return own(caller.tenant) if caller.tenant.quotas else usual

    return Limits(settings.redis_address(), quota_of, settings.operation_cost)
