"""Checkpoints of the paper's own code (facebookresearch/adaptive-span), made ours."""

from __future__ import annotations

import json
import math
import re
import sys
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from pickle import UnpicklingError
from typing import IO, Any

import torch
from torch import Tensor

from model import checkpoint
from model.alphabets import byte_name
from model.checkpoint import CheckpointError
from model.config import ModelConfig, RunSpec, TrainingConfig
from model.corpora import CorpusError
from model.files import whole_folder
from model.runs import NAME, Run, RunError
from model.transformer import Transformer

NAMES = {
    "embedding.weight": "in_emb.weight",
    "position": "key_pe",
    "logits.weight": "out_emb.weight",
    "logits.bias": "out_emb.bias",
    "attention.query.weight": "attn.proj_query.weight",
    "attention.key.weight": "attn.proj_key.weight",
    "attention.value.weight": "attn.proj_val.weight",
    "attention.out.weight": "attn.proj_out.weight",
    "attention.span.theta": "attn.attn.adaptive_span._mask.current_val",
    "inner.weight": "ff.fc1.weight",
    "inner.bias": "ff.fc1.bias",
    "outer.weight": "ff.fc2.weight",
    "outer.bias": "ff.fc2.bias",
}
"""Our names of parameters and the original's, where they differ; `layers.N.` stands before both."""

MASK_TEMPLATE = "attn.attn.adaptive_span._mask.mask_template"
CURVES = {
    "train_bpc": "train_bpc",
    "bpc": "val_bpc",
    "span_avg": "span_avg",
    "span_max": "span_max",
}
"""Our names of a run's metrics and the original's."""

CHUNK = 1 << 20
TRAINING_BYTES = 90_000_000
LINE_END = {b"\n": 10}
TEXT8_WORDS = (
    LINE_END | {b"_": 32} | {bytes([byte]): byte for byte in b"abcdefghijklmnopqrstuvwxyz"}
)
ENWIK8_WORDS = LINE_END | {b"%d" % byte: byte for byte in range(256) if byte != 10}
TEXT8_BYTES = set(TEXT8_WORDS.values())
CORPORA = {("characters", 28): "text8", ("bytes", 205): "enwik8"}
"""What the original was trained on, by unit and number of symbols."""


@dataclass(frozen=True)
class Original:
    """What a checkpoint of the original code holds: the sizes, the weights by our names, a line an evaluation."""

    config: ModelConfig
    weights: dict[str, Tensor]
    metrics: list[dict[str, Any]]


