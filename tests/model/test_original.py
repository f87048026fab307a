"""A checkpoint of the original code, of random weights, and what the original made of some tokens."""

from __future__ import annotations

import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from model import checkpoint, original
from model.checkpoint import CheckpointError
from model.config import ConfigError, RunSpec
from model.corpora import CorpusError
from model.oracle import oracle_attention
from model.original import import_run, training_symbols
from model.runs import Run, RunError
from model.span import spans_of
from model.transformer import Transformer

FIXTURES = Path(__file__).parent / "fixtures"
FILE = FIXTURES / "facebook-format-a.pt"
FACTS = json.loads((FIXTURES / "facebook-format-a.json").read_text())
with np.load(FIXTURES / "facebook-format-a.npz") as arrays:
    TOKENS, LOGPROBS = (torch.from_numpy(arrays[name]) for name in ("tokens", "logprobs"))

PANGRAM = "the quick brown fox jumps over a lazy dog"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return import_run(FILE, tmp_path_factory.mktemp("runs") / "facebook")


@pytest.fixture(scope="module")
def net(run: Run) -> Transformer:
    return checkpoint.load(run.checkpoint(2000))


def changed(path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """The fixture with something else in it."""
    values = torch.load(FILE, weights_only=True)
    change(values)
    torch.save(values, path)
    return path


@pytest.mark.parametrize("block", [1, 7, 32, 50, 128])
def test_log_probabilities_are_the_original_s_in_blocks_of_any_size(
    net: Transformer, block: int
) -> None:
    memory, parts = None, []
    with torch.no_grad():
        for part in TOKENS.split(block, 1):
            logits, memory = net(part, memory)
            parts.append(logits.log_softmax(-1))
    torch.testing.assert_close(torch.cat(parts, 1), LOGPROBS, rtol=0, atol=1e-5)


@torch.no_grad()
def test_so_are_those_of_the_formulas_written_plainly(net: Transformer) -> None:
    def heads(x: Tensor) -> Tensor:
        return x.unflatten(-1, (FACTS["heads"], -1)).transpose(1, 2)

    h = net.embedding(TOKENS)
    for layer in net.layers:
        attention = layer.attention
        inputs = nn.functional.pad(h, (0, 0, FACTS["span_limit"], 0))[:, :-1]
        mixed = oracle_attention(
            heads(attention.query(h)),
            heads(attention.key(inputs)),
            heads(attention.value(inputs)),
            net.position,
            attention.span.z,
            FACTS["ramp"],
        )
        h = layer.norm1(h + attention.out(mixed.transpose(1, 2).flatten(2)))
        h = layer.norm2(h + layer.outer(torch.relu(layer.inner(h))))
    torch.testing.assert_close(net.logits(h).log_softmax(-1), LOGPROBS, rtol=0, atol=1e-5)


def test_sizes_and_spans_are_the_original_s(run: Run) -> None:
    folder, config = run.checkpoint(2000), run.spec.model
    for name in ("layers", "hidden", "heads", "span_limit", "inner", "ramp"):
        assert getattr(config, name) == FACTS[name]
    assert (config.variant, config.symbols) == ("adaptive", FACTS["vocab"])
    assert checkpoint.count_parameters(folder) == FACTS["params"]
    z = checkpoint.read_z(folder)
    spans = spans_of(z, config.ramp, config.span_limit)
    assert spans.amax(1).tolist() == FACTS["max_span"]
    # the original's mean span of a layer is that of the mean z
    assert (z.mean(1).ceil() + config.ramp).tolist() == FACTS["avg_span"]


def test_the_run_keeps_the_curves_and_claims_nothing_that_the_file_does_not_tell(run: Run) -> None:
    assert run.steps() == [2000]
    assert run.metrics() == [
        {"step": 1000, "train_bpc": 2.5, "bpc": 2.6, "span_avg": 33.0, "span_max": 60.0},
        {"step": 2000, "train_bpc": 2.25, "bpc": 2.4, "span_avg": 40.0, "span_max": 128.0},
    ]
    summary = checkpoint.read_summary(run.checkpoint(2000))
    assert summary["bpc"] == {"part": 2.4, "valid": None, "test": None}
    written = json.loads((run.folder / "run.json").read_text())
    assert written["training"] == {"steps": 2000, "block": 512}
    assert written["corpus"] == "unknown" and "seed" not in written
    assert RunSpec.from_dict(written) == run.spec == checkpoint.read_config(run.checkpoint(2000))[0]


def test_a_fixed_span_is_one_without_masks(tmp_path: Path) -> None:
    def drop(values: dict[str, Any]) -> None:
        values["model"] = {k: v for k, v in values["model"].items() if "adaptive_span" not in k}
        del values["logger"]["span_avg"], values["logger"]["span_max"]

    run = import_run(changed(tmp_path / "fixed.pt", drop), tmp_path / "fixed", block=32)
    assert (run.spec.model.variant, run.spec.model.heads) == ("fixed", FACTS["heads"])
    assert (checkpoint.read_z(run.checkpoint(2000)) == FACTS["span_limit"]).all()
    assert run.metrics()[1] == {"step": 2000, "train_bpc": 2.25, "bpc": 2.4}
    logits, _ = checkpoint.load(run.checkpoint(2000))(TOKENS)
    assert logits.isfinite().all()


class Code:
    def __init__(self, ran: Path) -> None:
        self.ran = ran

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.ran),)


