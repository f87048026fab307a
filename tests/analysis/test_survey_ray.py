"""A survey on Ray."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

import pandas as pd
import pytest

from analysis.survey import SurveyError, here, on_ray, survey
from analysis.survey.examples import SPACING
from analysis.survey.parts import Part, Reader
from analysis.survey.results import TABLES
from analysis.survey.run import Tell
from analysis.survey.sources import Source
from analysis.survey.work import Work
from analysis.survey.workers import INSTALL, Task
from model import checkpoint
from tests.small_runs import ROOT, small_checkpoint

README = ROOT / "README.md"
DOCS = sorted((ROOT / "docs").glob("*.md"))
SIZE = 4 * SPACING


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return small_checkpoint(tmp_path / "step-00000010")


def processes(name: str = "") -> list[int]:
    """Those that this one's children lead, by the beginning of what they are called."""
    listed = subprocess.run(
        ["ps", "-eo", "pid,ppid,pgid,stat,args"], capture_output=True, text=True, check=True
    )
    rows = [line.split(None, 4) for line in listed.stdout.splitlines()[1:]]
    led = {pid for pid, parent, group, *_ in rows if parent == str(os.getpid()) and pid == group}
    return [
        int(pid)
        for pid, _, group, state, command in rows
        if group in led and state[0] != "Z" and command.startswith(name)
    ]


def require_same_tables(one: Path, other: Path) -> None:
    for name in TABLES:
        tables = [pd.read_parquet(folder / f"{name}.parquet") for folder in (one, other)]
        pd.testing.assert_frame_equal(*tables, check_exact=True)


def test_without_ray_one_line_says_so(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(SurveyError) as told:
        survey(folder, [README], tmp_path / "out", engine=on_ray())
    assert str(told.value) == INSTALL


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("127.0.0.1:{closed}", "no Ray answers at {address}: Connection refused"),
        ("ray://127.0.0.1:{closed}", "{address} is no address that Ray Data takes: HOST:PORT or "),
        ("somewhere", "{address} is no address that Ray Data takes: HOST:PORT or "),
    ],
)
def test_nobody_at_the_address_is_one_line(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    message: str,
) -> None:
    monkeypatch.setattr("analysis.survey.workers.find_spec", lambda name: name)
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        address = address.format(closed=bound.getsockname()[1])
        with pytest.raises(SurveyError) as told:
            survey(folder, [README], tmp_path / "out", engine=on_ray(address))
    assert str(told.value).startswith(message.format(address=address))


def test_a_killed_worker_costs_no_result(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="needs Ray: pip install 'spanscope[ray]'")
    killed: list[int] = []

    def killing(
        folder: Path, device: str, sources: Sequence[Source], parts: Mapping[int, Part], tell: Tell
    ) -> Generator[tuple[int, bytes], None, None]:
        for result in on_ray("local", workers=2)(folder, device, sources, parts, tell):
            yield result
            if not killed:
                killed.append(processes("ray::MapWorker")[0])
                os.kill(killed[0], signal.SIGKILL)

    survey(folder, DOCS, tmp_path / "here", size=SIZE, engine=here)
    survey(folder, DOCS, tmp_path / "ray", size=SIZE, engine=killing)
    require_same_tables(tmp_path / "here", tmp_path / "ray")
    assert killed and not processes()


def lost(task: Task, session: str, results: Connection) -> None:
    """Ends as Ray ends the process that called it when it loses its servers."""
    number, part = next(iter(task.parts.items()))
    results.send((number, Reader(checkpoint.load(task.folder), task.sources).read(part)))
    os._exit(1)


def test_a_ray_that_ends_leaves_what_was_read(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analysis.survey.workers.find_spec", lambda name: name)
    monkeypatch.setattr("analysis.survey.workers._drive", lost)
    out = tmp_path / "out"
    with pytest.raises(SurveyError, match=r"^Ray ended before its time; run it again to go on$"):
        survey(folder, [README], out, size=SIZE, engine=on_ray("local"))
    assert Work(out).numbers() == [0] and not processes()
    survey(folder, [README], out, size=SIZE, engine=here)
    assert not Work(out).folder.exists()


def test_parts_come_in_any_order(folder: Path, tmp_path: Path) -> None:
    def backwards(
        folder: Path, device: str, sources: Sequence[Source], parts: Mapping[int, Part], tell: Tell
    ) -> Generator[tuple[int, bytes], None, None]:
        yield from list(here(folder, device, sources, parts, tell))[::-1]

    survey(folder, [README], tmp_path / "here", size=SIZE, engine=here)
    survey(folder, [README], tmp_path / "backwards", size=SIZE, engine=backwards)
    require_same_tables(tmp_path / "here", tmp_path / "backwards")