def import_run(
    file: Path, output: Path, block: int = 512, ramp: int = 32, corpus: Path | None = None
) -> Run:
    """Make a run of a checkpoint of the original code: its curves, and one checkpoint.

    The file does not tell `block`, how many tokens were read at once, and `ramp` (tokens). `corpus` is what the model
    was trained on, as `training_symbols` takes it; without it the alphabet stays unknown. Raises CheckpointError for
    the file, CorpusError for the corpus, RunError for the output, ConfigError for block and ramp; then there is no
    output.
    """
    if not NAME.fullmatch(output.name):
        raise RunError(
            f"{output.name!r} is no name of a run: up to 63 of a-z, 0-9 and -, not starting with -"
        )
    if output.exists():
        raise RunError(f"{output} exists: choose another folder")
    original = read_original(file, ramp, training_symbols(corpus) if corpus else ())
    config, last = original.config, original.metrics[-1]
    spec = RunSpec(
        config,
        TrainingConfig(steps=last["step"], block=block),
        corpus=CORPORA.get((config.unit, config.symbols), "unknown"),
        imported=True,
    )
    summary = {
        # the original evaluates on some batches of valid that go on where the last ones ended, never on all of it
        "bpc": {"part": last.get("bpc"), "valid": None, "test": None},
        "tokens": None,
        "seconds": None,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    with torch.device("meta"):
        net = Transformer(config)
    net.load_state_dict(original.weights, assign=True)
    metrics = "".join(json.dumps(line) + "\n" for line in original.metrics)
    try:
        with whole_folder(output) as new:
            (new / "run.json").write_text(json.dumps(spec.to_dict(), indent=1) + "\n", "utf-8")
            (new / "metrics.jsonl").write_text(metrics, "utf-8")
            checkpoint.save(Run(new).checkpoint(last["step"]), net, spec, last["step"], summary)
    except OSError as error:
        raise RunError(f"{output} cannot be written: {error}") from error
    return Run(output)


def read_original(file: Path, ramp: int = 32, symbols: tuple[str, ...] = ()) -> Original:
    """Read a checkpoint of the original code; nothing that it holds is run.

    `symbols` are those of its alphabet, in their order. Raises CheckpointError for a file that would run code, that
    lacks something, or whose shapes do not fit each other; CorpusError where the symbols are not as many as its own.
    """
    try:
        values = _load(file)
        model = _part(values, "model")
        state = {str(name).removeprefix("module."): value for name, value in model.items()}
        config = _config(state, ramp, symbols)
        return Original(config, _weights(state, config), _metrics(_part(values, "logger")))
    except CheckpointError as error:
        raise CheckpointError(f"{file} cannot be imported: {error}") from error


def _load(file: Path) -> Any:
    try:
        with warnings.catch_warnings(action="ignore"):  # it warns of what it then refuses
            # mapped, so that the optimizer's state, which nobody asks for, is not read
            return torch.load(file, "cpu", weights_only=True, mmap=zipfile.is_zipfile(file))
    except UnpicklingError as error:
        call = re.search(r"GLOBAL (\S+)", str(error))
        found = f"calls {call[1]}" if call else "PyTorch did not write"
        raise CheckpointError(
            f"it holds something that {found}; only tensors and plain values are read, and nothing was run"
        ) from error
    except Exception as error:  # a damaged file fails in any way
        reason = str(error).strip().split("\n")[0] or "it ends too early"
        raise CheckpointError(reason) from error


def _part(values: Any, name: str) -> dict[str, Any]:
    part = values.get(name) if isinstance(values, dict) else None
    if not isinstance(part, dict):
        raise CheckpointError(f"it holds no {name!r}, which the original code writes")
    return part


def _tensor(state: dict[str, Any], name: str, dimensions: int) -> Tensor:
    tensor = state.get(name)
    if not isinstance(tensor, Tensor):
        raise CheckpointError(f"the model lacks {name}")
    if tensor.dim() != dimensions or not tensor.numel() or not tensor.is_floating_point():
        raise CheckpointError(
            f"{name} is {tensor.dtype} of shape {tuple(tensor.shape)}; "
            f"it must be of {dimensions} dimensions and floating-point"
        )
    return tensor.float()


def _config(state: dict[str, Any], ramp: int, symbols: tuple[str, ...]) -> ModelConfig:
    vocabulary, hidden = _tensor(state, "in_emb.weight", 2).shape
    _, head_dim, limit = _tensor(state, "key_pe", 3).shape
    numbers = {int(found[1]) for name in state if (found := re.match(r"layers\.(\d+)\.", name))}
    if numbers != set(range(max(1, len(numbers)))):
        raise CheckpointError(f"the model has layers {sorted(numbers)}, not 0, 1, 2 and so on")
    adaptive = any("adaptive_span" in name for name in state)
    theta = f"layers.0.{NAMES['attention.span.theta']}"
    heads = len(_tensor(state, theta, 3)) if adaptive else max(1, hidden // head_dim)
    if heads * head_dim != hidden:
        raise CheckpointError(
            f"{heads} heads of {head_dim} dimensions (key_pe) do not make {hidden} (in_emb.weight)"
        )
    if symbols and len(symbols) != vocabulary:
        raise CorpusError(
            f"the corpus has {len(symbols)} symbols, the end of a line among them, and the model {vocabulary}: "
            "give the one that the model was trained on"
        )
    return ModelConfig(
        variant="adaptive" if adaptive else "fixed",
        layers=len(numbers),
        heads=heads,
        hidden=hidden,
        inner=_tensor(state, "layers.0.ff.fc1.weight", 2).shape[0],
        span_limit=limit,
        ramp=ramp,
        alphabet="table" if symbols else "unknown",
        table=symbols,
        vocabulary=0 if symbols else vocabulary,
    )


def _weights(state: dict[str, Any], config: ModelConfig) -> dict[str, Tensor]:
    with torch.device("meta"):
        ours = {name: tuple(t.shape) for name, t in Transformer(config).state_dict().items()}
    theirs = {name: _their_name(name) for name in ours}
    templates = {f"layers.{number}.{MASK_TEMPLATE}" for number in range(config.layers)}
    if strange := sorted(state.keys() - {*theirs.values(), *templates}):
        raise CheckpointError(f"the model holds {strange[0]}, which is not of the paper's models")
    weights = {}
    for name, shape in ours.items():
        theta, position = name.endswith(".theta"), name == "position"
        wanted = (*shape, 1, 1) if theta else (1, *shape) if position else shape
        tensor = _tensor(state, theirs[name], len(wanted))
        if tensor.shape != wanted:
            raise CheckpointError(
                f"{theirs[name]} is of shape {tuple(tensor.shape)}; it must be {wanted}"
            )
        if theta and not bool(((tensor >= 0) & (tensor <= 1)).all()):
            raise CheckpointError(f"{theirs[name]} is not all in [0, 1]")
        # our first column is the nearest distance, the original's its last
        weights[name] = tensor[0].flip(-1) if position else tensor.reshape(shape)
    return weights


def _their_name(name: str) -> str:
    own = re.sub(r"layers\.\d+\.", "", name)
    return name.removesuffix(own) + NAMES.get(own, own)


def _metrics(logger: dict[str, Any]) -> list[dict[str, Any]]:
    steps = logger.get("step")
    if not isinstance(steps, list) or not steps:
        raise CheckpointError("its logger has no steps")
    if not all(type(step) is int and 0 < step < 10**8 for step in steps):
        raise CheckpointError("its logger's steps are not all whole numbers from 1 to 99,999,999")
    curves = {ours: logger[theirs] for ours, theirs in CURVES.items() if theirs in logger}
    for name, curve in curves.items():
        numbers = isinstance(curve, list) and all(isinstance(x, int | float) for x in curve)
        if not numbers or len(curve) != len(steps):
            raise CheckpointError(
                f"its logger's {CURVES[name]} is no list of {len(steps)} numbers, one a step"
            )
    return [
        {"step": step, **{name: _finite(curve[i]) for name, curve in curves.items()}}
        for i, step in enumerate(steps)
    ]


def _finite(number: float) -> float | None:
    return float(number) if math.isfinite(number) else None


def training_symbols(corpus: Path) -> tuple[str, ...]:
    """The symbols of an alphabet `table` in the original's order: that of their first appearance in training.

    The corpus is text8 or enwik8, zipped or plain, of which the first 90,000,000 bytes are for training; or the
    training file that the original makes of it, one symbol a word: for text8 letters and `_` for a space, for enwik8
    decimal byte values and a line's end for a newline. The end of a line is a symbol, and the last line has one, too;
    in the table it is a newline. Raises CorpusError.
    """
    try:
        with _opened(corpus) as file:
            head = file.read(CHUNK)
            words = set(head.split())
            if not words:
                raise CorpusError(f"{corpus} is empty")
            spelling = next((s for s in (TEXT8_WORDS, ENWIK8_WORDS) if words <= s.keys()), None)
            if spelling:
                order = _order_of_words(chain([head], _chunks(file, sys.maxsize)))
                if strange := sorted(order.keys() - spelling.keys()):
                    raise CorpusError(
                        f"{corpus} begins like a training file of the original code, and then has {strange[0]!r}"
                    )
                codes = [spelling[word] for word in order]
            else:
                codes = _order_of_bytes(head, _chunks(file, TRAINING_BYTES - len(head)))
    except (OSError, EOFError, IndexError, zlib.error, zipfile.BadZipFile) as error:
        raise CorpusError(f"{corpus} cannot be read: {error}") from error
    characters = spelling is TEXT8_WORDS or (not spelling and set(codes) <= TEXT8_BYTES)
    return tuple(chr(code) if characters else byte_name(code) for code in codes)


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as member:
            yield member
    else:
        with path.open("rb") as file:
            yield file


def _chunks(file: IO[bytes], most: int) -> Iterator[bytes]:
    while chunk := file.read(min(CHUNK, most)):
        most -= len(chunk)
        yield chunk


def _order_of_words(chunks: Iterable[bytes]) -> dict[bytes, None]:
    order: dict[bytes, None] = {}
    rest = b""
    for chunk in chunks:
        *words, rest = (rest + chunk.replace(b"\n", b" \n ")).split(b" ")
        order |= dict.fromkeys(words)
    order |= dict.fromkeys([rest, b"\n"])
    order.pop(b"", None)
    return order


def _order_of_bytes(head: bytes, chunks: Iterable[bytes]) -> list[int]:
    order = dict.fromkeys(head)
    for chunk in chunks:
        order |= dict.fromkeys(chunk)
    if order.keys() <= TEXT8_BYTES:
        # text8 begins with a space, which the original's training file leaves out
        order = dict.fromkeys(head.lstrip()) | order
    return list(order | {10: None})
