"""A survey's folder: whole or absent, gone on with, and shown again with its texts."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import survey as surveys
from analysis.survey import passages, read_survey, sources, survey, surveys_of, work
from analysis.survey.examples import SPACING, hashes
from analysis.survey.parts import Part, Reader
from analysis.survey.results import TABLES
from analysis.survey.sources import SurveyError, of_files
from model.alphabets import Alphabet, Table, Text8
from tests.small_runs import ROOT, prepared_corpus, small_checkpoint

README = ROOT / "README.md"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return small_checkpoint(tmp_path / "runs/tiny/checkpoints/step-00000010")


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Part]:
    """The parts that are read."""
    parts, read = list[Part](), Reader.read

    def counted(reader: Reader, part: Part, *rest: object) -> bytes:
        parts.append(part)
        return read(reader, part, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Reader, "read", counted)
    return parts


def test_what_was_read_is_not_read_again(
    folder: Path, tmp_path: Path, reads: list[Part], monkeypatch: pytest.MonkeyPatch
) -> None:
    size = 4 * SPACING
    assert survey(folder, [README], tmp_path / "whole", size=size)
    count = len(reads)
    assert count == -(-README.stat().st_size // size) > 3
    keep = work.Work.keep

    def killed(own: work.Work, number: int, content: bytes) -> None:
        if number == 2:
            raise KeyboardInterrupt
        keep(own, number, content)

    with monkeypatch.context() as patch:
        patch.setattr(work.Work, "keep", killed)
        with pytest.raises(KeyboardInterrupt):
            survey(folder, [README], tmp_path / "again", size=size)
    assert not (tmp_path / "again").exists()
    del reads[:]
    assert survey(folder, [README], tmp_path / "again", size=size)
    assert len(reads) == count - 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again", "runs", "whole"]
    for name in TABLES:
        tables = [pd.read_parquet(tmp_path / of / f"{name}.parquet") for of in ("whole", "again")]
        pd.testing.assert_frame_equal(*tables, check_exact=True)
    about = read_survey(tmp_path / "again").about
    assert (
        about["tokens"]
        == README.stat().st_size
        == read_survey(tmp_path / "again").heads["tokens"].iat[0]
    )
    assert about["checkpoint"] == "tiny@10" and about["corpus"] is None


def test_parts_of_another_request_are_neither_mixed_in_nor_lost(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reads: list[Part]
) -> None:
    output = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr("analysis.survey.run._write", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            survey(folder, [README], output)
    (tmp_path / "short.txt").write_text("another text")
    with pytest.raises(
        SurveyError, match=r"holds parts of another survey: of README\.md .* short\.txt"
    ):
        survey(folder, [tmp_path / "short.txt"], output)
    del reads[:]
    assert survey(folder, [README], output) and not reads


def test_a_survey_gives_way_only_when_asked_and_at_the_end(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "out"
    assert survey(folder, [README], output)
    before = (output / "survey.json").read_bytes()
    assert not survey(folder, [README], output)
    (tmp_path / "short.txt").write_text("another text")
    with pytest.raises(SurveyError, match=r"is another survey: of README\.md"):
        survey(folder, [tmp_path / "short.txt"], output)

    def full(path: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    with monkeypatch.context() as patch:
        patch.setattr(work, "write_bytes", full)
        with pytest.raises(SurveyError, match="cannot be written: No space left on device"):
            survey(folder, [tmp_path / "short.txt"], output, again=True)
    assert (output / "survey.json").read_bytes() == before
    assert survey(folder, [tmp_path / "short.txt"], output, again=True)
    assert read_survey(output).about["sources"][0]["name"] == "short.txt"


def test_two_processes_do_not_make_one_survey(folder: Path, tmp_path: Path) -> None:
    with work.Work(tmp_path / "out").held(), pytest.raises(SurveyError, match="another process"):
        survey(folder, [README], tmp_path / "out")


def test_texts_of_a_corpus_are_shown_but_not_kept(folder: Path, tmp_path: Path) -> None:
    data = prepared_corpus(tmp_path / "data")
    output = surveys.folder_of(folder, "enwik8")
    assert survey(folder, ["enwik8"], output, data=data)
    (found,) = surveys_of(tmp_path / "runs/tiny", 10)
    assert found.folder == output and found.about["corpus"] == "enwik8"
    assert {path.suffix for path in output.iterdir()} == {".json", ".parquet"}
    assert found.passages["text"].isna().all() and surveys_of(tmp_path / "runs/tiny", 20) == []
    shown = passages(output, data)
    assert set(shown["source"]) <= {"train", "valid", "test"} and not shown["text_missing"].any()
    fox = (data / "enwik8/train.bin").read_bytes().decode()
    row = shown[shown["source"] == "train"].iloc[0]
    assert row["text"] == fox[row["text_start"] : row["text_stop"]]
    assert row["text"][row["text_at"]] == fox[row["place"]]
    missing = passages(output, tmp_path / "nowhere")
    assert missing["text"].isna().all()
    assert set(missing["text_missing"]) == {
        "enwik8 is not here; `spanscope corpus enwik8` fetches it"
    }
    other = prepared_corpus(tmp_path / "other", b"another corpus of this name ")
    assert set(passages(output, other)["text_missing"]) == {"enwik8 is not the one that was read"}
    assert survey(folder, ["enwik8/test"], tmp_path / "held-out", data=data)
    held_out = passages(tmp_path / "held-out", data)
    assert set(held_out["source"]) == {"test"} and held_out["text"].notna().all()


LETTERS = tuple(" abcdefghijklmnopqrstuvwxyz\n")


@pytest.mark.parametrize("reads", [Text8(), Table(LETTERS), Table(tuple("xy5 \né,. "[:-1]))])
def test_a_text_encoded_in_pieces_is_as_encoded_at_once(
    reads: Alphabet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "xy5 5y,  .\n é55x. 5  yx, x5" * 9
    (tmp_path / "text").write_text(text, encoding="utf-8")
    for size in (1, 2, 3, 7, 100):
        monkeypatch.setattr(sources, "CHUNK", size)
        (source,) = of_files([tmp_path / "text"], reads, tmp_path)
        assert source.read(0, source.tokens).tolist() == reads.encode(text)[0].tolist()
    assert source.read(-5, 10**6).tolist() == source.read(0, source.tokens).tolist()


def test_bytes_of_a_table_are_numbered_as_they_are_read(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"ba b\xe9")
    table = Table(("0x61", "0x20", "0x62", "0xE9"))
    (source,) = of_files([tmp_path / "text"], table, tmp_path)
    assert source.read(1, 5).tolist() == [0, 1, 2, 3]
    with pytest.raises(SurveyError, match=r"text cannot be read by this model: .* lacks symbols"):
        of_files([tmp_path / "text"], Table(("0x61", "0x62")), tmp_path)


def test_folders_are_read_file_by_file_without_what_is_no_text(tmp_path: Path) -> None:
    for name, content in {
        "b.txt": b"second",
        "a/one.md": b"first",
        "a/picture.png": b"\x89PNG\0\0",
        "a/empty": b"",
        ".git/config": b"hidden",
    }.items():
        (tmp_path / "texts" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "texts" / name).write_bytes(content)
    found = of_files([tmp_path / "texts"], sources.Bytes(), tmp_path)
    assert [source.name for source in found] == ["texts/a/one.md", "texts/b.txt"]


@pytest.mark.parametrize(
    ("texts", "settings", "message"),
    [
        (["nowhere"], {}, "there is no corpus, file or folder 'nowhere'; corpora are classics, "),
        (["empty"], {}, "empty is empty"),
        (["binary"], {}, "binary is no text: it holds bytes of 0"),
        (["binaries"], {}, "binaries holds no text files"),
        (["umlaut"], {"alphabet": "table", "table": tuple("ab")}, "'ö' at position 1 is not in"),
        (["enwik8"], {"alphabet": "text8"}, "enwik8 is in bytes, this model reads text8"),
    ],
)
def test_what_cannot_be_read_is_told_in_a_line_and_leaves_nothing(
    texts: list[str],
    settings: dict[str, object],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty").touch()
    Path("binary").write_bytes(b"ELF\0")
    Path("binaries").mkdir()
    Path("binaries/binary").write_bytes(b"ELF\0")
    Path("umlaut").write_text("aöb", encoding="utf-8")
    data = prepared_corpus(tmp_path / "data")
    with pytest.raises(SurveyError) as told:
        survey(
            small_checkpoint(tmp_path / "step-00000010", **settings),
            texts,
            tmp_path / "out",
            data=data,
        )
    assert message in str(told.value) and "\n" not in str(told.value)
    assert not list(tmp_path.glob("*out*"))


def test_a_damaged_part_is_read_again(folder: Path, tmp_path: Path) -> None:
    own = work.Work(tmp_path / "out")
    with own.held():
        own.keep(0, b"PK")
        with pytest.raises(SurveyError, match=r"part-000000\.npz was damaged and is removed"):
            own.part(0)
        assert own.numbers() == []


def test_a_folder_of_something_else_is_no_survey(tmp_path: Path) -> None:
    (tmp_path / "survey.json").write_text(json.dumps({"version": 0}))
    with pytest.raises(SurveyError, match="is no survey of version 1"):
        read_survey(tmp_path)
    (tmp_path / "survey.json").write_text(json.dumps({"version": 1, "corpus": "classics"}))
    with pytest.raises(SurveyError, match=r"survey\.json lacks sources, tokens"):
        read_survey(tmp_path)


def test_places_are_drawn_evenly_and_the_same_each_time() -> None:
    drawn = hashes("ab" * 32, np.arange(4000))
    assert len(np.unique(drawn)) == 4000 and (drawn >= 0).all()
    assert drawn[1000:].tolist() == hashes("ab" * 32, np.arange(1000, 4000)).tolist()
    assert np.bincount(drawn >> 61).tolist() == pytest.approx([1000] * 4, rel=0.1)


def test_a_checkpoint_of_no_run_has_no_place_for_a_survey(tmp_path: Path) -> None:
    with pytest.raises(SurveyError, match="is in no run: say where the survey goes by --output"):
        surveys.folder_of(tmp_path / "step-00000010", "texts")


def test_surveys_are_named_after_what_they_read(tmp_path: Path) -> None:
    assert surveys.name_of(["classics"]) == "classics"
    assert surveys.name_of(["classics/test"]) == "classics-test"
    assert surveys.name_of([tmp_path / "Zwölf Texte.txt", "other"]) == "zw-lf-texte"
    assert surveys.name_of(["/"]) == "texts"
