"""What the clients ask for, and what they got."""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Literal

from tests.load.client import Client, Dropped, Refused, request

Kind = Literal["spans", "statistics", "analyses", "maps"]
SHARES: dict[Kind, float] = {"spans": 0.7, "statistics": 0.1, "analyses": 0.1, "maps": 0.1}
MODEL_KINDS: tuple[Kind, ...] = ("analyses", "maps")
MODEL_SHARE = sum(SHARES[kind] for kind in MODEL_KINDS)
CHARACTERS = 500, 5_000


class Questions:
    """Requests about one checkpoint; hardly a text comes twice, so that nothing kept of one answers another."""

    def __init__(self, checkpoint: str, layers: int, heads: int) -> None:
        self.path = f"/api/v1/checkpoints/{checkpoint}"
        self.layers, self.heads = layers, heads
        self.chance = random.Random(0)
        library = sorted(Path(os.__file__).parent.glob("*.py"))
        self.library = "".join(file.read_text(encoding="utf-8") for file in library)

    def _text(self) -> str:
        """A piece of Python's own library, which every machine has."""
        start = self.chance.randrange(len(self.library) - CHARACTERS[1])
        return self.library[start : start + self.chance.randint(*CHARACTERS)]

    def any(self) -> tuple[Kind, bytes]:
        (kind,) = self.chance.choices(list(SHARES), list(SHARES.values()))
        return kind, self.of(kind)

    def of(self, kind: Kind) -> bytes:
        if kind == "analyses":
            return request("POST", f"{self.path}/analyses", {"text": self._text()})
        if kind == "maps":
            layer, head = self.chance.randrange(self.layers), self.chance.randrange(self.heads)
            body = {"text": self._text(), "heads": [{"layer": layer, "head": head}]}
            return request("POST", f"{self.path}/attention", {**body, "form": "display", "pool": 4})
        return request("GET", f"{self.path}/{kind}")


class Record:
    """How requests ended, by kind."""

    def __init__(self) -> None:
        self.outcomes: defaultdict[Kind, Counter[str]] = defaultdict(Counter)
        self.seconds: defaultdict[Kind, list[float]] = defaultdict(list)
        """Of those that were answered with 200."""
        self.late: list[float] = []
        """How much later than meant requests were sent: the load's own doing."""

    async def ask(self, client: Client, kind: Kind, sent: bytes, due: float) -> str:
        """Send a request that was due at a time of the loop's clock; the status, `refused` or `dropped`."""
        clock = asyncio.get_running_loop().time
        self.late.append(clock() - due)
        try:
            outcome = str((await client.send(sent)).status)
        except Refused:
            outcome = "refused"
        except Dropped:
            outcome = "dropped"
        if outcome == "200":
            self.seconds[kind].append(clock() - due)
        self.outcomes[kind][outcome] += 1
        return outcome

    def count(self, *beginnings: str) -> int:
        """Of outcomes that begin so."""
        counts = (item for counter in self.outcomes.values() for item in counter.items())
        return sum(number for outcome, number in counts if outcome.startswith(beginnings))


def percentile(values: list[float], share: int) -> float:
    """Of two values or more, else NaN."""
    return statistics.quantiles(values, n=100)[share - 1] if len(values) > 1 else float("nan")


async def closed_loop(
    port: int, questions: Questions, kinds: tuple[Kind, ...], connections: int, seconds: float
) -> Record:
    """Each connection asks again as soon as it has its answer."""
    record = Record()
    clock = asyncio.get_running_loop().time
    end = clock() + seconds

    async def client(number: int) -> None:
        client = Client(port)
        while clock() < end:
            kind = kinds[number % len(kinds)]
            number += 1
            await record.ask(client, kind, questions.of(kind), clock())
        client.close()

    await asyncio.gather(*map(client, range(connections)))
    return record


class OpenLoop:
    """Clients who ask when they want to, whether the service keeps up or not: `rate` requests a second all together."""

    def __init__(self, port: int, questions: Questions, clients: int, rate: float) -> None:
        self.record = Record()
        self.questions = questions
        self.clients = [Client(port) for _ in range(clients)]
        self.mean_pause = clients / rate
        self.asking = set[asyncio.Task[str]]()
        self.started = time.process_time(), time.monotonic()
        self.tasks = [asyncio.create_task(self._client(client)) for client in self.clients]

    async def _client(self, client: Client) -> None:
        clock = asyncio.get_running_loop().time
        due = clock()
        while True:
            due += self.questions.chance.expovariate(1 / self.mean_pause)
            await asyncio.sleep(max(0, due - clock()))
            task = asyncio.create_task(self.record.ask(client, *self.questions.any(), due))
            self.asking.add(task)
            task.add_done_callback(self.asking.discard)

    async def stop(self) -> Record:
        """Ask nothing more, and wait for what is still to be answered."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.asking)
        for client in self.clients:
            client.close()
        processor, wall = self.started
        self.own_cost = (time.process_time() - processor) / (time.monotonic() - wall)
        return self.record
