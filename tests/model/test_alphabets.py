import re
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.alphabets import DIGITS, LETTERS, Alphabet, Bytes, Table, UnknownAlphabet, alphabet
from model.config import ConfigError, ModelConfig

TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("aZ019 -é\n"))


def mahoney(text: str) -> str:
    """The substitutions of wikifil.pl, one after the other."""
    text = re.sub("[A-Z]", lambda letter: letter[0].lower(), text)
    for digit, word in enumerate(DIGITS):
        text = text.replace(str(digit), f" {word} ")
    return re.sub("[^a-z]+", " ", text)


def read(name: str, text: str) -> list[tuple[str, tuple[int, int]]]:
    which = alphabet(name)
    tokens, places = which.encode(text)
    return [
        (which.decode([token]), (int(start), int(end)))
        for token, (start, end) in zip(tokens, places, strict=True)
    ]


def assert_sound(which: Alphabet, text: str) -> None:
    tokens, places = which.encode(text)
    assert tokens.dtype == places.dtype == np.int64
    assert places.shape == (len(tokens), 2)
    assert (np.diff(places, axis=0) >= 0).all()
    assert {at for start, end in places.tolist() for at in range(start, end)} == set(
        range(len(text))
    )


@given(TEXTS)
def test_bytes_come_back_and_their_places_cover_the_text(text: str) -> None:
    which = alphabet("bytes")
    tokens, places = which.encode(text)
    assert bytes(tokens.tolist()) == text.encode()
    assert which.decode(tokens) == text
    characters = [character for character in text for _ in character.encode()]
    assert [text[start:end] for start, end in places] == characters
    assert_sound(which, text)


def test_the_bytes_of_an_emoji_share_its_place() -> None:
    tokens, places = alphabet("bytes").encode("é😀a")
    assert tokens.tolist() == list("é😀a".encode())
    assert places.tolist() == [[0, 1]] * 2 + [[1, 2]] * 4 + [[2, 3]]


def test_half_a_character_decodes_to_a_replacement() -> None:
    assert alphabet("bytes").decode([97, 0xE2, 98]) == "a\ufffdb"


@given(TEXTS)
def test_text8_is_mahoneys_filter_and_its_places_cover_the_text(text: str) -> None:
    which = alphabet("text8")
    tokens, _ = which.encode(text)
    assert which.decode(tokens) == mahoney(text)
    assert_sound(which, text)


@given(TEXTS)
def test_text8_leaves_what_it_has_filtered_alone(text: str) -> None:
    which = alphabet("text8")
    once, _ = which.encode(text)
    twice, _ = which.encode(which.decode(once))
    assert once.tolist() == twice.tolist()


def test_text8_numbers_space_0_and_letters_1_to_26() -> None:
    tokens, _ = alphabet("text8").encode("az Z")
    assert tokens.tolist() == [1, 26, 0, 26]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A, é-b", [("a", (0, 1)), (" ", (1, 5)), ("b", (5, 6))]),
        ("1", [(letter, (0, 1)) for letter in " one "]),
        ("a1b", [("a", (0, 1)), *((x, (1, 2)) for x in " one "), ("b", (2, 3))]),
        ("a 1 b", [("a", (0, 1)), (" ", (1, 2)), *((x, (2, 3)) for x in "one"), (" ", (3, 4)),
                   ("b", (4, 5))]),
        ("12", [*((x, (0, 1)) for x in " one "), *((x, (1, 2)) for x in "two ")]),
    ],
)  # fmt: skip
def test_text8_places(text: str, expected: list[tuple[str, tuple[int, int]]]) -> None:
    assert read("text8", text) == expected


@given(st.text("abc\n😀"))
def test_a_table_numbers_by_its_own_order(text: str) -> None:
    symbols = ["c", "😀", "a", "\n", "b"]
    which = alphabet("table", symbols)
    tokens, _ = which.encode(text)
    assert tokens.tolist() == [symbols.index(character) for character in text]
    assert which.decode(tokens) == text
    assert which.size == 5
    assert_sound(which, text)


@pytest.mark.parametrize("stranger", ["0", "b", "z", "😀"])
def test_a_table_names_the_character_it_lacks(stranger: str) -> None:
    with pytest.raises(ValueError, match=f"'{stranger}' at position 2 is not in the table"):
        alphabet("table", ["a", "c"]).encode(f"ac{stranger}")


@given(TEXTS)
def test_a_table_of_bytes_reads_utf_8_by_its_own_order(text: str) -> None:
    which, plain = alphabet("table", [f"0x{byte:02X}" for byte in range(255, -1, -1)]), Bytes()
    tokens, places = which.encode(text)
    assert (255 - tokens).tolist() == plain.encode(text)[0].tolist()
    assert places.tolist() == plain.encode(text)[1].tolist()
    assert which.decode(tokens) == text
    assert_sound(which, text)


