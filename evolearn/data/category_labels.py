"""Labels of new rows that are written otherwise than the categories of fit.

A label that is no category is read as one where this is beyond doubt:

1. it differs in capitals, surrounding spaces or the coding of accents, from one category only;
2. the categories are two words for yes and no (`yes`, `no`; `true`, `false`; `1`, `0`; ...),
   and it is another word for one of them;
3. the categories are digits of one length, some of which begin with a zero, and it lacks zeros.
"""

import unicodedata
from collections import Counter
from collections.abc import Sequence

_YES = frozenset(("yes", "y", "true", "t", "1", "on"))
_NO = frozenset(("no", "n", "false", "f", "0", "off"))


def match_labels(labels: Sequence[str], categories: Sequence[str]) -> list[str]:
    """Return the category of each label; a label that is none stays as it is."""
    known = set(categories)
    if known.issuperset(labels):
        return list(labels)
    folded = [_folded(category) for category in categories]
    counts = Counter(folded)
    by_folded = {f: c for f, c in zip(folded, categories, strict=True) if counts[f] == 1}
    by_folded = _synonyms(by_folded) | by_folded
    width = _width(categories)
    return [
        label
        if label in known
        else by_folded.get(_folded(label), label.zfill(width) if label.isdecimal() else label)
        for label in labels
    ]


def _folded(label: str) -> str:
    return unicodedata.normalize("NFKC", label).strip().casefold()


def _synonyms(by_folded: dict[str, str]) -> dict[str, str]:
    """Return the category of each word for yes and no; empty if categories are other words."""
    words = set(by_folded)
    yes, no = words & _YES, words & _NO
    if len(words) != 2 or len(yes) != 1 or len(no) != 1:
        return {}
    return dict.fromkeys(_YES, by_folded[yes.pop()]) | dict.fromkeys(_NO, by_folded[no.pop()])


def _width(categories: Sequence[str]) -> int:
    """Return the number of digits of codes that have equally many and zeros first; else 0."""
    if not all(category.isdecimal() for category in categories):
        return 0
    lengths = set(map(len, categories))
    begins_with_zero = any(category[0] == "0" for category in categories)
    return lengths.pop() if len(lengths) == 1 and begins_with_zero else 0
