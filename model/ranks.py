"""The processes that train one run together: torch.distributed where torchrun started them, else this one alone."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

PATIENCE = timedelta(days=7)
"""How long a rank waits for the others: one of them may wait for room on the disk. A dead one ends all of them at once."""


class Ranks:
    """What every rank must know of the others; with one rank nothing is sent."""

    def __init__(self, number: int = 0, size: int = 1) -> None:
        self.number, self.size = number, size

    @property
    def first(self) -> bool:
        """Whether this is the rank that evaluates and writes."""
        return self.number == 0

    def sum_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace every gradient by its sum over the ranks."""
        if self.size > 1:
            gradients = [p.grad for p in parameters if p.grad is not None]
            sums = [dist.all_reduce(gradient, async_op=True) for gradient in gradients]
            for waiting in sums:
                if waiting is not None:
                    waiting.wait()

    def sum(self, values: Tensor) -> Tensor:
        """The sum of a tensor over the ranks."""
        if self.size > 1:
            dist.all_reduce(values)
        return values

    def any(self, said: bool, device: str) -> bool:
        """Whether some rank says so."""
        return said if self.size == 1 else bool(self.sum(torch.tensor(float(said), device=device)))

    def gather(self, tensor: Tensor) -> list[Tensor]:
        """A tensor of one shape from every rank, in their order."""
        if self.size == 1:
            return [tensor]
        gathered = [torch.empty_like(tensor) for _ in range(self.size)]
        dist.all_gather(gathered, tensor.contiguous())
        return gathered

    def gather_values(self, value: Any) -> list[Any]:
        """A plain value or a small tensor from every rank, in their order."""
        if self.size == 1:
            return [value]
        gathered: list[Any] = [None] * self.size
        dist.all_gather_object(gathered, value)
        return gathered

    def agree(self, value: Any) -> Any:
        """What the first rank says."""
        values = [value]
        if self.size > 1:
            dist.broadcast_object_list(values, src=0)
        return values[0]


@contextmanager
def all_ranks(device: str) -> Iterator[tuple[Ranks, str]]:
    """This process among those that torchrun started, and its device: the GPU of its own number on this machine."""
    if "LOCAL_RANK" not in os.environ:
        yield Ranks(), device
        return
    if device == "cuda":
        device = f"cuda:{os.environ['LOCAL_RANK']}"
        torch.cuda.set_device(device)
    backend = "nccl" if device != "cpu" else "gloo"
    dist.init_process_group(backend, timeout=PATIENCE, **_meeting_place())
    try:
        yield Ranks(dist.get_rank(), dist.get_world_size()), device
    finally:
        dist.destroy_process_group()


def _meeting_place() -> dict[str, Any]:
    """Where the ranks find each other, as `init_process_group` takes it.

    After a restart torchrun offers the store of the start before, in which they would find the addresses of the dead: on one
    machine every start gets a part of its own. Several machines do not count restarts alike; docs/training.md has their setting.
    """
    environ = os.environ
    if environ.get("TORCHELASTIC_USE_AGENT_STORE") != "True" or environ["GROUP_WORLD_SIZE"] != "1":
        return {}
    store = dist.TCPStore(  # type: ignore[attr-defined]
        environ["MASTER_ADDR"], int(environ["MASTER_PORT"]), is_master=False
    )
    start = f"start-{environ['TORCHELASTIC_RESTART_COUNT']}"
    own = dist.PrefixStore(start, store)  # type: ignore[attr-defined]
    return {"store": own, "rank": int(environ["RANK"]), "world_size": int(environ["WORLD_SIZE"])}
