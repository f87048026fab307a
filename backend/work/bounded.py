"""What was used last, bounded in bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Bounded(Generic[K, V]):
    """At most `max_bytes` of values, those used longest ago going first; the one used last stays, whatever its size."""

    def __init__(self, max_bytes: int, bytes_of: Callable[[V], int]) -> None:
        self.max_bytes = max_bytes
        self.bytes = 0
        self._bytes_of = bytes_of
        self._kept: OrderedDict[K, V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, key: object) -> bool:
        return key in self._kept

    def by_use(self) -> list[K]:
        """The keys, that used last at the end."""
        return list(self._kept)

    def get(self, key: K) -> V | None:
        value = self._kept.get(key)
        if value is not None:
            self._kept.move_to_end(key)
        return value

    def put(self, key: K, value: V) -> None:
        if key in self._kept:
            self.bytes -= self._bytes_of(self._kept.pop(key))
        self._kept[key] = value
        self.bytes += self._bytes_of(value)
        while self.bytes > self.max_bytes and len(self._kept) > 1:
            self.bytes -= self._bytes_of(self._kept.popitem(last=False)[1])
