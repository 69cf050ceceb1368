"""Comparison of a new column with the profile of the same column in fit."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from evolearn.data.category_labels import match_labels
from evolearn.data.schema import ColumnInfo
from evolearn.data.text_columns import Reading
from evolearn.profiles.column_reading import ColumnReading
from evolearn.profiles.frequencies import Frequencies
from evolearn.profiles.quantiles import Quantiles
from evolearn.profiles.significance import (
    count_probability,
    distance_probability,
    only_new_probability,
    unseen_probability,
)
from evolearn.profiles.table_profile import ColumnProfile
from evolearn.results.numbers import error_text, percent

# Smallest differences that are reported: shares of missing rows and of a category, and the
# distance of two distributions. Below them a model hardly notices.
LEAST_MISSING, LEAST_SHARE, LEAST_DISTANCE = 0.02, 0.05, 0.05
# Effect of a number that is far out of the range, however few there are.
LEAST_OUTLIER = 0.05
# Labels in a sentence.
MOST_SHOWN = 3


@dataclass(frozen=True)
class Change:
    """A change of a column that may be one by chance.

    Attributes
    ----------
    kind : str
    effect : float
        Size between 0 and 1, such as the share of the rows.
    sentence : str
    probability : float
        Probability of such a change by chance; 0 for those that are certain.
    is_listed : bool
        Whether it is worth a note where chance explains it.
    """

    kind: str
    effect: float
    sentence: str
    probability: float = 0.0
    is_listed: bool = False


def changes_of_column(
    old: ColumnProfile, new: ColumnReading, others: Reading | None
) -> Iterator[Change]:
    """Yield the changes of a column; `others` is the format of dates in the new strings."""
    name = f"'{old.info.name}'"
    yield from _sort(name, old, new)
    yield from _missing(name, old, new)
    yield from _unreadable(name, old, new)
    if old.notations is not None and new.notations:
        yield from _notations(name, old.notations, new)
    if others is not None:
        yield from _order(name, old.info, others)
    if old.categories is not None and new.labels is not None:
        yield from _categories(name, old.categories, new)
    if old.quantiles is not None and new.numbers is not None and len(new.numbers):
        if old.is_of_numbers:
            yield from _range(name, old.info, old.quantiles, new)
            yield from _fractions(name, old.info, old.quantiles, new)
        yield from _distribution(name, old, old.quantiles, new)


def _sort(name: str, old: ColumnProfile, new: ColumnReading) -> Iterator[Change]:
    if new.n_infinite:
        yield Change(
            "infinite values",
            1.0,
            f"{name} holds infinite values in {_rows(new.n_infinite)}; predict refuses the "
            "table.",
        )
    if not old.values or not new.values or old.values == new.values:
        return
    yield Change(
        "type",
        0.1,
        f"{name} held {old.values} in fit (type {old.dtype}) and holds {new.values} now (type "
        f"{new.dtype}).",
    )


def _missing(name: str, old: ColumnProfile, new: ColumnReading) -> Iterator[Change]:
    before, now = old.n_missing / old.n_rows, new.n_missing / new.n_rows
    if abs(now - before) >= LEAST_MISSING:
        p = count_probability(old.n_missing, old.n_rows, new.n_missing, new.n_rows)
        direction = "More" if now > before else "Fewer"
        effect = now - before if now > before else LEAST_MISSING
        yield Change(
            "missing values",
            effect,
            f"{direction} values of {name} are missing: {percent(now)}, in fit "
            f"{percent(before)}.",
            p,
        )


def _unreadable(name: str, old: ColumnProfile, new: ColumnReading) -> Iterator[Change]:
    if not new.n_unreadable:
        return
    p = count_probability(old.n_unreadable, old.n_rows, new.n_unreadable, new.n_rows)
    share = new.n_unreadable / new.n_rows
    if share > old.n_unreadable / old.n_rows:
        yield Change(
            "unreadable values",
            share,
            f"{percent(share)} of the values of {name}, such as '{new.example}', cannot be "
            f"read as {old.info.kind}; they are missing to the model.",
            p,
            is_listed=True,
        )


def _notations(name: str, old: Frequencies, new: ColumnReading) -> Iterator[Change]:
    notations: dict[str, int] = dict(new.notations or {})
    unseen = {one: count for one, count in notations.items() if one not in old}
    n_new, n_unseen = sum(notations.values()), sum(unseen.values())
    if unseen and old.is_complete and old.counts:
        p = unseen_probability(unseen.values(), old.counts, old.n_single, old.n_rows, n_new)
        most = max(unseen, key=lambda one: unseen[one])
        yield Change(
            "format",
            n_unseen / n_new,
            f"{percent(n_unseen / n_new)} of the values of {name} are written as none in fit, "
            f"such as '{new.examples[most]}'; the most frequent notation of fit is "
            f"'{old.labels[0]}', where # stands for digits.",
            p,
        )


def _order(name: str, info: ColumnInfo, others: Reading) -> Iterator[Change]:
    orders = {"dmy": "day", "mdy": "month", "ymd": "year"}
    before, now = (getattr(one, "order", "") for one in (info.text_format, others.format))
    if not others.in_doubt and before and now and before != now:
        yield Change(
            "format",
            1.0,
            f"The dates in {name} have the {orders[now]} first, in fit the {orders[before]}.",
        )


def _categories(name: str, old: Frequencies, new: ColumnReading) -> Iterator[Change]:
    labels: dict[str, int] = dict(new.labels or {})
    n_new = sum(labels.values())
    strange = [label for label in labels if label not in old]
    if old.is_complete and old.counts and strange:
        respelled = {
            label: match
            for label, match in zip(strange, match_labels(strange, old.labels), strict=True)
            if match != label
        }
        unseen = {label: labels[label] for label in strange if label not in respelled}
        if unseen:
            yield _unseen(name, old, unseen, n_new)
        if respelled:
            yield _spelling(name, old, {label: labels[label] for label in respelled}, n_new)
        for label, match in respelled.items():
            labels[match] = labels.get(match, 0) + labels.pop(label)
    yield from _shares(name, old, labels, n_new)


def _unseen(name: str, old: Frequencies, unseen: dict[str, int], n_new: int) -> Change:
    rows = sum(unseen.values())
    p = unseen_probability(unseen.values(), old.counts, old.n_single, old.n_rows, n_new)
    return Change(
        "unseen categories",
        rows / n_new,
        f"{_shown(unseen)} of {name} {'was' if len(unseen) == 1 else 'were'} not seen in fit; "
        f"{_rows(rows)} ({percent(rows / n_new)}) hold {'it' if len(unseen) == 1 else 'them'}.",
        p,
        is_listed=True,
    )


def _spelling(name: str, old: Frequencies, counts: dict[str, int], n_new: int) -> Change:
    rows = sum(counts.values())
    p = unseen_probability(counts.values(), old.counts, old.n_single, old.n_rows, n_new)
    return Change(
        "format",
        0.0,
        f"Categories of {name} are spelled otherwise than in fit in {_rows(rows)}: "
        f"{_shown(counts)}; they are read as those of fit.",
        p,
        is_listed=True,
    )


def _shares(
    name: str, old: Frequencies, labels: dict[str, int], n_new: int
) -> Iterator[Change]:
    """Yield the largest change of the share of a category of fit."""
    n_old, found = old.n_rows, []
    for label, count in zip(old.labels, old.counts, strict=True):
        before, now = count / n_old, labels.get(label, 0) / max(n_new, 1)
        if abs(now - before) >= LEAST_SHARE:
            p = count_probability(count, n_old, labels.get(label, 0), n_new)
            found.append((p, -abs(now - before), label, before, now))
    if found:
        p, size, label, before, now = min(found)
        yield Change(
            "distribution",
            -size,
            f"The share of '{label}' in {name} is {percent(now)}, in fit {percent(before)}.",
            min(1.0, p * len(old.labels)),
        )


def _range(name: str, info: ColumnInfo, old: Quantiles, new: ColumnReading) -> Iterator[Change]:
    numbers = np.asarray(new.numbers)
    sides = (
        (numbers[numbers > old.highest], old.highest, "above", "highest"),
        (numbers[numbers < old.lowest], old.lowest, "below", "lowest"),
    )
    for beyond, end, side, words in sides:
        if not len(beyond):
            continue
        extreme = float(beyond.max() if side == "above" else beyond.min())
        by_count = only_new_probability(len(beyond), old.n_range, len(numbers))
        by_size = len(numbers) * old.tail_probability(extreme)
        share = len(beyond) / len(numbers)
        verb = "value is" if len(beyond) == 1 else "values are"
        reach = "up to" if side == "above" else "down to"
        yield Change(
            "range",
            share if by_count < by_size else max(share, LEAST_OUTLIER),
            f"{len(beyond)} {verb} {side} the {words} one of {name} in fit, "
            f"{_shown_number(end, info)}, {reach} {_shown_number(extreme, info)}.",
            min(1.0, 4 * min(by_count, by_size)),
            is_listed=True,
        )


def _fractions(
    name: str, info: ColumnInfo, old: Quantiles, new: ColumnReading
) -> Iterator[Change]:
    numbers = np.asarray(new.numbers)
    broken = numbers[numbers != np.floor(numbers)]
    if old.are_whole and len(broken) and info.kind == "numeric":
        yield Change(
            "format",
            len(broken) / len(numbers),
            f"All numbers of {name} were whole in fit; {_rows(len(broken))} have others now, "
            f"such as {error_text(float(broken[0]))}.",
            only_new_probability(len(broken), old.n_range, len(numbers)),
        )


def _distribution(
    name: str, old: ColumnProfile, quantiles: Quantiles, new: ColumnReading
) -> Iterator[Change]:
    numbers = np.asarray(new.numbers)
    distance = quantiles.distance(numbers)
    if distance < LEAST_DISTANCE:
        return
    low, middle, high = np.quantile(numbers, [0.25, 0.5, 0.75]).tolist()
    before = [quantiles.quantile(share) for share in (0.25, 0.5, 0.75)]
    subject = f"values of {name}" if old.is_of_numbers else f"texts of {name}, in characters,"
    start = "higher" if middle > before[1] else "lower" if middle < before[1] else "spread"
    now, then = (
        [_shown_number(one, old.info) if old.is_of_numbers else f"{one:.0f}" for one in three]
        for three in ([low, middle, high], before)
    )
    how = f"are {start}" if start != "spread" else "are spread otherwise"
    yield Change(
        "distribution",
        distance,
        f"The {subject} {how} than in fit: half of them lie from {now[0]} to {now[2]} (median "
        f"{now[1]}), in fit from {then[0]} to {then[2]} (median {then[1]}).",
        distance_probability(distance, quantiles.n_rows, len(numbers)),
    )


def _shown_number(value: float, info: ColumnInfo) -> str:
    """Return a number, a moment or a duration as text."""
    if info.kind == "timedelta":
        return f"{error_text(value)} s"
    if info.kind == "datetime":
        moment = datetime(1970, 1, 1, tzinfo=UTC)
        try:
            moment += timedelta(seconds=value)
        except OverflowError:  # beyond the year 9999
            return f"{error_text(value)} s"
        return moment.strftime("%Y-%m-%d" if value % 86_400 == 0 else "%Y-%m-%d %H:%M")
    return error_text(value + info.offset)


def _shown(counts: dict[str, int]) -> str:
    frequent = sorted(counts, key=lambda label: (-counts[label], label))
    more = len(frequent) - MOST_SHOWN
    words = ", ".join(f"'{label}'" for label in frequent[:MOST_SHOWN])
    return f"{words} and {more} more" if more > 0 else words


def _rows(count: int) -> str:
    return f"{count} row{'s'[: count != 1]}"
