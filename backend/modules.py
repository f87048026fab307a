"""Which modules a page needs, read off their import lines: told in its HTML, they come at once and not one after another."""

from __future__ import annotations

import re
from pathlib import Path

IMPORT = re.compile(r"^(?:import |(?:import|export)\b[^;']*\bfrom )'(\.[^']+)'", re.MULTILINE)


def modules_of(*entries: Path) -> list[Path]:
    """The entries and all that they import, the entries first, none twice."""
    found: dict[Path, None] = {}
    waiting = list(entries)
    while waiting:
        module = waiting.pop(0)
        if module in found:
            continue
        found[module] = None
        names = IMPORT.findall(module.read_text(encoding="utf-8"))
        waiting += [(module.parent / name).resolve() for name in names]
    return list(found)


def preloads(folder: Path, root: str, *entries: str) -> str:
    """Links for the head of a page whose modules lie in a folder and are served under `root`."""
    folder = folder.resolve()
    paths = [
        module.relative_to(folder).as_posix()
        for module in modules_of(*(folder / entry for entry in entries))
    ]
    return "\n  ".join(f'<link rel="modulepreload" href="{root}/{path}">' for path in paths)
