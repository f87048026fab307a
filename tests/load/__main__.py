"""`make load`: a service under twice what its model can compute, told to end, killed. Prints a table beside the bars.

Exits with 1 where a bar is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import statistics
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import uvloop

from backend.catalogue import Catalogue
from backend.settings import SHELF
from model import checkpoint
from tests.load.client import Answer, Client, Dropped, Refused, request
from tests.load.mix import MODEL_KINDS, MODEL_SHARE, OpenLoop, Questions, closed_loop, percentile
from tests.serving import Service, serving

LOOK_EVERY_SECONDS = 5
CLIENTS = 200
OVERLOAD = 2
"""Times what the model can compute."""
MEASURED_SECONDS = 10
"""For what is measured in a closed loop, and of load before a signal."""


class Table:
    def __init__(self) -> None:
        self.missed = False
        print("| what | measured | bar | |\n| --- | ---: | ---: | --- |", flush=True)

    def row(self, what: str, value: object, bar: str = "", held: bool = True) -> None:
        self.missed |= not held
        verdict = "" if not bar else "held" if held else "**missed**"
        print(f"| {what} | {value} | {bar} | {verdict} |", flush=True)


async def ask(service: Service, method: str, path: str, body: object = None) -> Answer:
    client = Client(service.port)
    try:
        return await client.send(request(method, path, body))
    finally:
        client.close()


async def ready(service: Service) -> None:
    while (await ask(service, "GET", "/readyz")).status != 200:
        await asyncio.sleep(0.02)


async def questions_for(service: Service) -> Questions:
    await ready(service)
    item: Any = (await ask(service, "GET", "/api/v1/checkpoints")).json()["items"][0]
    return Questions(item["id"], item["layers"], item["heads"])


async def capacity(table: Table, service: Service, questions: Questions) -> float:
    """Analyses and maps a second, as many of one as of the other."""
    record = await closed_loop(service.port, questions, MODEL_KINDS, 2, MEASURED_SECONDS)
    rate = record.count("200") / MEASURED_SECONDS
    table.row("analyses and maps that the model computes, a second", f"{rate:.1f}")
    return rate


async def overloaded(
    table: Table, service: Service, questions: Questions, rate: float, minutes: float
) -> None:
    load = OpenLoop(service.port, questions, CLIENTS, rate)
    resident = list[int]()
    for _ in range(round(minutes * 60 / LOOK_EVERY_SECONDS)):
        await asyncio.sleep(LOOK_EVERY_SECONDS)
        resident.append(service.resident_bytes)
    record = await load.stop()
    table.row(f"requests a second of {CLIENTS} clients", f"{rate:.0f}")
    for kind, outcomes in sorted(record.outcomes.items()):
        told = ", ".join(f"{count} x {outcome}" for outcome, count in outcomes.most_common())
        table.row(f"{kind}: how they ended", told)
        milliseconds = [1000 * percentile(record.seconds[kind], share) for share in (50, 95, 99)]
        told = " / ".join(f"{value:.0f}" for value in milliseconds)
        bar = "p99 < 100" if kind == "spans" else ""
        table.row(f"{kind}: p50 / p95 / p99, ms", told, bar, not bar or milliseconds[-1] < 100)
    failed, lost = record.count("5"), record.count("refused", "dropped")
    table.row("5xx", failed, "0", failed == 0)
    table.row("refused or dropped", lost, "0", lost == 0)
    table.row("the load's own: share of a core", f"{load.own_cost:.0%}")
    table.row(
        "the load's own: p99 of sending late, ms", f"{1000 * percentile(record.late, 99):.1f}"
    )
    a_minute = 60 // LOOK_EVERY_SECONDS
    if len(resident) >= 2 * a_minute:
        first, last = (
            statistics.fmean(part) for part in (resident[:a_minute], resident[-a_minute:])
        )
        what = "resident MiB, minute one and the last"
        told = f"{first / 2**20:.0f}, {last / 2**20:.0f} ({last / first - 1:+.1%})"
        table.row(what, told, "within 10%", abs(last / first - 1) <= 0.1)
    table.row("resident MiB, at most", f"{max(resident) / 2**20:.0f}")


async def spans_alone(table: Table, service: Service, questions: Questions) -> None:
    cost = time.process_time()
    record = await closed_loop(service.port, questions, ("spans",), 16, MEASURED_SECONDS)
    cost = (time.process_time() - cost) / MEASURED_SECONDS
    rate = record.count("200") / MEASURED_SECONDS
    table.row("GET spans alone, a second", f"{rate:.0f}", ">= 1,000", rate >= 1000)
    table.row("the load's own meanwhile: share of a core", f"{cost:.0%}")


async def ended(table: Table, service: Service, questions: Questions, rate: float) -> None:
    load = OpenLoop(service.port, questions, CLIENTS, rate)
    await asyncio.sleep(MEASURED_SECONDS)
    before, told = load.record.count("2", "4"), time.monotonic()
    service.process.send_signal(signal.SIGTERM)
    await asyncio.to_thread(service.process.wait)
    seconds = time.monotonic() - told
    record = await load.stop()
    table.row("answered after SIGTERM", record.count("2", "4") - before)
    table.row("dropped by SIGTERM", record.count("dropped"), "0", record.count("dropped") == 0)
    table.row("5xx by SIGTERM", record.count("5"), "0", record.count("5") == 0)
    table.row("seconds from SIGTERM to the end", f"{seconds:.1f}")


class Writer:
    """Has a run written again and again, and knows what it was promised."""

    def __init__(self, service: Service) -> None:
        self.service, self.promised = service, -1

    async def work(self) -> None:
        await ask(self.service, "POST", "/api/v1/runs", {"name": "load", "preset": "quick"})
        with suppress(Dropped, Refused):
            while True:
                body = {"note": str(self.promised + 1)}
                answer = await ask(self.service, "PATCH", "/api/v1/runs/load", body)
                self.promised += answer.status == 200

    async def kept(self, service: Service) -> bool:
        run = (await ask(service, "GET", "/api/v1/runs/load")).json()
        return bool(run["state"] == "queued" and int(run["note"]) >= self.promised >= 0)


async def killed(
    table: Table, folder: Path, service: Service, questions: Questions, rate: float
) -> None:
    load, writer = OpenLoop(service.port, questions, CLIENTS, rate), Writer(service)
    writing = asyncio.create_task(writer.work())
    await asyncio.sleep(MEASURED_SECONDS)
    service.process.kill()
    await asyncio.gather(writing, load.stop())
    started_at = time.monotonic()
    with serving(folder / "runs", folder) as again:
        await ready(again)
        seconds = time.monotonic() - started_at
        table.row("seconds from SIGKILL to ready again", f"{seconds:.1f}", "8", seconds <= 8)
        kept = await writer.kept(again)
        told = f"{writer.promised + 1} writes kept" if kept else "lost or damaged"
        table.row("a run that was being written", told, "kept", kept)
    entries = Catalogue([folder / "runs", SHELF]).entries()
    steps = sum(len(run.steps()) for run in Catalogue([folder / "runs", SHELF]).runs())
    for entry in entries:
        checkpoint.load(entry.folder)
    told = f"{len(entries)} of {steps} load"
    table.row("checkpoints on disk", told, "all", 0 < len(entries) == steps)


async def main(minutes: float) -> bool:
    """Whether every bar held."""
    table = Table()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with serving(folder / "runs", folder) as service:
            questions = await questions_for(service)
            computed = await capacity(table, service, questions)
            rate = OVERLOAD * computed / MODEL_SHARE
            await spans_alone(table, service, questions)
            await overloaded(table, service, questions, rate, minutes)
            await ended(table, service, questions, rate)
        with serving(folder / "runs", folder) as service:
            await ready(service)
            await killed(table, folder, service, questions, rate)
        complaints = (folder / "service.log").read_text().count("Traceback")
        table.row("tracebacks in the service's log", complaints, "0", complaints == 0)
    return not table.missed


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "--minutes", type=float, default=1, help="of the overload; 5 for its memory"
    )
    sys.exit(not uvloop.run(main(parser.parse_args().minutes)))
