"""How texts become tokens, and where in the text each token came from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Unit = Literal["bytes", "characters", "symbols"]

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
LETTERS = " abcdefghijklmnopqrstuvwxyz"
LABELS = {" ": "␣", "\n": "⏎", "\t": "⇥"}


class UnknownAlphabet(RuntimeError):
    """A model's symbols have no names, so it cannot read a text; the message says how to supply them."""

    def __init__(self) -> None:
        super().__init__(
            "this model cannot read or write text: its checkpoint numbers its symbols without naming them; import it "
            "again with what it was trained on: `spanscope import FILE.pt --output FOLDER --corpus FILE`"
        )


class Alphabet(Protocol):
    """The symbols of a model."""

    @property
    def name(self) -> str: ...

    @property
    def size(self) -> int: ...

    @property
    def unit(self) -> Unit:
        """What tokens are, in a word."""
        ...

    def encode(self, text: str) -> tuple[Integers, Integers]:
        """Tokens [T], and their places [T, 2]: code points [start, end) of the text as given.

        Raises ValueError where the text holds what the alphabet has no symbol for.
        """
        ...

    def decode(self, tokens: Iterable[int]) -> str:
        """The text of these tokens. Raises ValueError for a token outside the alphabet."""
        ...

    def symbol(self, token: int) -> str:
        """A short printable label of one token."""
        ...


def alphabet(name: str, symbols: Sequence[str] = ()) -> Alphabet:
    """The alphabet called `bytes`, `text8` or `table`; only `table` takes `symbols`.

    Raises ValueError for what can be no alphabet, UnknownAlphabet for `unknown`.
    """
    if name == "table":
        return Table(tuple(symbols))
    if symbols:
        raise ValueError("a list of symbols belongs to the alphabet 'table', and to it alone")
    if name == "bytes":
        return Bytes()
    if name == "text8":
        return Text8()
    if name == "unknown":
        raise UnknownAlphabet
    raise ValueError(
        f"there is no alphabet {name!r}; there are 'bytes', 'text8', 'table' and 'unknown'"
    )


@dataclass(frozen=True)
class Bytes:
    """The 256 bytes of UTF-8; the bytes of one character share its place."""

    name: str = "bytes"
    size: int = 256
    unit: Unit = "bytes"

    def encode(self, text: str) -> tuple[Integers, Integers]:
        data = np.frombuffer(_utf8(text), np.uint8)
        begins_character = (data & 0xC0) != 0x80
        start = np.cumsum(begins_character, dtype=np.int64) - 1
        return data.astype(np.int64), np.stack((start, start + 1), axis=1)

    def decode(self, tokens: Iterable[int]) -> str:
        return _within(tokens, self.size).astype(np.uint8).tobytes().decode(errors="replace")

    def symbol(self, token: int) -> str:
        (byte,) = _within([token], self.size)
        return _label(chr(byte)) if byte < 128 else byte_name(byte)


@dataclass(frozen=True)
class Text8:
    """What Mahoney's filter leaves of a text: space is 0, a to z are 1 to 26.

    A to Z become lower case, a digit its name between spaces, each run of anything else a space.
    A space's place is the run it stands for; one that only digits made has its digit's place.
    """

    name: str = "text8"
    size: int = 27
    unit: Unit = "characters"

    def encode(self, text: str) -> tuple[Integers, Integers]:
        kind = _kinds(_code_points(text))
        length = SPELLED_LENGTH[kind]
        source = np.repeat(np.arange(len(kind)), length)
        offset = np.arange(len(source)) - np.repeat(np.cumsum(length) - length, length)
        tokens = SPELLED[kind[source], offset]

        space = tokens == 0
        made_by_digit = kind[source] > 26
        after_space = np.insert(space, 0, False)[:-1]
        before_other = np.append(space & ~made_by_digit, False)[1:]
        needless = space & made_by_digit & (after_space | before_other)
        tokens, source = tokens[~needless], source[~needless]

        space = tokens == 0
        first = np.flatnonzero(~space | np.insert(~space, 0, True)[:-1])
        last = np.append(first, len(tokens))[1:] - 1
        return tokens[first], np.stack((source[first], source[last] + 1), axis=1)

    def decode(self, tokens: Iterable[int]) -> str:
        letters = np.frombuffer(LETTERS.encode(), np.uint8)
        return letters[_within(tokens, self.size)].tobytes().decode()

    def symbol(self, token: int) -> str:
        return _label(self.decode([token]))


