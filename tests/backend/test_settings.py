"""Settings: where they come from, and what is said where one is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.settings import Settings
from tests.backend.test_imported import spanscope

TOKEN = "0123456789abcdefghij"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without settings of ours."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rows(told: str) -> dict[str, list[str]]:
    return {line.split()[0]: line.split()[1:] for line in told.splitlines()[1:]}


def test_config_tells_values_and_who_set_them_but_no_token(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (elsewhere / "spanscope.toml").write_text(f'token = "{TOKEN}"\nport = 8001\nmax_rows = 7\n')
    monkeypatch.setenv("SPANSCOPE_PORT", "9000")
    monkeypatch.setenv("SPANSCOPE_HOSTS", "spans.example,other.example")
    assert spanscope(monkeypatch, "config") == 0
    out, err = capsys.readouterr()
    told = rows(out)
    assert list(told) == list(Settings.model_fields) and err == ""
    assert told["port"][:2] == ["9000", "SPANSCOPE_PORT"]
    assert told["hosts"][:2] == ["spans.example,other.example", "SPANSCOPE_HOSTS"]
    assert told["max_rows"][:2] == ["7", "spanscope.toml"]
    assert told["token"][:2] == ["set", "spanscope.toml"] and TOKEN not in out
    assert told["max_queue"][:2] == ["16", "default"]
    chosen = Settings()
    assert (chosen.port, chosen.max_rows) == (9000, 7)
    assert chosen.hosts == ["spans.example", "other.example"]


def test_config_says_which_values_are_wrong_and_shows_the_others(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (elsewhere / "spanscope.toml").write_text("max_seconds = 0\n")
    monkeypatch.setenv("SPANSCOPE_TOKEN", "short")
    assert spanscope(monkeypatch, "config") == 1
    out, err = capsys.readouterr()
    assert rows(out)["max_seconds"][:2] == ["0", "spanscope.toml"]
    assert err.startswith("error: token: ") and err.count("\n") == 1 and "short" not in out + err
    assert "(SPANSCOPE_TOKEN)" in err
    assert "max_seconds: Input should be greater than 0 (spanscope.toml)" in err


def test_a_variable_that_is_no_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SPANSCOPE_MAX_QUEU", "3")
    assert spanscope(monkeypatch, "config") == 0
    warning = "warning: SPANSCOPE_MAX_QUEU is no setting; is it SPANSCOPE_MAX_QUEUE?\n"
    assert capsys.readouterr().err == warning


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (None, "SPANSCOPE_CONFIG is mine.toml; there is no such file"),
        ("port = ", "mine.toml cannot be read: Invalid value"),
        ("prot = 1", "prot: Extra inputs are not permitted (mine.toml)"),
    ],
)
@pytest.mark.parametrize("command", ["config", "serve"])
def test_a_file_that_is_named_must_be_there_and_right(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    content: str | None,
    error: str,
) -> None:
    monkeypatch.setenv("SPANSCOPE_CONFIG", "mine.toml")
    if content:
        Path("mine.toml").write_text(content)
    assert spanscope(monkeypatch, command) == 1
    assert capsys.readouterr().err.startswith(f"error: {error}")


def test_what_the_command_line_sets_wrong_is_said_to_stand_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert spanscope(monkeypatch, "serve", "--port", 99999) == 1
    assert capsys.readouterr().err.endswith("65535 (the command line)\n")
