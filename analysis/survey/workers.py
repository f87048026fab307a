"""The engine that reads parts in workers of Ray, on this machine or on a cluster: `pip install 'spanscope[ray]'`."""

from __future__ import annotations

import multiprocessing
import os
import secrets
import signal
import socket
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import shorten
from threading import Thread
from typing import Any, NamedTuple

import numpy as np
import torch

from analysis.survey.parts import Part, Reader
from analysis.survey.run import Engine, Tell
from analysis.survey.sources import Source, SurveyError
from model import checkpoint

INSTALL = "Ray is not installed: pip install 'spanscope[ray]'"
OWN = "local"
ANSWER_SECONDS = 5
OWN_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # listens on 127.0.0.1 alone, as on those systems
    "RAY_AUTH_MODE": "token",
    "RAY_process_group_cleanup_enabled": "0",  # workers stay in the group that is ended
}
CLUSTER_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_NUM_REDIS_GET_RETRIES": "1",
    "RAY_py_gcs_connect_timeout_s": str(ANSWER_SECONDS),
}
SPAWN = multiprocessing.get_context("spawn")


class Task(NamedTuple):
    """What is to be read, and where."""

    folder: Path
    device: str
    sources: list[Source]
    parts: dict[int, Part]
    address: str
    workers: int | None


def on_ray(address: str | None = None, workers: int | None = None) -> Engine:
    """Read on a cluster's address, or on a Ray of its own on this machine, with so many workers: default one a GPU, or a CPU.

    The address is `auto` or `HOST:PORT`, on a machine of the cluster; default: RAY_ADDRESS, or `local`, a Ray of its own. The checkpoint and the sources must lie at the same paths where the workers are. One that is
    killed is started anew and reads its part again. The engine raises SurveyError where Ray is not installed, cannot be
    reached or ends, and leaves no process behind.
    """

    def engine(
        folder: Path, device: str, sources: Sequence[Source], parts: Mapping[int, Part], tell: Tell
    ) -> Generator[tuple[int, bytes], None, None]:
        if find_spec("ray") is None:
            raise SurveyError(INSTALL)
        where = address or os.environ.get("RAY_ADDRESS") or OWN
        _require_answer(where)
        task = Task(folder.resolve(), device, list(sources), dict(parts), where, workers)
        results, end = SPAWN.Pipe(duplex=False)
        # in /tmp, since the paths of sockets must be short
        session = TemporaryDirectory(
            prefix="spanscope-ray-", dir="/tmp", ignore_cleanup_errors=True
        )
        with results, session:
            driver = SPAWN.Process(target=_drive, args=(task, session.name, end))
            driver.start()
            end.close()
            try:
                for number, content in _received(results):
                    yield number, content
                    tell(parts[number].stop - parts[number].first)
            finally:
                _kill(driver)

    return engine


def _require_answer(address: str) -> None:
    """Raises SurveyError where nobody listens: Ray itself would try for minutes."""
    if address in (OWN, "auto"):
        return
    host, _, port = address.rpartition(":")
    if "//" in host or not host or not port.isdigit():
        raise SurveyError(
            f"{address} is no address that Ray Data takes: HOST:PORT or auto, on a machine of the cluster"
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), ANSWER_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise SurveyError(f"no Ray answers at {address}: {_reason(error)}") from error


def _received(results: Connection) -> Iterator[tuple[int, bytes]]:
    """What the driver sends, up to None. Raises SurveyError."""
    while True:
        try:
            result = results.recv()
        except EOFError:
            raise SurveyError("Ray ended before its time; run it again to go on") from None
        if result is None:
            return
        if isinstance(result, SurveyError):
            raise result
        yield result


def _kill(driver: BaseProcess) -> None:
    """End what leads Ray, and all that it started here."""
    assert driver.pid
    with suppress(ProcessLookupError):
        os.killpg(driver.pid, signal.SIGKILL)
    driver.kill()
    driver.join()


def _drive(task: Task, session: str, results: Connection) -> None:
    """Lead Ray, in a process of its own: where Ray loses its servers it ends the process that called it, without a word."""
    os.setsid()
    Thread(target=_end_with_parent, daemon=True).start()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    try:
        ray = _connected(task, session)
        for row in _rows(ray, task):
            results.send((int(row["number"]), row["content"]))
        ray.shutdown()
        results.send(None)
    except SurveyError as error:
        results.send(error)
    except Exception as error:
        results.send(SurveyError(f"Ray gave up: {_reason(error)}; run it again to go on"))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent
    parent.join()
    os.killpg(0, signal.SIGKILL)


def _connected(task: Task, session: str) -> Any:
    """The module, connected. Raises SurveyError."""
    own = task.address == OWN
    for name, value in (OWN_SETTINGS if own else CLUSTER_SETTINGS).items():
        os.environ.setdefault(name, value)
    if own:
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)  # or Ray keeps one in the home folder
    import ray
    import ray.data

    options = {"num_cpus": task.workers, "include_dashboard": False, "_temp_dir": session}
    try:
        ray.init(task.address, log_to_driver=False, **(options if own else {}))
    except Exception as error:
        where = "this machine" if own else task.address
        raise SurveyError(f"no Ray answers at {where}: {_reason(error)}") from error
    ray.data.DataContext.get_current().enable_progress_bars = False
    return ray


def _rows(ray: Any, task: Task) -> Iterator[dict[str, Any]]:
    """A row a part as it was read: its number and its file's content. Raises SurveyError."""
    unit = "GPU" if task.device.startswith("cuda") else "CPU"
    there = int(ray.cluster_resources().get(unit, 0))
    if not there:
        raise SurveyError(f"Ray has no {unit} at {task.address}: give another --device")
    items = [{"number": number, **part._asdict()} for number, part in task.parts.items()]
    read = ray.data.from_items(items, override_num_blocks=len(items)).map_batches(
        Worker,
        fn_constructor_args=(task.folder, task.device, task.sources),
        batch_size=1,
        compute=ray.data.ActorPoolStrategy(size=min(task.workers or there, there, len(items))),
        **{f"num_{unit.lower()}s": 1},
    )
    rows: Iterator[dict[str, Any]] = read.iter_rows()
    return rows


def _reason(error: Exception) -> str:
    """An error in a line: those of Ray end with the cause."""
    lines = str(getattr(error, "strerror", None) or error).strip().splitlines()
    return shorten(lines[-1] if lines else type(error).__name__, 300)


class Worker:
    """Holds the model, and reads the parts that come."""

    def __init__(self, folder: Path, device: str, sources: list[Source]) -> None:
        torch.set_num_threads(1)
        self.reader = Reader(checkpoint.load(folder, device), sources)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Columns number, source, first and stop to columns number and content."""
        content = np.empty(len(batch["number"]), object)  # an array of bytes would drop zeros
        places = zip(batch["source"], batch["first"], batch["stop"], strict=True)
        for row, place in enumerate(places):
            content[row] = self.reader.read(Part(*map(int, place)))
        return {"number": batch["number"], "content": content}
