"""Bytes that are kept to be given again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock


class Kept:
    """Those used last, at most so many of them. Any thread may ask."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.bytes = 0
        self._values: OrderedDict[Hashable, bytes] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> bytes | None:
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def put(self, key: Hashable, value: bytes) -> None:
        """Keep a value, and forget those used longest ago where there are too many bytes.

        One that is too large by itself is not kept.
        """
        if len(value) > self.max_bytes:
            return
        with self._lock:
            self.bytes += len(value) - len(self._values.pop(key, b""))
            self._values[key] = value
            while self.bytes > self.max_bytes:
                self.bytes -= len(self._values.popitem(last=False)[1])
