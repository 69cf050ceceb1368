"""Free text: the rule by which it is told from identifiers, and the counts of its words.

Words are hashed into a fixed number of columns (Weinberger et al., "Feature hashing for large
scale multitask learning", ICML 2009): nothing is learned of them, so that nothing of a row to
predict can reach the training of a fold.
"""

import re
from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer

from evolearn.data.profile import BLOCK_CELLS

# A column is text from so many words per value on: names of people and places, codes and keys
# have fewer.
TEXT_WORDS = 3.0
# The share of the values that must be distinct, and still be that by their words alone: below
# it a value has more than two rows to learn from, as a category.
TEXT_SHARE = 0.5
# So many values are looked at, evenly spaced in their sorted order.
TEXT_SAMPLE = 1_000
# Letters between white space, punctuation aside; hyphens and apostrophes may join them. Not
# what holds digits: those of keys and hashes come in parts too.
_JOINT = r"['\u2019-]"
_WORD = re.compile(
    rf"(?<!\S)[^\w\s]*((?:[^\W\d_]+{_JOINT})*[^\W\d_]{{2,}}(?:{_JOINT}[^\W\d_]+)*)[^\w\s]*(?!\S)"
)

# All text columns together may take so many cells of the matrix (48 MiB, less than makes it a
# large one), each of them within these limits. With 2,048 columns, words weighed by tf-idf
# tell five libraries by 2,500 of their docstrings at a log loss of 1.11, with 512 at 1.38, with
# a column for each word at 0.94.
TEXT_CELLS = 6 * 2**20
NARROWEST, WIDEST = 64, 2_048
# So many characters of all texts of a column are read, some ten seconds' worth, and of each
# text at least and at most so many.
ALL_CHARACTERS = 2**25
FEWEST_CHARACTERS, MOST_CHARACTERS = 64, 4_096


def is_text(labels: Sequence[str], n_known: int) -> bool:
    """Whether many distinct values look like sentences rather than keys.

    Parameters
    ----------
    labels : sequence of str
        The distinct values, sorted.
    n_known : int
        The number of rows that have a value.
    """
    if len(labels) < TEXT_SHARE * n_known:
        return False
    step = max(1, len(labels) // TEXT_SAMPLE)
    words = [tuple(_WORD.findall(label[:MOST_CHARACTERS])) for label in labels[::step]]
    enough_words = sum(map(len, words)) >= TEXT_WORDS * len(words)
    return enough_words and len(set(words)) >= TEXT_SHARE * len(words)


def text_width(n_rows: int, n_texts: int) -> int:
    """Return the number of columns for each of so many text columns of so many rows."""
    return int(np.clip(TEXT_CELLS // (n_rows * n_texts), NARROWEST, WIDEST))


def text_characters(n_rows: int) -> int:
    """Return how many characters of each text are read in a column of so many rows."""
    return int(np.clip(ALL_CHARACTERS // n_rows, FEWEST_CHARACTERS, MOST_CHARACTERS))


def fill_counts(
    out: np.ndarray, labels: Sequence[str], codes: np.ndarray, characters: int
) -> None:
    """Write into `out`, of one row per code, how often each word occurs in each row's text.

    Code -1 is a missing text, which has no words.
    """
    hashing = HashingVectorizer(n_features=out.shape[1], alternate_sign=False, norm=None)
    # The last one, without words, is that of code -1.
    counts = hashing.transform([*(label[:characters] for label in labels), ""])
    step = max(1, BLOCK_CELLS // out.shape[1])
    for start in range(0, len(out), step):
        rows = codes[start : start + step]
        out[start : start + step] = counts[rows].toarray()
