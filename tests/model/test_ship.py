"""What goes on the shelf is whole: a run that is not leaves nothing there."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.runs import Run, RunError
from model.ship import ship
from model.train import train
from tests.small_runs import SPEC, prepared_corpus, small_checkpoint


def test_a_run_is_shipped_once_and_only_when_it_was_measured(tmp_path: Path) -> None:
    data, shelf = prepared_corpus(tmp_path / "data"), tmp_path / "shelf"
    run = Run.create(tmp_path / "runs", "small", SPEC)
    with pytest.raises(RunError, match="8 steps were asked for"):
        ship(run, shelf=shelf, data=data)
    small_checkpoint(run.checkpoint(8))
    with pytest.raises(RunError, match="not been measured on all of valid"):
        ship(run, shelf=shelf, data=data)
    assert not shelf.exists()
    trained = Run.create(tmp_path / "runs", "trained", SPEC)
    assert train(trained, data=data)
    shipped = ship(trained, "A note.", shelf, data)
    assert shipped.metrics() == trained.metrics()
    assert "A note." in (shipped.folder / "README.md").read_text(encoding="utf-8")
    with pytest.raises(RunError, match="on the shelf already"):
        ship(trained, shelf=shelf, data=data)
