"""The portal's own list of long weak passwords, drawn from rules and from phrases that people really take.

Public lists hold hardly any password of 15 characters or more, so they say nothing about those that are allowed here.
"""

import functools
import gzip
import itertools
import re
import unicodedata
from pathlib import Path

from django.contrib.auth import password_validation

SHORTEST = 15
PHRASES = Path(__file__).parent / "phrases.txt"  # one a line, as words
SEPARATORS = re.compile(r"[\s._-]+")
WALKS = (  # what fingers run along: rows, columns, letters and digits in order; each also backwards, and from anywhere
    "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm", "azertyuiopqsdfghjklmwxcvbn",
    "zxcvbnmasdfghjklqwertyuiop", "asdfghjklqwertyuiopzxcvbnm", "1234567890qwertyuiopasdfghjklzxcvbnm",
    "1234567890qwertzuiopasdfghjklyxcvbnm", "qwertyuiop[]asdfghjkl;'zxcvbnm,./", "qwertyuiop1234567890",
    "qazwsxedcrfvtgbyhnujmikolp", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p", "!qaz@wsx#edc$rfv%tgb^yhn&ujm*ik(ol)p",
    "zaqxswcdevfrbgtnhymjukilop", "q1w2e3r4t5y6u7i8o9p0", "1q2w3e4r5t6y7u8i9o0p", "qawsedrftgyhujikolp",
    "a1s2d3f4g5h6j7k8l9", "1a2s3d4f5g6h7j8k9l", "abcdefghijklmnopqrstuvwxyz", "1234567890", "0123456789",
    "!@#$%^&*()1234567890", "abcdefghijklmnopqrstuvwxyz1234567890", "a1b2c3d4e5f6g7h8i9j0k1l2m3",
    "йцукенгшщзхъфывапролджэячсмитьбю", "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
)  # fmt: skip
MOST_COMMON = 120  # of the framework's list: two of them in a row are a list entry, too


def folded(text: str) -> str:
    """Return what is compared of a password or a name: without case, width, accents' composition and separators."""
    return SEPARATORS.sub("", unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()))


@functools.cache
def weak() -> frozenset[str]:
    """Return what is weak at any length, folded: the framework's list, pairs out of it, walks and phrases."""
    return frozenset({*map(folded, (*_by_frequency(), *_phrases())), *_walks(), *_pairs()})


def long_ones() -> list[str]:
    """Return those that would be long enough to be taken otherwise (PW4)."""
    return sorted(entry for entry in weak() if len(entry) >= SHORTEST)


def _walks() -> set[str]:
    found = set()
    for keys in WALKS:
        for line in (keys * 3, keys[::-1] * 3):
            lengths = range(SHORTEST, max(len(keys), SHORTEST + 6) + 1)
            found |= {line[start : start + length] for start in range(len(keys)) for length in lengths}
    return {folded(walk) for walk in found}


def _pairs() -> set[str]:
    words = [word for word in _by_frequency() if len(word) >= 4][:MOST_COMMON]
    return {first + second for first, second in itertools.product(words, repeat=2)}


def _phrases() -> list[str]:
    return [line for line in PHRASES.read_text(encoding="utf-8").splitlines() if line]


@functools.cache
def _by_frequency() -> tuple[str, ...]:
    path = Path(password_validation.__file__).with_name("common-passwords.txt.gz")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return tuple(line.strip() for line in lines)