@pytest.mark.parametrize("kind", ["archive", "legacy", "pickle"])
def test_a_file_that_would_run_code_is_refused_and_not_run(tmp_path: Path, kind: str) -> None:
    file, ran = tmp_path / "evil.pt", tmp_path / "ran"
    values = {**torch.load(FILE, weights_only=True), "iter_no": Code(ran)}
    if kind == "pickle":
        file.write_bytes(pickle.dumps(values))
    else:
        torch.save(values, file, _use_new_zipfile_serialization=kind == "archive")
    with pytest.raises(CheckpointError, match=r"evil.pt cannot be imported: .* nothing was run"):
        import_run(file, tmp_path / "run")
    assert [path.name for path in tmp_path.iterdir()] == ["evil.pt"]


QUERY, KEY = "module.layers.1.attn.proj_query.weight", "module.key_pe"
THETA = "module.layers.1.attn.attn.adaptive_span._mask.current_val"
BROKEN: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "no model": (lambda v: v.pop("model"), "holds no 'model'"),
    "no logger": (lambda v: v.pop("logger"), "holds no 'logger'"),
    "a weight gone": (lambda v: v["model"].pop(QUERY), "lacks layers.1.attn.proj_query.weight"),
    "a weight cut": (
        lambda v: v["model"].update({QUERY: torch.zeros(32, 31)}),
        r"layers.1.attn.proj_query.weight is of shape \(32, 31\); it must be \(32, 32\)",
    ),
    "other heads": (
        lambda v: v["model"].update({KEY: torch.zeros(1, 7, 160)}),
        "4 heads of 7 dimensions",
    ),
    "no numbers": (
        lambda v: v["model"].update({KEY: torch.zeros(1, 8, 160, dtype=torch.int64)}),
        "key_pe is torch.int64",
    ),
    "a span too long": (
        lambda v: v["model"].update({THETA: torch.full((4, 1, 1), 1.5)}),
        r"current_val is not all in \[0, 1\]",
    ),
    "a layer gone": (
        lambda v: [v["model"].pop(k) for k in list(v["model"]) if "layers.0." in k],
        r"layers \[1\]",
    ),
    "another architecture": (
        lambda v: v["model"].update({"module.layers.0.attn.pers_mem": torch.zeros(1)}),
        "holds layers.0.attn.pers_mem",
    ),
    "no steps": (lambda v: v["logger"].pop("step"), "no steps"),
    "half a curve": (lambda v: v["logger"]["val_bpc"].pop(), "val_bpc is no list of 2 numbers"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_wrong_with_a_file_is_named(tmp_path: Path, kind: str) -> None:
    change, message = BROKEN[kind]
    with pytest.raises(CheckpointError, match=message):
        import_run(changed(tmp_path / "broken.pt", change), tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("content", [b"", b"PK", b"no weights", FILE.read_bytes()[:40_000]])
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "cut.pt").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"cut.pt cannot be imported"):
        import_run(tmp_path / "cut.pt", tmp_path / "run")


