"""A survey from its beginning to its folder of tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tqdm import tqdm

from analysis.survey.groupings import GROUPINGS
from analysis.survey.parts import Part, Reader, cut, part_size
from analysis.survey.results import VERSION, read_survey
from analysis.survey.sources import Source, SurveyError, corpus_of, of_corpus, of_files
from analysis.survey.tables import (
    added,
    groups_table,
    heads_table,
    mass_table,
    passages_table,
)
from analysis.survey.work import Arrays, Work, what
from model import checkpoint
from model.config import ModelConfig, alphabet_of
from model.files import digest, is_full, reason, remove_folder, whole_folder
from model.head_use import log_edges
from model.transformer import Transformer

Tell = Callable[[int], object]
Engine = Callable[
    [Path, str, Sequence[Source], Mapping[int, Part], Tell],
    Generator[tuple[int, bytes], None, None],
]
"""Reads the parts of some sources with the checkpoint in a folder, on a device: gives the number and the file of each, in
any order, and tells how many more tokens were read."""


def here(
    folder: Path, device: str, sources: Sequence[Source], parts: Mapping[int, Part], tell: Tell
) -> Generator[tuple[int, bytes], None, None]:
    """The engine that reads in this process."""
    reader = Reader(checkpoint.load(folder, device), sources)
    for number, part in parts.items():
        yield number, reader.read(part, tell)


def survey(
    folder: Path,
    texts: Sequence[str | Path],
    output: Path,
    *,
    data: Path | None = None,
    device: str = "cpu",
    engine: Engine = here,
    size: int | None = None,
    again: bool = False,
) -> bool:
    """Read a corpus or a split of it by name, or text files and folders, with the checkpoint in a folder; write `output`.

    What was read of it before is not read again; `size` is how many tokens are read at once without being kept, a whole
    multiple of SPACING. False where `output` is that survey already. With `again` another one gives way at the very end.
    Raises SurveyError, CheckpointError, CorpusError and UnknownAlphabet, and has then left what was there.
    """
    config = checkpoint.read_config(folder)[0].model
    alphabet_of(config)
    work = Work(output)
    try:
        with work.held():
            sources = _sources(texts, config, data, work.folder)
            net = checkpoint.load(folder)
            request = _request(folder, texts, sources, size or part_size(net))
            if output.exists() and not again:
                _require_same(output, request)
                return False
            work.begin(request, anew=again)
            _read(work, folder, device, sources, request["part"], engine)
            _write(work, output, net, sources, request)
    except OSError as error:
        room = "make room and " if is_full(error) else ""
        kept = f"; {room}run it again to go on, what was read is kept" if work.numbers() else ""
        raise SurveyError(f"{output.name} cannot be written: {reason(error)}{kept}") from error
    return True


def _sources(
    texts: Sequence[str | Path], config: ModelConfig, data: Path | None, work: Path
) -> list[Source]:
    if corpus := corpus_of(texts):
        name, splits = corpus
        return of_corpus(name, alphabet_of(config), data, splits)
    return of_files([Path(text) for text in texts], alphabet_of(config), work)


def _request(
    folder: Path, texts: Sequence[str | Path], sources: Sequence[Source], size: int
) -> dict[str, Any]:
    """What two surveys have in common if they are the same."""
    return {
        "version": VERSION,
        "checkpoint": checkpoint.name_of(folder),
        "weights": digest(folder / "model.safetensors"),
        "corpus": corpus[0] if (corpus := corpus_of(texts)) else None,
        "sources": [
            {"name": source.name, "tokens": source.tokens, "digest": source.digest}
            for source in sources
        ],
        "part": size,
    }


def _require_same(output: Path, request: dict[str, Any]) -> None:
    about = read_survey(output).about
    if any(about.get(name) != value for name, value in request.items() if name != "part"):
        raise SurveyError(
            f"{output} is another survey: of {what(about)}, where {what(request)} is asked for; "
            "--again replaces it, --name or --output makes one beside it"
        )


def _read(
    work: Work, folder: Path, device: str, sources: Sequence[Source], size: int, engine: Engine
) -> None:
    """Read the parts that are not kept yet."""
    parts = dict(enumerate(cut(sources, size)))
    kept = {number: parts.pop(number) for number in work.numbers()}
    whole = sum(source.tokens for source in sources)
    done = sum(part.stop - part.first for part in kept.values())
    with tqdm(total=whole, initial=done, unit=" tokens", unit_scale=True, disable=None) as bar:
        if parts:
            with closing(engine(folder, device, sources, parts, bar.update)) as read:
                for number, content in read:
                    work.keep(number, content)


def _write(
    work: Work,
    output: Path,
    net: Transformer,
    sources: Sequence[Source],
    request: dict[str, Any],
) -> None:
    """Sum the parts in their order, and write the tables."""
    total: Arrays | None = None
    for number in work.numbers():
        total = added(total, work.part(number))
    assert total
    config, result = net.config, work.folder / "result"
    tables = {
        "heads": heads_table(total, config),
        "groups": groups_table(total, config),
        "mass": mass_table(total, config),
        "passages": passages_table(total, config, sources, texts=request["corpus"] is None),
    }
    tokens, seconds = sum(source.tokens for source in sources), float(total["seconds"])
    about = {
        **request,
        "variant": config.variant,
        "alphabet": config.alphabet,
        "table": config.table,
        "unit": config.unit,
        "layers": config.layers,
        "heads": config.heads,
        "span_limit": config.span_limit,
        "ramp": config.ramp,
        "edges": log_edges(config.span_limit),
        "groupings": GROUPINGS,
        "tokens": tokens,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "tokens_per_second": round(tokens / seconds, 1),
    }
    if result.exists():
        remove_folder(result)
    with whole_folder(result) as new:
        for name, table in tables.items():
            table.to_parquet(new / f"{name}.parquet", index=False)
        text = json.dumps(about, indent=1, ensure_ascii=False) + "\n"
        (new / "survey.json").write_text(text, encoding="utf-8")
    if output.exists():
        remove_folder(output)
    result.rename(output)
    work.remove()
