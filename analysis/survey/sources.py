"""The texts that are read: tokens on disk, of which ranges are read."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analysis.survey.characters import Tokens
from model import corpora
from model.alphabets import Alphabet, Bytes, Table
from model.corpora import SPLITS
from model.files import digest, reason

CHUNK = 1 << 20
"""Read at once, bytes or characters."""


class SurveyError(RuntimeError):
    """A survey cannot be made or read; the message says why and what to do."""


@dataclass(frozen=True)
class Source:
    """One text: a file of `tokens` unsigned integers of a type, and the tokens that they stand for, where others."""

    name: str
    path: Path
    tokens: int
    digest: str
    """SHA-256 of the file."""
    type: str = "u1"
    numbers: tuple[int, ...] = ()

    def read(self, first: int, stop: int) -> Tokens:
        """Tokens [first, stop), less what lies beyond the text. Raises SurveyError where the file is gone or shorter."""
        first, stop = max(0, first), min(stop, self.tokens)
        size = np.dtype(self.type).itemsize
        try:
            found = np.fromfile(self.path, self.type, stop - first, offset=first * size)
        except OSError as error:
            raise SurveyError(f"{self.name} cannot be read: {reason(error)}") from error
        if len(found) < stop - first:
            raise SurveyError(f"{self.name} was cut short while it was read")
        if not self.numbers:
            return found
        numbered: Tokens = np.array(self.numbers, np.uint16)[found]
        return numbered


def corpus_of(texts: Sequence[str | Path]) -> tuple[str, Sequence[str]] | None:
    """The corpus that is asked for and which of its splits, `NAME` or `NAME/SPLIT`; None for files."""
    if len(texts) != 1:
        return None
    name, _, split = str(texts[0]).partition("/")
    if name not in corpora.NAMES or split not in ("", *SPLITS):
        return None
    return name, [split] if split else SPLITS


def of_corpus(
    name: str, alphabet: Alphabet, data: Path | None, splits: Sequence[str] = SPLITS
) -> list[Source]:
    """Splits of a corpus. Raises CorpusError, and SurveyError where the model cannot read it."""
    corpus = corpora.load(name, data)
    home = (corpora.data_folder(data) / name).resolve()
    if not isinstance(alphabet, Table) and corpus.alphabet != alphabet.name:
        raise SurveyError(f"{name} is in {corpus.alphabet}, this model reads {alphabet.name}")
    return [
        _numbered(
            Source(
                split, home / f"{split}.bin", len(getattr(corpus, split)), corpus.digests[split]
            ),
            corpus.alphabet,
            alphabet,
        )
        for split in splits
    ]


def of_files(paths: Sequence[Path], alphabet: Alphabet, work: Path) -> list[Source]:
    """Text files, and those in folders. What a model reads as bytes is read where it lies, of others the tokens are
    written into a work folder.

    Raises SurveyError.
    """
    named = [(name, path) for given in paths for name, path in _listed(given)]
    sources = []
    for number, (name, path) in enumerate(named):
        try:
            if alphabet.unit == "bytes":
                whole = Source(name, path.resolve(), path.stat().st_size, digest(path))
                sources.append(_numbered(whole, Bytes().name, alphabet))
            else:
                sources.append(_written(name, path, alphabet, work / f"source-{number}.tokens"))
        except OSError as error:
            raise SurveyError(f"{name} cannot be read: {reason(error)}") from error
    return sources


def _listed(given: Path) -> list[tuple[str, Path]]:
    """A text file or those in a folder, in order, with their names."""
    if given.is_dir():
        folder = given.resolve()
        within = sorted(path for path in folder.rglob("*") if path.is_file())
        names = [path.relative_to(folder.parent).as_posix() for path in within]
        shown = [
            (n, p) for n, p in zip(names, within, strict=True) if "/." not in n and _is_text(p)
        ]
        if not shown:
            raise SurveyError(f"{given} holds no text files")
        return shown
    if not given.exists():
        known = ", ".join(corpora.NAMES)
        raise SurveyError(f"there is no corpus, file or folder {str(given)!r}; corpora are {known}")
    if not given.is_file() or not given.stat().st_size:
        raise SurveyError(f"{given} is {'empty' if given.is_file() else 'no file'}")
    if not _is_text(given):
        raise SurveyError(f"{given} is no text: it holds bytes of 0")
    return [(given.name, given)]


def _is_text(path: Path) -> bool:
    """Whether a file has something to read and begins without a byte of 0."""
    try:
        with path.open("rb") as file:
            beginning = file.read(8192)
    except OSError:
        return False
    return bool(beginning) and b"\0" not in beginning


def _numbered(source: Source, of: str, alphabet: Alphabet) -> Source:
    """A source of bytes or of text8 with the tokens that a table has for them. Raises SurveyError where it lacks some."""
    if not isinstance(alphabet, Table):
        return source
    used = np.zeros(256, np.bool_)
    for first in range(0, source.tokens, CHUNK):
        used[source.read(first, first + CHUNK)] = True
    values = np.flatnonzero(used)
    numbers = np.zeros(256, np.int64)
    try:
        numbers[values] = alphabet.renumbered(values, of)
    except ValueError as error:
        raise SurveyError(f"{source.name} cannot be read by this model: {error}") from error
    return Source(**{**vars(source), "numbers": tuple(numbers.tolist())})


def _written(name: str, path: Path, alphabet: Alphabet, target: Path) -> Source:
    """The tokens of a text file, written to another. Raises OSError, and SurveyError for what is not in the alphabet."""
    kind = np.min_scalar_type(alphabet.size - 1).str
    count, content = 0, hashlib.sha256()
    with target.open("wb") as file:
        for tokens in _encoded(name, path, alphabet):
            data = tokens.astype(kind).tobytes()
            file.write(data)
            content.update(data)
            count += len(tokens)
        file.flush()
        os.fsync(file.fileno())
    return Source(name, target.resolve(), count, content.hexdigest(), kind)


def _encoded(name: str, path: Path, alphabet: Alphabet) -> Iterator[Tokens]:
    """The tokens of a text, chunk by chunk: what the alphabet makes of the whole."""
    read, last = 0, -1
    spaces = _joined_spaces(alphabet)
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        while text := file.read(CHUNK):
            try:
                tokens = alphabet.encode(text)[0].astype(np.uint32)
            except ValueError as error:
                after = f", after {read:,} characters" if read else ""
                detail = f"{name} cannot be read by this model: {error}{after}"
                raise SurveyError(detail) from error
            read += len(text)
            # a run of what becomes one space may go on in the next chunk
            tokens = tokens[1:] if tokens[0] == last == spaces else tokens
            if len(tokens):
                last = int(tokens[-1])
                yield tokens


def _joined_spaces(alphabet: Alphabet) -> int | None:
    """The token that a run of spaces becomes, where the alphabet reads what Mahoney's filter leaves of a text."""
    try:
        tokens = alphabet.encode("  ")[0]
    except ValueError:
        return None
    return int(tokens[0]) if len(tokens) == 1 else None
