"""What a reader takes characters for."""

from __future__ import annotations

from analysis.kinds import (
    before_words,
    code_points,
    in_names,
    kinds,
    line_places,
    places_in_words,
)

TEXT = "Ah, Lord Tom!\nThe 4 of us; we saw Kate."


def at(text: str, part: str) -> slice:
    start = text.index(part)
    return slice(start, start + len(part))


def test_every_character_has_a_kind() -> None:
    assert kinds("A b,\n4").tolist() == [
        "word start",
        "space",
        "word start",
        "mark",
        "newline",
        "digit",
    ]
    assert set(kinds(TEXT)[at(TEXT, "ord")]) == {"inside word"}


def test_letters_are_numbered_in_their_words() -> None:
    assert places_in_words("ab c").tolist() == [1, 2, 0, 1]
    assert places_in_words("élan ").tolist() == [1, 2, 3, 4, 0]
    assert before_words(" ab, c").tolist() == [True, False, False, False, True, False]


def test_names_are_capitalised_where_no_sentence_begins() -> None:
    named = in_names(TEXT)
    assert {part for part in ("Lord", "Tom", "Kate") if named[at(TEXT, part)].all()} == {
        "Lord",
        "Tom",
        "Kate",
    }
    assert not any(named[at(TEXT, part)].any() for part in ("Ah", "The", "us", "saw"))


def test_characters_are_numbered_in_their_lines_and_a_newline_ends_its_own() -> None:
    assert line_places(code_points("ab\n\nc")).tolist() == [1, 2, 3, 1, 1]
