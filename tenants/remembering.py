"""What a process remembers, and how much of it: by number, and by what it weighs in bytes."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Weight:
    """What something weighs in memory, in bytes as estimated; it counts for the ``whole`` that it is a part of."""

    __slots__ = ("_whole", "bytes")

    def __init__(self) -> None:
        self.bytes = 0
        self._whole: Weight | None = None

    def add(self, amount: int) -> None:
        self.bytes += amount
        if self._whole is not None:
            self._whole.add(amount)

    def join(self, whole: "Weight") -> None:
        """Count as a part of this whole from here on."""
        self._whole = whole
        whole.add(self.bytes)

    def leave(self) -> None:
        """Count for nothing but itself."""
        if self._whole is not None:
            self._whole.add(-self.bytes)
            self._whole = None


class Remembered(Generic[Key, Value]):
    """A map that forgets what was used longest ago, when it has more than ``most`` entries or they weigh more than ``room`` bytes.

    ``weigh`` gives the weight of an entry, by its key and value, when it is put there. What weighs more than the room is not kept.
    """

    def __init__(
        self, most: int, room: int = 0, weigh: Callable[[Key, Value], int] | None = None, weight: Weight | None = None
    ) -> None:
        self._most = most
        self._room = room
        self._weigh = weigh
        self.weight = weight or Weight()
        self._own = 0
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._weights: dict[Key, int] = {}

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[Key]:
        return iter(self._values)

    def get(self, key: Key) -> Value | None:
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def put(self, key: Key, value: Value) -> Value:
        self.drop(key)
        if self._weigh is not None:
            weighs = self._weigh(key, value)
            if weighs > self._room:
                return value
            self._weights[key] = weighs
            self._add(weighs)
        self._values[key] = value
        while len(self._values) > self._most or self._own > self._room:
            self.drop(next(iter(self._values)))
        return value

    def drop(self, key: Key) -> None:
        if self._values.pop(key, None) is not None:
            self._add(-self._weights.pop(key, 0))

    def drop_oldest(self) -> Value:
        """Forget what was used longest ago. Raises ``StopIteration`` where there is nothing."""
        key = next(iter(self._values))
        value = self._values[key]
        self.drop(key)
        return value

    def drop_all(self, chosen: Callable[[Value], bool]) -> None:
        """Forget the values that are ``chosen``."""
        for key in [key for key, value in self._values.items() if chosen(value)]:
            self.drop(key)

    def _add(self, amount: int) -> None:
        self._own += amount
        if amount:
            self.weight.add(amount)
