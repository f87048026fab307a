"""docs/api.md: its commands and its Python, run against a service, answer what stands there."""

from __future__ import annotations

import doctest
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser import service
from tests.small_runs import ROOT

BLOCK = re.compile(r"^```(console|pycon)(?: (\w+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.fixture(scope="module")
def blocks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple[str, str]]]:
    """Those that can be run here, for a service of their own."""
    text = (ROOT / "docs/api.md").read_text(encoding="utf-8")
    with service(tmp_path_factory.mktemp("runs")) as address:
        text = text.replace("http://127.0.0.1:8000", address)
        yield [
            (language, code)
            for language, corpus, code in BLOCK.findall(text)
            if not corpus or (ROOT / "data" / corpus).is_dir()
        ]


def test_commands_answer_what_stands_there(blocks: list[tuple[str, str]]) -> None:
    if not shutil.which("curl"):
        pytest.skip("curl is missing")
    known, checker = list[str](), doctest.OutputChecker()
    code = "".join(code for language, code in blocks if language == "console")
    for command, expected in COMMAND.findall(code):
        if re.match(r"\w+=", command):
            known.append(command)
            continue
        script = "\n".join([*known, command])
        found = subprocess.run(["sh", "-c", script], check=True, capture_output=True, text=True)
        assert checker.check_output(expected, found.stdout + "\n", FLAGS), (command, found.stdout)


def test_python_prints_what_stands_there(blocks: list[tuple[str, str]]) -> None:
    names: dict[str, Any] = {}
    code = "\n".join(code for language, code in blocks if language == "pycon")
    test = doctest.DocTestParser().get_doctest(code, names, "docs/api.md", None, 0)
    said = list[str]()
    doctest.DocTestRunner(optionflags=FLAGS).run(test, out=said.append)
    assert test.examples and not said, "".join(said)
