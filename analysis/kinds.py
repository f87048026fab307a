"""What a reader takes the characters of a text for, to ask what calls for a long span."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

KINDS = ("newline", "space", "mark", "digit", "word start", "inside word")
ENDS_OF_SENTENCES = ".!?:"


def kinds(text: str) -> npt.NDArray[np.str_]:
    """The kind of every character [T], one of KINDS."""
    return np.array([_kind(own, before) for before, own in pairwise(" " + text)], dtype="<U11")


def _kind(character: str, before: str) -> str:
    if character == "\n":
        return "newline"
    if character.isspace():
        return "space"
    if character.isdigit():
        return "digit"
    if not character.isalpha():
        return "mark"
    return "inside word" if before.isalpha() else "word start"


def places_in_words(text: str) -> npt.NDArray[np.int64]:
    """The number of each letter in its word [T], from 1; 0 for what is no letter."""
    places = np.zeros(len(text), dtype=np.int64)
    for place, character in enumerate(text):
        if character.isalpha():
            places[place] = 1 + (places[place - 1] if place else 0)
    return places


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
