"""What can be made of the dates of a table: which parts return, and which differences."""

from itertools import combinations

from evolearn.data.schema import TableSchema
from evolearn.transformers.date_features import DAY, DAYS_OF_MONTH, DAYS_OF_WEEK, YEAR

# Of more dates there are too many pairs: six make fifteen.
MOST_DATES = 6


def cycles_of(table: TableSchema) -> tuple[tuple[int, float], ...]:
    """Return the columns of dates that return, each with its period.

    The times of day and of year go by the seconds, which know minutes and days, the days of
    week and month by their numbers; none for what does not vary in the training rows.
    """
    cycles = []
    for date in table.dates:
        if "hour" in date.parts:
            cycles.append((date.start, DAY))
        if "weekday" in date.parts:
            cycles.append((date.position("weekday"), DAYS_OF_WEEK))
        if "day" in date.parts:
            cycles.append((date.position("day"), DAYS_OF_MONTH))
        if "month" in date.parts:
            cycles.append((date.start, YEAR))
    return tuple(cycles)


def differences_of(table: TableSchema) -> tuple[tuple[int, int], ...]:
    """Return the pairs of columns of dates in seconds, the later column first."""
    starts = [date.start for date in table.dates[:MOST_DATES]]
    return tuple((second, first) for first, second in combinations(starts, 2))
