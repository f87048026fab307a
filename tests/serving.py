"""The service in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.small_runs import ROOT


class Service:
    """The model on one thread, no trainer; what it says goes to a file. Settings are named as in backend/settings.py."""

    def __init__(self, runs: Path, log: Path, **settings: object) -> None:
        self.log = log
        named = {f"SPANSCOPE_{name.upper()}": str(value) for name, value in settings.items()}
        with log.open("w") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "backend", "serve", "--port", "0", "--runs", str(runs)],
                cwd=ROOT,
                env={**os.environ, "OMP_NUM_THREADS": "1", **named},
                stdout=subprocess.PIPE,
                stderr=file,
                text=True,
            )
        assert self.process.stdout
        self.port = int(self.process.stdout.readline().rpartition(":")[2])

    @property
    def resident_bytes(self) -> int:
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def serving(runs: Path, folder: Path, **settings: object) -> Iterator[Service]:
    service = Service(runs, folder / "service.log", **settings)
    try:
        yield service
    finally:
        service.process.kill()
        service.process.communicate()
