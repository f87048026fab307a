"""What a reader takes the characters of a text for, to ask what calls for a long span."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

KINDS = ("newline", "space", "mark", "digit", "word start", "inside word")
NEWLINE, SPACE, MARK, DIGIT, LETTER, INSIDE = range(len(KINDS))
ENDS_OF_SENTENCES = ".!?:"

CodePoints = npt.NDArray[np.uint32]


def code_points(text: str) -> CodePoints:
    """[T]."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


def kinds(text: str) -> npt.NDArray[np.str_]:
    """The kind of every character [T], one of KINDS."""
    return np.array(KINDS, dtype="<U11")[kind_numbers(code_points(text))]


def kind_numbers(points: CodePoints) -> npt.NDArray[np.int64]:
    """The place in KINDS of the kind of every code point [T]."""
    numbers = _kinds_alone(points)
    letters = numbers == LETTER
    numbers[letters & np.insert(letters, 0, False)[:-1]] = INSIDE
    return numbers


def _kinds_alone(points: CodePoints) -> npt.NDArray[np.int64]:
    """The kinds where no letter stands in a word."""
    known, which = np.unique(points, return_inverse=True)
    return np.array([_kind_alone(chr(point)) for point in known], np.int64)[which]


def _kind_alone(character: str) -> int:
    if character == "\n":
        return NEWLINE
    if character.isspace():
        return SPACE
    if character.isdigit():
        return DIGIT
    return LETTER if character.isalpha() else MARK


def places_in_words(text: str) -> npt.NDArray[np.int64]:
    """The number of each letter in its word [T], from 1; 0 for what is no letter."""
    return word_places(code_points(text))


def word_places(points: CodePoints) -> npt.NDArray[np.int64]:
    """`places_in_words` of code points [T]."""
    return _since(_kinds_alone(points) != LETTER)


def line_places(points: CodePoints) -> npt.NDArray[np.int64]:
    """The number of each character in its line [T], from 1; a newline ends its line."""
    ends = points == ord("\n")
    return _since(np.insert(ends, 0, True)[:-1]) + 1


def _since(marked: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """How far back the last marked place lies [T], 0 at one; where there is none, the place before the first."""
    places = np.arange(1, len(marked) + 1)
    since: npt.NDArray[np.int64] = places - np.maximum.accumulate(np.where(marked, places, 0))
    return since


def before_words(text: str) -> npt.NDArray[np.bool_]:
    """Whether a character [T] is no letter and the next one begins a word."""
    letters = np.array([character.isalpha() for character in text] + [False])
    before: npt.NDArray[np.bool_] = ~letters[:-1] & letters[1:]
    return before


def in_names(text: str) -> npt.NDArray[np.bool_]:
    """Whether a character [T] is in a word with one capital, its first letter, that begins no sentence and no line."""
    found = np.zeros(len(text), dtype=bool)
    places = places_in_words(text)
    starts = np.flatnonzero(places == 1)
    for start in starts:
        before = text[:start][-8:].rstrip(" ")
        end = start + int(np.argmax(np.append(places[start:], 0) == 0))
        word = text[start:end]
        begins = not before or before[-1] in ENDS_OF_SENTENCES + "\n\"'-(["
        found[start:end] = not begins and len(word) > 1 and word.istitle()
    return found
