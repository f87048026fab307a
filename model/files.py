"""Files and folders that are whole or absent, whatever happens half-way."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A new folder to fill, renamed to `target` when all is on disk; if that fails, there is no `target`.

    Raises OSError, FileExistsError among them where `target` is there already.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        temporary.chmod(0o755)
        yield temporary
        for path in [*temporary.rglob("*"), temporary]:
            _sync(path)
        if target.exists():
            raise FileExistsError(f"{target} exists")
        temporary.rename(target)
        _sync(target.parent)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def reason(error: Exception) -> str:
    """What went wrong, without the path that an OSError names: such messages leave the machine."""
    if isinstance(error, OSError):
        return error.strerror or str(error).partition(":")[0]
    return str(error)


def remove_folder(folder: Path) -> None:
    """Remove a folder so that it is never seen half removed."""
    hidden = folder.with_name(f".{folder.name}-removed")
    folder.rename(hidden)
    shutil.rmtree(hidden)


def remove_leftovers(folder: Path) -> None:
    """Remove what a killed process left of `whole_folder` and `remove_folder`."""
    for path in folder.glob(".*"):
        if path.is_dir():
            shutil.rmtree(path)


def write_text(path: Path, text: str) -> None:
    """Replace a file's text, whole or not at all."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file's content, whole or not at all."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_bytes(content)
    _sync(temporary)
    temporary.replace(path)
    _sync(path.parent)


def append_line(path: Path, values: dict[str, Any]) -> None:
    """Add a line of JSON: the whole of it or, where it does not fit on the disk, nothing. Raises OSError.

    What a crash cut short before it becomes a line of its own, which `read_lines` leaves out. Several processes may add.
    """
    line = (json.dumps(values, ensure_ascii=False) + "\n").encode()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            line = b"\n" + line
        if os.write(descriptor, line) < len(line):
            os.ftruncate(descriptor, size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a file that `append_line` writes, none where there is no file; one cut short is left out.

    Raises OSError, and ValueError where a line was no JSON object from its beginning.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    found = []
    for number, line in enumerate(lines[:-1], 1):
        try:
            values = json.loads(line)
        except ValueError:
            if line.startswith(b"{") or not line.endswith(b"}"):
                continue
            raise
        if not isinstance(values, dict):
            raise ValueError(f"line {number} is no object")
        found.append(values)
    return found


def digest(path: Path) -> str:
    """The SHA-256 of a file. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def free_bytes(folder: Path) -> int:
    """What may still be written where a folder is."""
    return shutil.disk_usage(folder).free


def is_full(error: OSError) -> bool:
    """Whether it says that a disk, or a quota on it, is full."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