@dataclass(frozen=True)
class Table:
    """Listed symbols, numbered in the order of the list: characters, or bytes written 0x00 to 0xFF.

    A text of bytes is read as UTF-8. A table of a to z and space, with or without a line's end, reads what Mahoney's
    filter leaves of a text, as `Text8` does.
    """

    symbols: tuple[str, ...]
    name: str = "table"

    def __post_init__(self) -> None:
        for symbol in self.symbols:
            if len(symbol) != 1 and not self.bytewise:
                raise ValueError(
                    f"{symbol!r} is no symbol of a table: they are single characters, or all bytes, 0x00 to 0xFF"
                )
        if not self.symbols or len(set(self.symbols)) < len(self.symbols):
            raise ValueError("a table needs symbols, each of them once")

    @property
    def size(self) -> int:
        return len(self.symbols)

    @property
    def unit(self) -> Unit:
        return "bytes" if self.bytewise else "characters"

    @cached_property
    def bytewise(self) -> bool:
        return set(self.symbols) <= BYTE_NAMES.keys()

    @cached_property
    def _codes(self) -> Integers:
        """The byte or the code point of each token."""
        codes = map(BYTE_NAMES.__getitem__ if self.bytewise else ord, self.symbols)
        return np.fromiter(codes, np.int64, self.size)

    def encode(self, text: str) -> tuple[Integers, Integers]:
        if self.bytewise:
            codes, places = Bytes().encode(text)
        elif set(self.symbols) - {"\n"} == set(LETTERS):
            letters, places = Text8().encode(text)
            codes = _code_points(LETTERS)[letters]
        else:
            codes = _code_points(text)
            start = np.arange(len(codes))
            places = np.stack((start, start + 1), axis=1)
        tokens = self._numbered(codes)
        unlisted = np.flatnonzero(tokens < 0)
        if len(unlisted):
            position = int(places[unlisted[0], 0])
            raise ValueError(f"{text[position]!r} at position {position} is not in the table")
        return tokens, places

    def renumbered(self, tokens: npt.NDArray[np.integer], of: str) -> Integers:
        """Tokens [T] of the alphabet `bytes` or `text8`, as this table numbers them.

        Raises ValueError where it has no number for one.
        """
        codes = np.arange(256) if of == "bytes" else _code_points(LETTERS)
        numbers: Integers = self._numbered(codes)
        renumbered: Integers = numbers[tokens]
        if self.bytewise != (of == "bytes") or (renumbered < 0).any():
            raise ValueError(f"the table of {self.unit} lacks symbols of this text in {of}")
        return renumbered

    def decode(self, tokens: Iterable[int]) -> str:
        known = _within(tokens, self.size)
        if self.bytewise:
            return self._codes[known].astype(np.uint8).tobytes().decode(errors="replace")
        return "".join(self.symbols[token] for token in known)

    def symbol(self, token: int) -> str:
        (known,) = _within([token], self.size)
        return Bytes().symbol(self._codes[known]) if self.bytewise else _label(self.symbols[known])

    def _numbered(self, codes: Integers) -> Integers:
        """The token of each byte or code point, -1 for one that is not listed."""
        order = np.argsort(self._codes)
        rank = np.searchsorted(self._codes, codes, sorter=order).clip(max=self.size - 1)
        tokens: Integers = order[rank]
        tokens[self._codes[tokens] != codes] = -1
        return tokens


def byte_name(byte: int) -> str:
    """How a table writes a byte."""
    return f"0x{byte:02X}"


BYTE_NAMES = {byte_name(byte): byte for byte in range(256)}


def _label(character: str) -> str:
    if character in LABELS:
        return LABELS[character]
    if character.isprintable() and not character.isspace():
        return character
    code = ord(character)
    return f"0x{code:02X}" if code < 128 else f"U+{code:04X}"


def _within(tokens: Iterable[int], size: int) -> Integers:
    listed = tokens if isinstance(tokens, np.ndarray) else list(tokens)
    array = np.asarray(listed, np.int64)
    if ((array < 0) | (array >= size)).any():
        raise ValueError(f"a token of this alphabet is 0 to {size - 1}")
    return array


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"a lone surrogate at position {error.start} ({text[error.start]!r}) "
            "is no character; the text is not valid Unicode"
        ) from None


def _code_points(text: str) -> Integers:
    _utf8(text)
    return np.frombuffer(text.encode("utf-32-le"), "<u4").astype(np.int64)


def _kinds(points: Integers) -> Integers:
    """0 for other characters, 1 to 26 for letters, 27 to 36 for digits."""
    kinds: Integers = np.zeros(129, np.int64)
    letters = np.arange(1, 27)
    kinds[ord("A") + letters - 1] = letters
    kinds[ord("a") + letters - 1] = letters
    kinds[ord("0") + np.arange(10)] = 27 + np.arange(10)
    return kinds.take(points.clip(max=128))


def _spelled() -> tuple[Integers, Integers]:
    """The tokens of each kind [37, 7], of which only the first `length` [37] count."""
    tokens, length = np.zeros((37, 7), np.int64), np.ones(37, np.int64)
    tokens[:27, 0] = np.arange(27)
    for digit, word in enumerate(DIGITS):
        tokens[27 + digit, 1 : 1 + len(word)] = [ord(letter) - ord("a") + 1 for letter in word]
        length[27 + digit] = len(word) + 2
    return tokens, length


SPELLED, SPELLED_LENGTH = _spelled()