def test_an_import_is_whole_or_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left")

    with pytest.raises(ConfigError, match="ramp is 0"):
        import_run(FILE, tmp_path / "run", ramp=0)
    with pytest.raises(RunError, match="'Run' is no name"):
        import_run(FILE, tmp_path / "Run")
    monkeypatch.setattr(original.checkpoint, "serialized", full)
    with pytest.raises(RunError, match="no space left"):
        import_run(FILE, tmp_path / "run")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "run").mkdir()
    with pytest.raises(RunError, match="exists"):
        import_run(FILE, tmp_path / "run")


def prepared_text8(text: str) -> bytes:
    return " ".join("_" if character == " " else character for character in text.strip()).encode()


def prepared_enwik8(data: bytes) -> bytes:
    return " ".join(str(byte) if byte != 10 else "\n" for byte in data).encode()


def expected(words: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


TEXT8 = f" {PANGRAM} {PANGRAM}"
TEXT8_SYMBOLS = expected([*TEXT8.strip(), "\n"])
ENWIK8 = "<é>\nsome [[wiki]] text\n\nand more".encode()
ENWIK8_SYMBOLS = expected([f"0x{byte:02X}" for byte in ENWIK8])


@pytest.mark.parametrize("chunk", [1 << 20, 7])
@pytest.mark.parametrize(
    ("corpus", "symbols"),
    [
        (prepared_text8(TEXT8), TEXT8_SYMBOLS),
        (TEXT8.encode(), TEXT8_SYMBOLS),
        (prepared_enwik8(ENWIK8), ENWIK8_SYMBOLS),
        (prepared_enwik8(ENWIK8 + b"\n"), ENWIK8_SYMBOLS),
        (ENWIK8, ENWIK8_SYMBOLS),
        (b"<one line>", (*expected([f"0x{byte:02X}" for byte in b"<one line>"]), "0x0A")),
    ],
    ids=["text8 words", "text8", "enwik8 words", "enwik8 words, a line's end", "enwik8", "a line"],
)
def test_symbols_are_numbered_as_they_first_appear_in_training(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    corpus: bytes,
    symbols: tuple[str, ...],
    chunk: int,
) -> None:
    monkeypatch.setattr(original, "CHUNK", chunk)
    (tmp_path / "corpus").write_bytes(corpus)
    assert training_symbols(tmp_path / "corpus") == symbols


def test_only_the_training_part_of_a_raw_corpus_counts_and_it_may_be_zipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(tmp_path / "enwik8.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("enwik8", ENWIK8 + b"QXZ")
    monkeypatch.setattr(original, "CHUNK", 8)
    monkeypatch.setattr(original, "TRAINING_BYTES", len(ENWIK8))
    assert training_symbols(tmp_path / "enwik8.zip") == ENWIK8_SYMBOLS


def test_a_corpus_that_cannot_be_the_one_is_refused(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    for content, message in (
        (TEXT8.encode(), "28 symbols, .* and the model 27"),
        (b" \n", "is empty"),
        (b"a b c\n" + b"d " * original.CHUNK + b"E", "and then has b'E'"),
    ):
        corpus.write_bytes(content)
        with pytest.raises(CorpusError, match=message):
            import_run(FILE, tmp_path / "run", corpus=corpus)
    with pytest.raises(CorpusError, match="none cannot be read"):
        import_run(FILE, tmp_path / "run", corpus=tmp_path / "none")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("size", "corpus"), [(28, "text8"), (27, "unknown")])
def test_a_model_with_its_corpus_reads_texts(tmp_path: Path, size: int, corpus: str) -> None:
    def resize(values: dict[str, Any]) -> None:
        for name in ("in_emb.weight", "out_emb.weight"):
            values["model"][f"module.{name}"] = torch.zeros(size, 32)
        values["model"]["module.out_emb.bias"] = torch.zeros(size)

    text = PANGRAM if size == 28 else PANGRAM.replace("z", "s")
    (tmp_path / "train.txt").write_bytes(prepared_text8(text))
    file = changed(tmp_path / "a.pt", resize)
    run = import_run(file, tmp_path / "run", corpus=tmp_path / "train.txt")
    config = checkpoint.load(run.checkpoint(2000)).config
    assert run.spec.corpus == corpus
    assert config.table[:4] == ("t", "h", "e", " ") and config.table[-1] == "\n"
