"""The characters that tokens stand for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analysis.kinds import CodePoints
from model.alphabets import Alphabet, Integers, Table

REPLACEMENT = 0xFFFD
FIRST_ESCAPE, LAST_ESCAPE = 0xDC80, 0xDCFF
"""What Python's `surrogateescape` makes of bytes that are no UTF-8."""

Tokens = npt.NDArray[np.unsignedinteger]


def characters(alphabet: Alphabet, tokens: Tokens) -> tuple[CodePoints, Integers]:
    """The code points of tokens [T], and which of them each token is (a part of) [T].

    Bytes that are no UTF-8 stand for U+FFFD each.
    """
    if alphabet.unit != "bytes":
        of_symbols = [ord(alphabet.decode([token])) for token in range(alphabet.size)]
        return np.array(of_symbols, np.uint32)[tokens], np.arange(len(tokens))
    text = as_bytes(alphabet, tokens).decode("utf-8", "surrogateescape")
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    escaped = (points >= FIRST_ESCAPE) & (points <= LAST_ESCAPE)
    lengths = 1 + sum((points >= first).astype(np.int64) for first in (0x80, 0x800, 0x10000))
    which = np.repeat(np.arange(len(points)), np.where(escaped, 1, lengths))
    return np.where(escaped, np.uint32(REPLACEMENT), points), which


def as_bytes(alphabet: Alphabet, tokens: Tokens) -> bytes:
    """The bytes that tokens [T] of an alphabet of bytes stand for."""
    if isinstance(alphabet, Table):
        values = np.array([int(symbol, 16) for symbol in alphabet.symbols], np.uint8)
        return values[tokens].tobytes()
    return tokens.astype(np.uint8).tobytes()


def written(points: CodePoints) -> str:
    """The text of code points [T]."""
    return points.astype("<u4").tobytes().decode("utf-32-le")
