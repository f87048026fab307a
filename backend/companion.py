"""The background trainer as a child of the service, for those who start one command."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOG = ".trainer.log"
PATIENCE_SECONDS = 60.0
"""For the checkpoint that a trainer saves before it leaves."""


@contextmanager
def trainer_beside(runs: Path, data: Path, device: str) -> Iterator[subprocess.Popen[bytes]]:
    """A trainer that ends with this process, however that ends; what it prints goes to a file in the runs folder."""
    runs.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "backend", "trainer", "--parent", str(os.getpid())]
    command += ["--runs", str(runs), "--data", str(data), "--device", device]
    with (runs / LOG).open("ab") as log, subprocess.Popen(command, stdout=log, stderr=log) as child:
        try:
            yield child
        finally:
            child.terminate()
            try:
                child.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
