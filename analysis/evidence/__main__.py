"""`python -m analysis.evidence`: measure the set of runs, draw its figures and write docs/evidence.md."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from analysis.evidence import claims, sections
from analysis.evidence.measures import Measures
from analysis.evidence.pictures import draw
from analysis.evidence.sources import far_names
from analysis.evidence.trained import EVERY, LARGE, SOURCES, TRIO, found
from analysis.evidence.trims import trimming, trims
from model.ship import SHELF, command

OPENING = Path(__file__).with_name("opening.md")
COMMENTS = Path(__file__).with_name("comments.md")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m analysis.evidence", description=__doc__)
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="beside the shelf")
    parser.add_argument("--data", type=Path, help="where corpora are kept; default: data/")
    parser.add_argument("--output", type=Path, default=Path("docs"))
    given = parser.parse_args()
    runs = found(EVERY, [SHELF, given.runs])
    missing = [name for name in EVERY if name not in runs]
    if not set(TRIO) <= runs.keys():
        print(f"error: these runs have not ended: {', '.join(missing)}", file=sys.stderr)
        return 1
    measures = Measures(Path("build/evidence.json"), given.data)
    trimmed = trims(runs, given.runs, given.data)
    paced = [runs[name] for name in (*TRIO, LARGE) if name in runs]
    paces = measures.paces([*paced, *trimmed.values()])
    made = [
        claims.claims(runs, measures),
        sections.spans_by_layer(runs),
        sections.cost(runs, measures, paces),
        sections.by_limit(runs),
        sections.movement(runs, measures),
        sections.growth(runs),
        sections.settings(runs),
        far_names([runs[name] for name in SOURCES if name in runs], measures),
        trimming(runs, trimmed, paces),
    ]
    figures = given.output / "evidence"
    draw({figures / name: figure for own in made for name, figure in own.figures.items()})
    comments = _comments()
    parts = [OPENING.read_text(encoding="utf-8").strip()]
    for section in made:
        said = comments.get(section.title, "")
        parts += [
            f"## {section.title}",
            section.text,
            *_pictures(section),
            *([said] if said else []),
        ]
    recipes = [f"    {command(name, one.spec)}" for name, one in runs.items()]
    parts += ["## How the runs were made", "\n".join(recipes)]
    if missing:
        parts.append(f"Not trained to their ends yet: {', '.join(missing)}.")
    (given.output / "evidence.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return 0


def _pictures(section: sections.Section) -> list[str]:
    """Of a section in Markdown, each under its name where there are several."""
    found = list[str]()
    for name in section.figures:
        if len(section.figures) > 1:
            found.append(f"`{Path(name).stem}`")
        found.append(f"![{section.title}](evidence/{name})")
    return found


def _comments() -> dict[str, str]:
    """What people say of each section, by its title."""
    parts = COMMENTS.read_text(encoding="utf-8").split("## ")[1:]
    return {title: text.strip() for title, _, text in (part.partition("\n") for part in parts)}


if __name__ == "__main__":
    sys.exit(main())
