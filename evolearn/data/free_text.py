"""Detection of free text among columns of strings, and the counts of its words.

Words are hashed into a fixed number of columns (Weinberger et al., "Feature hashing for large
scale multitask learning", ICML 2009). No vocabulary is learned, so no word of a held-out row
can leak into the training of a fold.
"""

import re
from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer

from evolearn.data.matrix import block_rows

# Minimum mean number of words per value of a text. Names of people and places, codes and keys
# have fewer.
TEXT_WORDS = 3.0
# Minimum share of the values that are distinct, in full and by their words alone. Below it a
# value has more than two rows to learn from, as a category.
TEXT_SHARE = 0.5
# Number of values that are looked at, evenly spaced in their sorted order.
TEXT_SAMPLE = 1_000
# A word is letters between white space, without punctuation; hyphens and apostrophes may join
# them. Strings with digits are none: those of keys and hashes come in parts too.
_JOINT = r"['\u2019-]"
_WORD = re.compile(
    rf"(?<!\S)[^\w\s]*((?:[^\W\d_]+{_JOINT})*[^\W\d_]{{2,}}(?:{_JOINT}[^\W\d_]+)*)[^\w\s]*(?!\S)"
)

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


def is_text(labels: Sequence[str], n_values: int) -> bool:
    """Whether many distinct values, sorted, of `n_values` look like sentences, not keys."""
    if len(labels) < TEXT_SHARE * n_values:
        return False
    step = max(1, len(labels) // TEXT_SAMPLE)
    words = [tuple(_WORD.findall(label[:MOST_CHARACTERS])) for label in labels[::step]]
    enough_words = sum(map(len, words)) >= TEXT_WORDS * len(words)
    return enough_words and len(set(words)) >= TEXT_SHARE * len(words)


def text_width(n_rows: int, n_texts: int) -> int:
    """Return the number of matrix columns for each of `n_texts` text columns."""
    return int(np.clip(TEXT_CELLS // (n_rows * n_texts), NARROWEST, WIDEST))


def text_characters(n_rows: int) -> int:
    """Return the number of characters that are read of each text of a column."""
    return int(np.clip(ALL_CHARACTERS // n_rows, FEWEST_CHARACTERS, MOST_CHARACTERS))


def fill_counts(
    out: np.ndarray, labels: Sequence[str], codes: np.ndarray, characters: int
) -> None:
    """Write the counts of the words of each row's text into a block of the matrix.

    `labels` are the distinct texts, `codes` the position of each row's text in them, -1 for a
    missing text, which has no words. Of each text `characters` characters are read.
    """
    hashing = HashingVectorizer(n_features=out.shape[1], alternate_sign=False, norm=None)
    # The last text, without words, is that of code -1.
    counts = hashing.transform([*(label[:characters] for label in labels), ""])
    step = block_rows(out.shape[1])
    for start in range(0, len(out), step):
        rows = codes[start : start + step]
        out[start : start + step] = counts[rows].toarray()
