"""Answers that were given before, and those that are being made, shared by all who ask for the same."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from backend.work.kept import Answer, Kept


@dataclass(eq=False)
class _Making:
    task: asyncio.Task[Answer]
    waiting: int = 0


class Answers:
    """Kept under what was asked for, whose texts are told by a digest alone. For the event loop only."""

    def __init__(self, max_bytes: int) -> None:
        self.counts: Counter[str] = Counter()
        self.kept = Kept(max_bytes)
        self._making: dict[Hashable, _Making] = {}

    async def get(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, Answer]]) -> Answer:
        """The answer known by a key, or being made for somebody else; else a new one.

        Making it ends when all who wait for it were cancelled. Raises what making it raises.
        """
        if answer := self.kept.get(key):
            self.counts["result_hits"] += 1
            return answer
        making = self._making.get(key)
        if making:
            self.counts["shared"] += 1
        else:
            self.counts["result_misses"] += 1
            making = self._making[key] = _Making(asyncio.create_task(self._made(key, make)))
        making.waiting += 1
        try:
            return await asyncio.shield(making.task)
        finally:
            making.waiting -= 1
            if not making.waiting:
                making.task.cancel()
                if self._making.get(key) is making:
                    del self._making[key]

    async def _made(self, key: Hashable, make: Callable[[], Awaitable[Answer]]) -> Answer:
        answer = await make()
        self.kept.keep(key, answer)
        return answer

    def figures(self) -> dict[str, float]:
        counts = ("shared", "result_hits", "result_misses")
        return {"result_bytes": self.kept.bytes, **{name: self.counts[name] for name in counts}}


def digest(body: BaseModel) -> bytes:
    """Of a request's body, its defaults filled in; also of one with half a surrogate pair, which is refused later."""
    return hashlib.sha256(json.dumps(body.model_dump()).encode()).digest()
