"""Answers that were given before, in bytes, to be given again."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from fastapi import Response

from backend.work.bounded import Bounded

LARGEST_SHARE = 4
"""An answer of more than one part in so many of what may be kept is not: it would cost too many others."""


@dataclass(frozen=True)
class Answer:
    """What a client gets, or a part of it."""

    content: bytes
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        return Response(self.content, headers=self.headers, media_type=self.media_type)


class Kept(Bounded[Hashable, Answer]):
    """Those used last, at most so many bytes of them. For the event loop only."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(max_bytes, lambda answer: len(answer.content))

    def keep(self, key: Hashable, answer: Answer) -> None:
        if len(answer.content) * LARGEST_SHARE <= self.max_bytes:
            self.put(key, answer)
