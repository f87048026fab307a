"""The parts that were read so far: a folder beside the result, with which a survey that was ended goes on."""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from analysis.survey.sources import SurveyError
from model.files import write_bytes, write_text

Arrays = dict[str, np.ndarray]


class Work:
    """`request.json` says what the parts are of, `part-000000.npz` and so on are whole or absent."""

    def __init__(self, output: Path) -> None:
        self.output = output
        self.folder = output.with_name(f".{output.name}-work")
        self._request = self.folder / "request.json"

    @contextmanager
    def held(self) -> Iterator[None]:
        """The folder is there, and this process's; it goes where nothing began. Raises SurveyError where it is another's."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise SurveyError(f"{self.output} is being made by another process") from None
            try:
                yield
            finally:
                if self.folder.exists() and not self._request.exists():
                    self.remove()

    def begin(self, request: dict[str, Any], *, anew: bool) -> None:
        """The parts will be of this request. Raises SurveyError where they are of another, unless all begins anew."""
        known = self._request.exists()
        found = json.loads(self._request.read_text(encoding="utf-8")) if known else None
        if found not in (None, request):
            if not anew:
                raise SurveyError(
                    f"{self.folder} holds parts of another survey: of {what(found)}, where {what(request)} is asked for; "
                    "--again drops them, --name or --output makes one beside them"
                )
            for number in self.numbers():
                self._part(number).unlink()
        write_text(self._request, json.dumps(request, indent=1) + "\n")

    def numbers(self) -> list[int]:
        """Which parts there are."""
        return sorted(
            int(path.stem.removeprefix("part-")) for path in self.folder.glob("part-*.npz")
        )

    def keep(self, number: int, content: bytes) -> None:
        """Raises OSError."""
        write_bytes(self._part(number), content)

    def part(self, number: int) -> Arrays:
        """What a part's file holds. Raises SurveyError where it is damaged, and has then removed it."""
        path = self._part(number)
        try:
            with np.load(path) as file:
                return dict(file)
        except (ValueError, EOFError, KeyError, BadZipFile) as error:
            path.unlink()
            raise SurveyError(f"{path.name} was damaged and is removed; run it again") from error

    def remove(self) -> None:
        shutil.rmtree(self.folder)

    def _part(self, number: int) -> Path:
        return self.folder / f"part-{number:06d}.npz"


def what(request: dict[str, Any]) -> str:
    """What a survey is of, in a few words."""
    names = [source["name"] for source in request["sources"]]
    read = request["corpus"] or (names[0] if len(names) == 1 else f"{len(names)} texts")
    tokens = sum(source["tokens"] for source in request["sources"])
    return f"{read} ({tokens:,} tokens) by {request['checkpoint']} ({request['weights'][:8]})"
