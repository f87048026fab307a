"""Leaving when told to: with everything saved, not at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager


class Leave:
    """Whether this process was told to end: by SIGINT, by SIGTERM, or by the end of the process that it serves."""

    def __init__(self, parent: int | None = None) -> None:
        self.parent = parent
        self.told = False

    def __bool__(self) -> bool:
        orphaned = self.parent is not None and os.getppid() != self.parent
        return self.told or orphaned


@contextmanager
def leave_on_signals(parent: int | None = None) -> Iterator[Leave]:
    """Collects SIGINT and SIGTERM instead of dying of them; `parent` is the process to end with."""
    leave = Leave(parent)

    def tell(*_: object) -> None:
        leave.told = True

    before = {number: signal.signal(number, tell) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield leave
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
