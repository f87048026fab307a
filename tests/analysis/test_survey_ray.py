"""A survey on Ray."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from analysis.survey import SurveyError, here, on_ray, survey
from analysis.survey.examples import SPACING
from analysis.survey.on_ray import INSTALL, Worker
from analysis.survey.parts import Part
from analysis.survey.results import TABLES
from tests.small_runs import ROOT, small_checkpoint

README = ROOT / "README.md"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return small_checkpoint(tmp_path / "step-00000010")


def test_without_ray_one_line_says_so(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(SurveyError) as told:
        survey(folder, [README], tmp_path / "out", engine=on_ray())
    assert str(told.value) == INSTALL


def test_nobody_at_the_address_is_one_line(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    with pytest.raises(SurveyError, match=r"^no Ray answers at 127\.0\.0\.1:9: .*$"):
        survey(folder, [README], tmp_path / "out", engine=on_ray("127.0.0.1:9"))


def test_the_tables_are_those_of_one_process_whatever_is_killed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ray = pytest.importorskip("ray")
    survey(folder, [README], tmp_path / "here", size=4 * SPACING, engine=here)
    marker = tmp_path / "killed"

    class Dying(Worker):
        """Its process is killed at the second part, once."""

        def __call__(self, batch: dict[str, object]) -> dict[str, object]:
            if int(batch["number"][0]) == 1 and not marker.exists():  # type: ignore[index]
                marker.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return super().__call__(batch)

    monkeypatch.setattr("analysis.survey.on_ray.Worker", Dying)
    survey(folder, [README], tmp_path / "ray", size=4 * SPACING, engine=on_ray(workers=2))
    assert marker.exists() and not ray.is_initialized()
    for name in TABLES:
        tables = [pd.read_parquet(tmp_path / of / f"{name}.parquet") for of in ("here", "ray")]
        pd.testing.assert_frame_equal(*tables, check_exact=True)


def test_parts_come_in_any_order(folder: Path, tmp_path: Path) -> None:
    def backwards(
        folder: Path, device: str, sources: object, parts: dict[int, Part], tell: object
    ) -> Iterator[tuple[int, bytes]]:
        yield from list(here(folder, device, sources, parts, tell))[::-1]  # type: ignore[arg-type]

    for name, engine in (("here", here), ("backwards", backwards)):
        survey(folder, [README], tmp_path / name, size=4 * SPACING, engine=engine)  # type: ignore[arg-type]
    for name in TABLES:
        tables = [
            pd.read_parquet(tmp_path / of / f"{name}.parquet") for of in ("here", "backwards")
        ]
        pd.testing.assert_frame_equal(*tables, check_exact=True)
