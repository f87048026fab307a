"""`torchrun -m tests.several_ranks RUNS DATA NAME...`: train several runs, one after another, with one start of the ranks."""

from __future__ import annotations

import sys
from pathlib import Path

from model.corpora import load
from model.leave import Leave
from model.ranks import all_ranks
from model.runs import Run
from model.session import Session
from model.train import leave_process
from model.trainer import Trainer


def main(runs: str, data: str, *names: str) -> None:
    with all_ranks("cpu") as (ranks, device):
        for name in names:
            run = Run(Path(runs) / name)
            trainer = Trainer(run, load(run.spec.corpus, Path(data)), device, ranks)
            Session(trainer, Leave(), 0, keeps_on=False).train(False)


if __name__ == "__main__":
    main(*sys.argv[1:])
    leave_process(0)
