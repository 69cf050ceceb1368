"""Tokens of texts: words, parts of words of scripts without spaces, and tags of lists."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

WORDS, CHARACTERS, TAGS = "words", "characters", "tags"

# Vowel signs and accents, which Python's \w does not match: combining accents, the points of
# Hebrew and Arabic, the scripts of South and South-East Asia without their punctuation.
_MARKS = (
    "\u0300-\u036f\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
    "\u0900-\u0963\u0966-\u0e3a\u0e40-\u0f0a\u0f0e-\u1049\u1050-\u109f\u1780-\u17d3\u200c\u200d"
)
# Scripts without spaces: Chinese and Japanese characters, of which a word has about two;
# letters of Thai, Lao, Burmese and Khmer, of which it has four or more.
_IDEOGRAMS = (
    "\u3005\u3040-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_LETTERS = "\u0e01-\u0e3a\u0e40-\u0e4e\u0e80-\u0ece\u1000-\u103f\u1780-\u17d3"
_RUN = re.compile(
    f"(?P<ideograms>[{_IDEOGRAMS}]+)|(?P<letters>[{_LETTERS}]+)"
    rf"|(?P<word>(?:[^\W_{_IDEOGRAMS}]|[{_MARKS}])+)"
)
_WORD_LENGTH = {"ideograms": 2, "letters": 4}
_UNSPACED = re.compile(f"[{_IDEOGRAMS}{_LETTERS}]")
# Minimum share of such characters among the letters of a text. Names of products and places
# in Latin letters are frequent in these languages.
UNSPACED_SHARE = 0.3

# Single Latin letters in lower case are parts of "it's" or "a house".
_WORD = re.compile(rf"(?:[^\W_]|[{_MARKS}]){{2,}}|[^\W_a-z]")

_ASCII_WORD = re.compile("[A-Za-z0-9]{2,}|[A-Z0-9]")

_DIGIT = re.compile(r"\d")
# Words with digits of one length are counted if each occurs so many times on average, or if
# they are fewer than that.
NUMBER_REPEATS, FEWEST_NUMBERS = 2.0, 10

# Characters that may stand between tags, the least ambiguous first.
SEPARATORS = "|;\t\n•·,/+& "
_BRACKETS = "[](){}<>\"'\u201c\u201d "
# Minimum share of the values that have two tags or more, mean number of values that have a
# tag, and number of values for each tag. Sentences with commas, names of towns with their
# countries, and paths have fewer.
LIST_SHARE, VALUES_PER_TAG, LISTS_PER_TAG = 0.5, 3.0, 2.0
# Lists of tags between spaces have this many different lengths, and so many values for each
# tag. Titles of jobs have fewer of the first, sentences of the second.
LENGTHS, LISTS_BETWEEN_SPACES = 3, 4.0


@dataclass(frozen=True)
class Tokens:
    """The tokens that are counted in a text, compared regardless of case.

    Attributes
    ----------
    kind : {"words", "characters", "tags"}
        Words between spaces and marks; all parts that are as long as words, in scripts without
        spaces; or the tags of lists.
    separator : str
        The character between tags.
    longest_number : int or None
        Number of characters of the longest words with digits that are counted; None: all.
        Longer ones, such as the numbers of invoices, hardly repeat.
    """

    kind: str = WORDS
    separator: str = ""
    longest_number: int | None = None

    def of(self, text: str) -> Iterable[str]:
        """Return the tokens of a text."""
        if self.kind == TAGS:
            return _tags(text, self.separator)
        if self.kind == CHARACTERS:
            return _grams(text)
        words, longest = _words(text), self.longest_number
        if longest is None:
            return words
        return [word for word in words if len(word) <= longest or not _DIGIT.search(word)]


def find_tokens(texts: Sequence[str]) -> Tokens:
    """Find the tokens to count in texts."""
    joined = "".join(texts)
    n_unspaced = len(_UNSPACED.findall(joined))
    if n_unspaced > UNSPACED_SHARE * sum(map(str.isalpha, joined)):
        return Tokens(CHARACTERS)
    for separator in SEPARATORS:
        if _are_lists(texts, separator):
            return Tokens(TAGS, separator)
    return Tokens(longest_number=_longest_number(texts))


def _longest_number(texts: Sequence[str]) -> int | None:
    """Return the length up to which words with digits repeat; None if all are needed."""
    words = [word for text in texts for word in _words(text) if _DIGIT.search(word)]
    counts, distinct = Counter(map(len, words)), Counter(map(len, set(words)))
    for length in sorted(counts):
        if FEWEST_NUMBERS <= counts[length] < NUMBER_REPEATS * distinct[length]:
            left = {tuple(Tokens(longest_number=length - 1).of(text)) for text in texts}
            return length - 1 if len(left) > 1 else None
    return None


def pieces(text: str) -> tuple[str, ...]:
    """Cut a text of a script without spaces into pieces as long as words."""
    return tuple(
        run[start : start + length]
        for run, length in _runs(text)
        for start in range(0, len(run), length)
    )


def _words(text: str) -> Iterable[str]:
    if text.isascii():  # three times as fast
        return " ".join(_ASCII_WORD.findall(text)).lower().split()
    return map(str.lower, _WORD.findall(_normal(text)))


def _grams(text: str) -> Iterator[str]:
    """Yield all parts of a text that are as long as words, and its words between spaces."""
    for run, length in _runs(text):
        for start in range(max(1, len(run) - length + 1)):
            yield run[start : start + length].lower()


def _runs(text: str) -> Iterator[tuple[str, int]]:
    """Yield the runs of characters of one script, with the length of a word in it."""
    for match in _RUN.finditer(_normal(text)):
        run = match.group()
        yield run, _WORD_LENGTH.get(str(match.lastgroup), len(run))


def _normal(text: str) -> str:
    """Replace composed accents and characters of full or half width by the usual ones."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def _tags(text: str, separator: str) -> list[str]:
    tags = (tag.strip(_BRACKETS).casefold() for tag in text.split(separator))
    return [tag for tag in tags if tag]


def _are_lists(texts: Sequence[str], separator: str) -> bool:
    """Whether texts are lists of few tags that repeat."""
    if sum(separator in text for text in texts) < LIST_SHARE * len(texts):
        return False
    lists = [_tags(text, separator) for text in texts]
    lengths = list(map(len, lists))
    if sum(length > 1 for length in lengths) < LIST_SHARE * len(lists):
        return False
    if separator == " " and len(set(lengths)) < LENGTHS:
        return False
    n_tags = len(set(chain.from_iterable(lists)))
    lists_per_tag = LISTS_BETWEEN_SPACES if separator == " " else LISTS_PER_TAG
    return len(lists) >= lists_per_tag * n_tags and sum(lengths) >= VALUES_PER_TAG * n_tags
