"""The rules by which the kind of a column is found.

Kinds
-----
1. Numeric: booleans, integers, floats and decimals of every width and library, nullable ones
   included, and object columns whose values are all numbers or booleans. Integers that float64
   does not tell apart lose an offset first, see `large_integers`; if they are too far from each
   other for that, they are categorical.
2. Categorical: categorical types (pandas `category` and intervals, polars `Categorical` and
   `Enum`, Arrow dictionaries), whatever the values. Numeric categories are compared as numbers,
   texts of numbers too, all others by their text. Categories that do not occur do not count.
3. Strings, bytes (read as UTF-8), and mixtures of them with numbers, booleans or times hold
   numbers, dates or durations if all of them are in one format, as tables read from files have
   them: `$1,200.50`, `2,6`, `12.5%`, `58.16 bhp`, `8.7k`; `12/31/2020`, `Jan 05, 2020 13:45`;
   `13:45`, `2h 30m`. `number_text` and `time_text` have the formats, with the rules for what is
   ambiguous. A few other strings among them (`?`, `n/a`, `err7`) are marks for missing values;
   `text_columns` says how many, and `missing_values` where they have codes of their own. Codes
   are no numbers: digits that begin with a zero, and those that are as long as telephone
   numbers.
   Other strings may be vectors or text, see below. The rest are categorical, compared by their
   text (`1.0` and `1` are "1", `True` is "True").
4. Datetime: datetimes of any unit and time zone, dates, pandas periods (by their start), and
   strings as in 3. They become the seconds since 1970 in UTC and, of year, month, day, day of
   year, weekday (Monday is 0), hour and minute in their time zone, those that vary in the
   training rows; the day of year only where the year varies too, for otherwise it repeats the
   seconds. The zone is that of fit, to which later moments are converted; moments without one
   are in UTC.
5. Timedelta: durations of any unit and times of day, which become seconds.
6. A column without any value is numeric.
7. Whatever else a cell may hold (lists, dicts, arrays, ...) is refused by the column's name.

Text
----
Strings are text in three cases, decided on a sample of the distinct values, none of which is
that of a categorical type:

- Sentences: more than `IDENTIFIER_MIN` distinct values, at most two rows for each, three words
  or more on average, and at least half of the values differ in their words. A word is letters
  between white space, without punctuation: keys, codes and names have fewer. Chinese, Japanese,
  Thai, Lao, Burmese and Khmer are written without spaces; two characters of the first two, and
  four letters of the others, count as a word.
- Values that share words: more than `IDENTIFIER_MIN` distinct values, fewer than five rows for
  each, and half of the values have a word that at least 2 % and at most 95 % of them have. Such
  are titles ("Belka sofa"), lines of logs, bank transactions, addresses of e-mail and of pages,
  and paths. A word is letters between any marks; keys and hashes share none, names of people
  few.
- Lists of tags (`wifi|pool|tv`): more than ten distinct values, fewer than twenty rows for
  each, at least half of them with one of the `SEPARATORS` of `tokens`, and every tag stands in
  three distinct values on average.

The words of a text are counted, or overlapping parts of two characters (four letters) where
there are no spaces, or tags. Words with digits are not counted from the length on from which
they hardly repeat. All of this is decided in fit.

Vectors
-------
Strings with several numbers each, such as `52.5,13.4`, `POINT (7.1 50.2)` or `10 x 20 cm`,
become a numeric column for each number. See `vectors`. Where the user's `kinds` say so, all
digits are numbers, also those of codes such as `AB-0042`.

The user's `kinds` come first: strings read as numeric, datetime or timedelta must all be
readable, or words for missing values; anything may be read as categorical, as text or as a
vector. `datetime_day_first` and `datetime_month_first` say what `05/06/2020` means.

Missing values are None, NaN, NaT, pd.NA and nulls, all alike. Infinities are refused; finite
numbers beyond 1e25 are compressed, in their order.

Categories are sorted, except those of ordered types and intervals, which keep their order.
Categories and formats are frozen. In new rows, a category that was not seen in training is a
missing value, and so is a string that is no number or no date where they were found in strings.
`missing_values` says where empty cells differ from these. `category_labels` and `text_columns`
say which other spellings are read. The words of a text are counted regardless of case, in
columns that they are hashed into; a missing text has none.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from evolearn.data.column_values import (
    ColumnValues,
    Numbers,
    Objects,
    Times,
    is_number,
    time_kind,
)
from evolearn.data.free_text import find_text
from evolearn.data.text_columns import Reading, detect_reading
from evolearn.data.tokens import Tokens

# Kinds of the user that say in which order the numbers of dates are.
ORDERS_OF_DATES = {"datetime_day_first": "dmy", "datetime_month_first": "mdy"}
_TIMES = ("datetime", *ORDERS_OF_DATES, "timedelta")
KINDS = ("numeric", "categorical", *_TIMES, "text", "vector", "drop")

# Minimum number of distinct values of identifiers and texts. With fewer, a column of distinct
# values may be a factor of a small table; with more, and hardly a value that repeats, no
# category has rows to learn from.
IDENTIFIER_MIN = 50


def detect_kind(column: ColumnValues, where: str) -> tuple[str, Reading | None]:
    """Detect the kind of a column by the rules above; `where` names it in errors.

    Returns the format and the values of strings as well, if they are no categories. Texts and
    vectors are found later, among the categorical columns.
    """
    if isinstance(column, Numbers):
        return "numeric", None
    if isinstance(column, Times):
        return column.kind, None
    distinct = column.distinct
    if column.is_category and distinct:
        return "categorical", None
    if set(map(type, distinct)) <= {str, bytes}:
        return _kind_of_strings(column)
    if all(is_number(value) for value in distinct):
        return "numeric", None
    kinds = {time_kind(value) for value in distinct}
    if len(kinds) == 1 and None not in kinds:
        return str(kinds.pop()), None
    if all(isinstance(value, str | bytes) or is_number(value) for value in distinct):
        return _kind_of_strings(column)
    if reading := detect_reading(column):
        return reading.format.kind, reading
    names = ", ".join(sorted({type(value).__name__ for value in distinct}))
    strings = [value for value in distinct if isinstance(value, str | bytes)]
    shown = f" ({strings[0]!r} among them)" if strings else ""
    raise TypeError(unreadable_message(f"values of type {names}", f"{where}{shown}"))


def _kind_of_strings(column: Objects) -> tuple[str, Reading | None]:
    reading = detect_reading(column)
    if reading is None:
        return ("categorical" if column.distinct else "numeric"), None
    return reading.format.kind, reading


def refuse_complex(column: ColumnValues, where: str) -> None:
    """Raise ValueError if a column holds complex numbers."""
    types = set(map(type, column.distinct)) if isinstance(column, Objects) else set()
    if any(issubclass(kind, complex | np.complexfloating) for kind in types):
        raise ValueError(
            f"Complex data not supported: X holds complex numbers in {where}; pass their real "
            "and imaginary parts as columns of their own."
        )


def unreadable_message(found: str, where: str) -> str:
    """Compose the message of an error about cells that cannot be read."""
    return (
        f"X holds {found} in {where}, but the argument must be a table whose columns each "
        "hold strings, or numbers, or dates, or durations; turn the column into such values "
        "or drop it."
    )


def tokens_if_text(column: ColumnValues, categories: Sequence[Any]) -> Tokens | None:
    """Return the tokens to count if a column of these categories is text, else None."""
    if not isinstance(column, Objects) or column.is_category:
        return None
    n_values = int(np.count_nonzero(column.codes >= 0))
    return find_text(categories, n_values, IDENTIFIER_MIN)
