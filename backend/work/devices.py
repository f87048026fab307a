"""What a device holds: the models used last, and what they remember of texts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from torch import nn

from analysis.what_if import Cut
from backend.catalogue import Entry
from backend.settings import Settings
from backend.work.bounded import Bounded
from backend.work.prefixes import Prefixes, PrefixesOfModel
from model.checkpoint import load
from model.transformer import Transformer


class Unwanted(RuntimeError):
    """Nobody waits any more for what is being computed."""


class Device:
    """A CPU or a GPU. But for what it tells of itself, only its own thread may touch it.

    Models are unloaded by use where they have too many bytes (parameters and buffers), after the next one was loaded:
    one that is damaged costs nobody theirs.
    """

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.prefixes = Prefixes(settings.max_prefix_bytes)
        self.models = Bounded[Entry, Transformer](settings.max_model_bytes, _bytes)
        self._dtype = settings.torch_dtype
        self._wanted: Callable[[], bool] | None = None

    def loaded(self, entry: Entry) -> Loaded:
        """A checkpoint's model, ready to read. Raises CheckpointError."""
        net = self.models.get(entry)
        if net is None:
            net = load(entry.folder, self.name, self._dtype)
            for layer in net.layers:
                layer.register_forward_pre_hook(self._go_on)
            self.models.put(entry, net)
        return Loaded(self, entry, net)

    @contextmanager
    def working(self, wanted: Callable[[], bool]) -> Iterator[None]:
        """Ask before every layer of every block whether it is still wanted. Raises Unwanted where it is not."""
        self._wanted = wanted
        try:
            yield
        finally:
            self._wanted = None

    def _go_on(self, *_: object) -> None:
        if self._wanted and not self._wanted():
            raise Unwanted


@dataclass(frozen=True)
class Loaded:
    """A checkpoint's model on a device."""

    device: Device
    entry: Entry
    net: Transformer

    def pasts(self, cuts: Iterable[Cut] = ()) -> PrefixesOfModel:
        """What it remembers of texts read with these heads cut."""
        return self.device.prefixes.of(self.entry, cuts)


def _bytes(net: nn.Module) -> int:
    return sum(tensor.nbytes for tensor in [*net.parameters(), *net.buffers()])
