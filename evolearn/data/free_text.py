"""Detection of text among columns of strings, and the counts of its tokens.

Tokens are hashed into a fixed number of columns (Weinberger et al., "Feature hashing for large
scale multitask learning", ICML 2009). No vocabulary is learned, so no word of a held-out row
can leak into the training of a fold.
"""

import re
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import chain

import numpy as np
from scipy import sparse
from sklearn.utils import murmurhash3_32

from evolearn.data.matrix import block_rows
from evolearn.data.tokens import CHARACTERS, TAGS, Tokens, find_tokens, pieces

# Minimum mean number of words per value of sentences. Names of people and places, codes and
# keys have fewer.
SENTENCE_WORDS = 3.0
# Maximum number of rows per distinct value of sentences, of values that share words, and of
# lists of tags. With more rows a value can be learned from as a category.
SENTENCE_ROWS, SHARED_ROWS, LIST_ROWS = 2.0, 5.0, 20.0
# Minimum share of the values that differ in their words.
DIFFERENT_SHARE = 0.5
# A shared word occurs in this many values, in this share of them at least, and in this share
# at most: the first names of people are rarer, the prefixes of keys more frequent. Values share
# words if half of them have a shared word.
LEAST_VALUES, LEAST_SHARED, MOST_SHARED, SHARING = 5, 0.02, 0.95, 0.5
# Minimum number of different lists of tags.
FEWEST_LISTS = 10
# Number of values that are looked at, evenly spaced in their sorted order, and of characters
# of each.
SAMPLE, SAMPLE_CHARACTERS = 1_000, 512
# A word of a sentence is letters between white space, without punctuation; hyphens and
# apostrophes may join them. Strings with digits are none: those of keys and hashes come in
# parts too.
_JOINT = r"['\u2019-]"
# Vowel signs of Indic scripts and of Arabic are no letters to Python.
_SIGNS = r"\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0971-\u0dff"
_LETTER = rf"(?:[^\W\d_]|[{_SIGNS}])"
_SENTENCE_WORD = re.compile(
    rf"(?<!\S)[^\w\s]*((?:{_LETTER}+{_JOINT})*{_LETTER}{{2,}}(?:{_JOINT}{_LETTER}+)*)"
    r"[^\w\s]*(?!\S)"
)
# A word that may be shared may stand between any marks, as in addresses and paths; a single
# letter ("shirt, M") between spaces. Digits of hexadecimal numbers are no words.
_SHARED_WORD = re.compile(rf"(?<![^\W_]){_LETTER}{{2,}}(?![^\W_])|(?<!\S){_LETTER}(?=[\s,;]|$)")
_HEXADECIMAL = re.compile("[a-f]+", re.IGNORECASE)

# Maximum number of matrix cells of all text columns together (48 MiB, too few to make the
# matrix a large one), and the limits of the width of one. With 2,048 columns, tf-idf of words
# tells five libraries by 2,500 of their docstrings at a log loss of 1.11, with 512 at 1.38,
# with a column for each word at 0.94.
TEXT_CELLS = 6 * 2**20
NARROWEST, WIDEST = 64, 2_048
# Maximum number of characters read of all texts of a column, which takes some ten seconds, and
# the limits of those read of each text.
ALL_CHARACTERS = 2**25
FEWEST_CHARACTERS, MOST_CHARACTERS = 64, 4_096

Words = Iterable[str]


def text_tokens(labels: Sequence[str]) -> Tokens:
    """Find the tokens to count in a text, given its distinct values."""
    return find_tokens(_sample(labels))


def find_text(labels: Sequence[str], n_values: int, fewest: int) -> Tokens | None:
    """Return the tokens to count if distinct, sorted labels are texts, else None.

    `n_values` is the number of values of the column that are not missing. Texts other than
    lists of tags have more than `fewest` distinct labels.
    """
    rows = n_values / max(len(labels), 1)
    if rows > LIST_ROWS or len(labels) <= FEWEST_LISTS:
        return None
    sample = _sample(labels)
    tokens = find_tokens(sample)
    if tokens.kind == TAGS:
        return tokens
    if rows > SHARED_ROWS or len(labels) <= fewest:
        return None
    unspaced = tokens.kind == CHARACTERS
    if rows <= SENTENCE_ROWS and _are_sentences(
        sample, pieces if unspaced else _SENTENCE_WORD.findall
    ):
        return tokens
    return tokens if _share_words(sample, tokens.of if unspaced else _shared) else None


def _sample(labels: Sequence[str]) -> list[str]:
    return [label[:SAMPLE_CHARACTERS] for label in labels[:: max(1, len(labels) // SAMPLE)]]


def _are_sentences(labels: Sequence[str], words_of: Callable[[str], Words]) -> bool:
    words = [tuple(words_of(label)) for label in labels]
    enough_words = sum(map(len, words)) >= SENTENCE_WORDS * len(words)
    return enough_words and len(set(words)) >= DIFFERENT_SHARE * len(words)


def _share_words(labels: Sequence[str], words_of: Callable[[str], Words]) -> bool:
    words = [set(words_of(label)) for label in labels]
    counts = Counter(chain.from_iterable(words))
    least = max(LEAST_VALUES, LEAST_SHARED * len(words))
    most = MOST_SHARED * len(words)
    shared = {word for word, count in counts.items() if least <= count <= most}
    return sum(not shared.isdisjoint(one) for one in words) >= SHARING * len(words)


def _shared(label: str) -> list[str]:
    words = _SHARED_WORD.findall(label.lower())
    return [word for word in words if not _HEXADECIMAL.fullmatch(word)]


def text_width(n_rows: int, n_texts: int) -> int:
    """Return the number of matrix columns for each of `n_texts` text columns."""
    return int(np.clip(TEXT_CELLS // (n_rows * n_texts), NARROWEST, WIDEST))


def text_characters(n_rows: int) -> int:
    """Return the number of characters that are read of each text of a column."""
    return int(np.clip(ALL_CHARACTERS // n_rows, FEWEST_CHARACTERS, MOST_CHARACTERS))


def fill_counts(
    out: np.ndarray, labels: Sequence[str], codes: np.ndarray, characters: int, tokens: Tokens
) -> None:
    """Write the counts of the tokens of each row's text into a block of the matrix.

    `labels` are the distinct texts, `codes` the position of each row's text in them, -1 for a
    missing text, which has no tokens. Of each text `characters` characters are read.
    """
    columns, found, ends = _HashedTokens(out.shape[1]), array("i"), [0]
    for label in labels:
        found.extend(map(columns.__getitem__, tokens.of(label[:characters])))
        ends.append(len(found))
    # The last text, without words, is that of code -1.
    ends.append(len(found))
    cells = np.ones(len(found)), np.frombuffer(found, np.intc), np.array(ends)
    counts = sparse.csr_array(cells, shape=(len(labels) + 1, out.shape[1]))
    step = block_rows(out.shape[1])
    for start in range(0, len(out), step):
        rows = codes[start : start + step]
        out[start : start + step] = counts[rows].toarray()


class _HashedTokens(dict[str, int]):
    """The matrix column of each token, which is hashed once, as in `FeatureHasher`."""

    def __init__(self, width: int) -> None:
        self._width = width

    def __missing__(self, token: str) -> int:
        code = murmurhash3_32(token.encode("utf-8", "surrogatepass"), positive=False)
        column = self[token] = abs(int(code)) % self._width
        return column
