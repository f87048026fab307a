"""Surveys that were made: folders of tables."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.survey.characters import characters, written
from analysis.survey.sources import Source, SurveyError, corpus_of, of_corpus
from model import corpora
from model.alphabets import alphabet
from model.corpora import CorpusError
from model.files import reason

VERSION = 1
TABLES = ("heads", "groups", "mass", "passages")
TOLD = (
    *("corpus", "sources", "tokens", "created", "unit", "alphabet", "table"),
    *("variant", "layers", "heads", "span_limit", "ramp", "edges"),
)
"""What survey.json says beside its version."""


@dataclass(frozen=True)
class Survey:
    """A survey's folder; docs/survey.md has the columns of its tables, which are read when they are asked for."""

    folder: Path
    about: dict[str, Any]
    """What survey.json says."""

    @cached_property
    def heads(self) -> pd.DataFrame:
        return self._table("heads")

    @cached_property
    def groups(self) -> pd.DataFrame:
        return self._table("groups")

    @cached_property
    def mass(self) -> pd.DataFrame:
        return self._table("mass")

    @cached_property
    def passages(self) -> pd.DataFrame:
        """As they were written; `passages` gives them their texts."""
        return self._table("passages")

    def _table(self, name: str) -> pd.DataFrame:
        try:
            return pd.read_parquet(self.folder / f"{name}.parquet")
        except (OSError, ValueError) as error:
            raise SurveyError(
                f"survey {self.folder.name}: {name}.parquet cannot be read: {reason(error)}"
            ) from error


def folder_of(checkpoint: Path, name: str) -> Path:
    """Where a survey of a checkpoint RUN/checkpoints/step-NUMBER is kept. Raises SurveyError for one of no run."""
    if checkpoint.parent.name != "checkpoints":
        raise SurveyError(f"{checkpoint} is in no run: say where the survey goes by --output")
    return checkpoint.parent.parent / "surveys" / checkpoint.name / name


def name_of(texts: Sequence[str | Path]) -> str:
    """A name for a survey of a corpus, or of files and folders: that of the first, as runs are named."""
    told = str(texts[0]) if corpus_of(texts) else Path(texts[0]).resolve().stem
    name = re.sub("[^a-z0-9]+", "-", told.lower()).strip("-")[:63]
    return name or "texts"


def surveys_of(run: Path, step: int) -> list[Survey]:
    """The surveys of a run's checkpoint, by name; those that cannot be read are left out."""
    found = []
    for folder in sorted((run / "surveys" / f"step-{step:08d}").glob("[!.]*")):
        try:
            found.append(read_survey(folder))
        except SurveyError:
            continue
    return found


def read_survey(folder: Path) -> Survey:
    """Raises SurveyError."""
    try:
        about = json.loads((folder / "survey.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise SurveyError(f"{folder.name} is no survey: {reason(error)}") from error
    if not isinstance(about, dict) or about.get("version") != VERSION:
        raise SurveyError(f"{folder.name} is no survey of version {VERSION}")
    lacking = [name for name in TOLD if name not in about]
    if lacking:
        raise SurveyError(f"{folder.name} is no survey: survey.json lacks {', '.join(lacking)}")
    return Survey(folder, about)


def passages(folder: Path, data: Path | None = None) -> pd.DataFrame:
    """The passages of a survey with their texts. Where one cannot be had, `text` is null and `text_missing` says why.

    The text of a corpus is in no survey: it is read from the corpus where that is prepared. Raises SurveyError.
    """
    survey = read_survey(folder)
    table = survey.passages
    missing = ""
    if survey.about["corpus"] is not None:
        try:
            sources = _sources(survey.about, data)
            table = table.assign(text=_texts(table, sources, survey.about))
        except (CorpusError, SurveyError) as error:
            missing = str(error)
    return table.assign(text_missing=missing)


def _sources(about: dict[str, Any], data: Path | None) -> dict[str, Source]:
    """The splits of a survey's corpus. Raises CorpusError, and SurveyError where they are not here or others."""
    name = about["corpus"]
    if not (corpora.data_folder(data) / name).is_dir():
        raise SurveyError(f"{name} is not here; `spanscope corpus {name}` fetches it")
    reads = alphabet(about["alphabet"], about["table"])
    sources = {source.name: source for source in of_corpus(name, reads, data)}
    if any(sources[read["name"]].digest != read["digest"] for read in about["sources"]):
        raise SurveyError(f"{name} is not the one that was read")
    return sources


def _texts(table: pd.DataFrame, sources: dict[str, Source], about: dict[str, Any]) -> list[str]:
    reads = alphabet(about["alphabet"], about["table"])
    places = table[["source", "text_start", "text_stop"]].itertuples(index=False)
    return [
        written(characters(reads, sources[name].read(start, stop))[0])
        for name, start, stop in places
    ]
