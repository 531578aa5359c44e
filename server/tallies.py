"""Counters and histograms for one event loop, as Prometheus reads them.

Those of ``prometheus_client`` take a lock for each of their numbers, and look through all buckets for each value. Each request here
counts ten numbers, and nothing but the event loop counts.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

Labels = tuple[str, ...]


class Count:
    """How often something happened."""

    __slots__ = ("number",)

    def __init__(self) -> None:
        self.number = 0

    def inc(self) -> None:
        self.number += 1


class Spread:
    """How large values were: their sum, and how many fell into each bucket; the last bucket has no end."""

    __slots__ = ("_ends", "numbers", "sum")

    def __init__(self, ends: Sequence[float]) -> None:
        self._ends = ends
        self.numbers = [0] * (len(ends) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        self.numbers[bisect_left(self._ends, value)] += 1
        self.sum += value


class Counter(Collector):
    """A :class:`Count` for each combination of labels."""

    def __init__(self, name: str, about: str, labels: Sequence[str], registry: CollectorRegistry) -> None:
        self._name, self._about, self._labels = name, about, labels
        self._counts: dict[Labels, Count] = {}
        registry.register(self)

    def labels(self, *values: str) -> Count:
        return self._counts.setdefault(values, Count())

    def collect(self) -> Iterable[Metric]:
        family = CounterMetricFamily(self._name, self._about, labels=self._labels)
        for values, count in self._counts.items():
            family.add_metric(values, count.number)
        return [family]


class Histogram(Collector):
    """A :class:`Spread` for each combination of labels; ``buckets`` are the largest values of each, in order."""

    def __init__(
        self, name: str, about: str, labels: Sequence[str], buckets: Sequence[float], registry: CollectorRegistry
    ) -> None:
        self._name, self._about, self._labels, self._ends = name, about, labels, tuple(map(float, buckets))
        self._spreads: dict[Labels, Spread] = {}
        registry.register(self)

    def labels(self, *values: str) -> Spread:
        return self._spreads.setdefault(values, Spread(self._ends))

    def collect(self) -> Iterable[Metric]:
        family = HistogramMetricFamily(self._name, self._about, labels=self._labels)
        names = [*map(repr, self._ends), "+Inf"]
        for values, spread in self._spreads.items():
            buckets = list(zip(names, map(float, accumulate(spread.numbers)), strict=True))
            family.add_metric(values, buckets, spread.sum)
        return [family]