def test_a_table_of_bytes_knows_halves_of_characters_and_names_what_it_lacks() -> None:
    which = alphabet("table", ["0x0A", "0xC3", "0x61"])
    assert (which.unit, which.size) == ("bytes", 3)
    assert [which.symbol(token) for token in range(3)] == ["⏎", "0xC3", "a"]
    assert which.decode([2, 1, 2]) == "a\ufffda"
    with pytest.raises(ValueError, match="'é' at position 2 is not in the table"):
        which.encode("a\né")


@pytest.mark.parametrize("end", ["", "\n"])
@given(text=TEXTS)
def test_a_table_of_text8_s_letters_filters_as_text8_does(end: str, text: str) -> None:
    which, plain = alphabet("table", [*reversed(LETTERS), *end]), alphabet("text8")
    tokens, places = which.encode(text)
    assert which.decode(tokens) == plain.decode(plain.encode(text)[0])
    assert places.tolist() == plain.encode(text)[1].tolist()
    assert which.unit == "characters"


def test_a_corpus_is_renumbered_for_a_table() -> None:
    corpus = alphabet("text8").encode("a cab")[0].astype(np.uint8)
    assert Table(tuple("c ab")).renumbered(corpus, "text8").tolist() == [2, 1, 0, 2, 3]
    raw = np.frombuffer(b"ab", np.uint8)
    assert Table(("0x62", "0x61")).renumbered(raw, "bytes").tolist() == [1, 0]
    for table, tokens, of in (("ab ", corpus, "text8"), ("ab", raw, "bytes")):
        with pytest.raises(ValueError, match=f"lacks symbols of this text in {of}"):
            Table(tuple(table)).renumbered(tokens, of)


def test_an_unknown_alphabet_says_how_to_supply_it() -> None:
    with pytest.raises(UnknownAlphabet, match=r"spanscope import FILE.pt .* --corpus FILE"):
        alphabet("unknown")


def test_a_config_s_alphabet_is_checked() -> None:
    listed = ModelConfig.from_dict({"alphabet": "table", "table": ["0x0A", "0xFF"]})
    assert (listed.table, listed.symbols, listed.unit) == (("0x0A", "0xFF"), 2, "bytes")
    unknown = ModelConfig(alphabet="unknown", vocabulary=5)
    assert (unknown.symbols, unknown.unit) == (5, "symbols")
    for values, message in (
        ({"alphabet": "table"}, "table needs symbols"),
        ({"alphabet": "table", "table": [1]}, "table is .* a list of texts"),
        ({"alphabet": "table", "table": "ab"}, "table is 'ab'"),
        ({"alphabet": "table", "table": ["a", "a"]}, "each of them once"),
        ({"alphabet": "bytes", "table": ["a"]}, "belongs to the alphabet 'table'"),
        ({"alphabet": "unknown"}, "vocabulary is 0; it must be at least 1"),
        ({"alphabet": "bytes", "vocabulary": 256}, "vocabulary is 256; it must be 0"),
    ):
        with pytest.raises(ConfigError, match=message):
            ModelConfig.from_dict(values)


@pytest.mark.parametrize("symbols", [[], ["a", "a"], ["ab"], [""], ["a", "0x62"], ["0x0a"]])
def test_a_table_refuses_symbols_it_could_not_tell_apart(symbols: list[str]) -> None:
    with pytest.raises(ValueError, match="symbol"):
        alphabet("table", symbols)


@pytest.mark.parametrize(
    ("name", "symbols"), [("words", []), ("bytes", ["a"]), ("text8", ["a"]), ("unknown", ["a"])]
)
def test_an_alphabet_that_cannot_be(name: str, symbols: list[str]) -> None:
    with pytest.raises(ValueError, match="alphabet"):
        alphabet(name, symbols)


@pytest.mark.parametrize("which", [Bytes(), alphabet("text8"), Table(("a",)), Table(("0x61",))])
def test_edges_are_the_same_everywhere(which: Alphabet) -> None:
    tokens, places = which.encode("")
    assert (tokens.shape, places.shape) == ((0,), (0, 2))
    assert which.decode(tokens) == which.decode([]) == ""
    with pytest.raises(ValueError, match="lone surrogate at position 1"):
        which.encode("a\ud83d")
    for outside in (-1, which.size):
        with pytest.raises(ValueError, match="token"):
            which.decode([outside])


def test_symbols_are_short_and_printable() -> None:
    which = alphabet("bytes")
    shown = [which.symbol(token) for token in (*b"a \n\t\x00\x7f", 0xE2)]
    assert shown == ["a", "␣", "⏎", "⇥", "0x00", "0x7F", "0xE2"]
    assert all(which.symbol(token).isprintable() for token in range(256))
    assert [alphabet("text8").symbol(token) for token in (0, 1, 26)] == ["␣", "a", "z"]
    assert [alphabet("table", ["é", "\u2028"]).symbol(token) for token in (0, 1)] == ["é", "U+2028"]


@pytest.mark.parametrize("name", ["bytes", "text8"])
def test_20_000_characters_take_a_moment(name: str) -> None:
    which, text = alphabet(name), "In 1789, Käse 😀. " * 1250

    def seconds() -> float:
        start = time.perf_counter()
        which.encode(text)
        return time.perf_counter() - start

    assert min(seconds() for _ in range(5)) < 0.01
