"""Dates, moments, times of day and durations written as text.

1. Dates: year first (`2020-12-31`, `2020/1/5`, `20201231`, `2020-12`), day or month first
   (`31.12.2020`, `12/31/20`, `12/2020`), and with names of months (`Jan 05, 2020`, `5-Jan-20`).
   Quarters (`2020Q1`, `Q1 2020`) and weeks of ISO 8601 (`2020-W05`) are their first day.
   A time of day may follow (`13:45`, `1:45 pm`), and a time zone (`UTC`, `Z`, `+02:00`). Years
   of two digits are those from 1969 to 2068.
2. Day or month first is decided for the whole column, by the values that are dates in one order
   only. If there is none, points mean the day first, and so does a first number that is the
   same in all values; else the month comes first, which is in doubt.
3. Eight digits are dates only if all values of eight digits are dates from 1900 to 2099.
4. Times of day and durations are seconds: `13:45`, `36:15:00`, `0 days 02:30:00`, `2h 30m`,
   `PT2H30M`. Numbers that all have the same unit are numbers with a unit, not durations.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from evolearn.data.column_values import seconds_of

# Maximum number of characters of a date or duration; longer strings are something else.
LONGEST = 80
_DAY = 86_400
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_FIRST_MOMENT = (1 - _EPOCH_DAY) * _DAY
# Years of two digits below this are those of this century, as for POSIX.
_PIVOT = 69
# Names in English, German, French, Spanish, Italian, Portuguese and Dutch.
_MONTH_NAMES = (
    "january jan januar jänner janvier janv enero ene gennaio gen janeiro januari",
    "february feb februar février févr febrero febbraio fevereiro fev februari",
    "march mar märz mär mars marzo março maart mrt",
    "april apr avril avr abril abr aprile",
    "may mai mayo maggio mag maio mei",
    "june jun juni juin junio giugno giu junho",
    "july jul juli juillet juil julio luglio lug julho",
    "august aug août agosto ago augustus",
    "september sep sept septembre septiembre settembre set setembro",
    "october oct oktober okt octobre octubre ottobre ott outubro out",
    "november nov novembre noviembre novembro",
    "december dec dezember dez décembre déc diciembre dic dicembre dezembro",
)
_MONTHS = {
    name: month for month, names in enumerate(_MONTH_NAMES, start=1) for name in names.split()
}
# Hours by which a time zone is ahead of UTC.
_ZONES = {
    **dict.fromkeys(("", "z", "utc", "gmt", "wet", "h", "hrs", "uhr"), 0),
    **dict.fromkeys(("cet", "west"), 1),
    **dict.fromkeys(("cest", "eet"), 2),
    **dict.fromkeys(("eest", "msk"), 3),
    **{"jst": 9, "ast": -4, "edt": -4, "est": -5, "cdt": -5, "cst": -6, "mdt": -6},
    **{"mst": -7, "pdt": -7, "pst": -8, "hst": -10, "brt": -3, "art": -3, "bst": 1},
    **{
        "ist": 5.5,
        "sgt": 8,
        "hkt": 8,
        "kst": 9,
        "aest": 10,
        "aedt": 11,
        "nzst": 12,
        "nzdt": 13,
    },
}

_ISO = re.compile(r"\d{4}-\d\d-\d\d([ T].+)?")
_DIGITS = re.compile(r"((?:19|20)\d{6})[T_ ]?(\d{4}|\d{6})")  # 20201231134500
_CLOCK = r"(\d\d?)[:h](\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?:\s*([ap])\.?m\b\.?)?"
_ZONE = r"\s*([a-z]{1,4}(?=$|\s|[+-]))?\s*([+-]\d\d:?(?:\d\d)?)?(?:\s*\([\w ]+\))?"
_CLOCK_AND_ZONE = re.compile(_CLOCK + _ZONE, re.IGNORECASE)
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}\.?,?\s+)?"
_MONTH = r"([^\W\d_]{3,10})\.?"
_DAY_OF_MONTH = r"(\d\d?)(?:st|nd|rd|th|\.)?"


class _Pattern(NamedTuple):
    """A notation of dates, and the groups of year, month and day in it; 0 for the first day."""

    style: str
    regex: re.Pattern[str]
    year: int
    month: int
    day: int


def _pattern(style: str, day: str, *places: int) -> _Pattern:
    clock = rf"(?:(?:\s*,?\s*(?:t|at|-)?\s*|:){_CLOCK}{_ZONE})?"
    regex = re.compile(rf"{_WEEKDAY}{day}{clock}", re.IGNORECASE)
    return _Pattern(style, regex, *places)


_EITHER = "day and month"
QUARTER, WEEK = "year, quarter", "year, week"
_PATTERNS = (
    _pattern(
        "year, month, day", r"(\d{4})(?:-|/|\.\s?| )(\d\d?)(?:-|/|\.\s?| )(\d\d?)", 1, 2, 3
    ),
    _pattern(_EITHER, r"(\d\d?)(?P<by>-|/|\.\s?)(\d\d?)(?P=by)(\d{4}|\d\d)", 4, 1, 3),
    _pattern("year, month, day", r"((?:19|20)\d\d)(\d\d)(\d\d)", 1, 2, 3),
    _pattern(
        "day, month, year",
        rf"{_DAY_OF_MONTH}\s*[-/]?\s*(?:(?:de|of)\s)?{_MONTH},?\s*[-/]?\s*(?:de\s)?(\d{{4}}|'?\d\d)",
        *(3, 2, 1),
    ),
    _pattern(
        "month, day, year",
        rf"{_MONTH}\s*[-/]?\s*{_DAY_OF_MONTH}(?:,\s*|[-/]|\s+)('?\d\d|\d{{4}})",
        *(3, 1, 2),
    ),
    _pattern("year, month, day", rf"(\d{{4}})[-/ ]{_MONTH}[-/ ](\d\d?)", 1, 2, 3),
    _pattern("year, month", r"(\d{4})[-/](\d\d)()", 1, 2, 0),
    _pattern("month, year", r"()(\d\d)[-/](\d{4})", 3, 2, 0),
    _pattern("month, year", rf"(){_MONTH},?\s*[-/]?\s*'?(\d{{4}}|(?<=[-'])\d\d)", 3, 2, 0),
    _pattern(QUARTER, r"(\d{4})[-/ ]?(Q[1-4])()", 1, 2, 0),
    _pattern(QUARTER, r"()(Q[1-4])[-/ ]?(\d{4})", 3, 2, 0),
    _pattern(WEEK, r"(\d{4})[- ]?(W\d\d)(?:-?([1-7]))?", 1, 2, 3),
    _pattern(
        "year, month, day", r"(\d{4})\s?[年년]\s?(\d\d?)\s?[月월]\s?(\d\d?)\s?[日일]", 1, 2, 3
    ),
)
# A year behind the time (`Tue Nov 10 23:00:00 2009`), and a time before the date.
_TURNED = (
    (re.compile(r"(.+?)\s+(\d\d?:\d\d\S*(?:\s[A-Za-z]{3,4})?)\s+(\d{4})"), r"\1 \3 \2"),
    (re.compile(r"(\d\d?:\d\d(?::\d\d)?)[,\s]+(.+)"), r"\2 \1"),
)
_ORDERS = {
    "dmy": "day, month, year",
    "mdy": "month, day, year",
    "ymd": "year, month, day",
}


class _Day(NamedTuple):
    """A date whose order of day and month is not known, and the seconds of its time."""

    first: int
    second: int
    year: str
    separator: str
    seconds: float

    def moment(self, order: str) -> float:
        """Seconds since 1970 if the order is `order`; NaN if this is no date."""
        if order == "ymd":
            year = f"{self.first:02d}"
            return _moment(year, self.second, int(self.year), self.seconds)
        if order == "dmy":
            return _moment(self.year, self.second, self.first, self.seconds)
        return _moment(self.year, self.first, self.second, self.seconds)


def _moment(year: str, month: int, day: int, seconds: float) -> float:
    moment = _midnight(year, month, day) + seconds
    return moment if moment >= _FIRST_MOMENT else math.nan


@lru_cache(maxsize=2**14)  # some 40 years, in two orders of day and month
def _midnight(year: str, month: int, day: int) -> float:
    digits = year.strip("'")
    number = int(digits)
    if len(digits) == 2:
        number += 2000 if number < _PIVOT else 1900
    with suppress(ValueError):
        return float(date(number, month, day).toordinal() - _EPOCH_DAY) * _DAY
    return math.nan


def _seconds(clock: Sequence[str | None]) -> float:
    """Seconds since midnight of hour, minute, second, fraction, and `a` or `p`; NaN if none."""
    if clock[0] is None:
        return 0.0
    hour, minute, second = int(clock[0]), int(clock[1] or 0), int(clock[2] or 0)
    half = (clock[4] or "").lower()
    if minute > 59 or second > 60 or hour > 24:
        return math.nan
    if half and hour <= 12:  # 13:45 pm is 13:45
        hour = hour % 12 + 12 * (half == "p")
    whole = hour * 3600.0 + minute * 60 + second
    return whole + float(f"0.{clock[3]}") if clock[3] else whole


def _zone_seconds(name: str | None, offset: str | None) -> float:
    """Seconds by which a time zone is ahead of UTC; NaN if it is not known."""
    if name is None and offset is None:
        return 0.0
    hours = _ZONES.get((name or "").lower(), math.nan)
    digits = (offset or "+00").replace(":", "")
    ahead = int(digits[1:3]) * 3600 + int(digits[3:] or 0) * 60
    return hours * 3600 + (-ahead if digits[0] == "-" else ahead)


@lru_cache(maxsize=2**17)  # the seconds of a day
def _clock_and_zone(text: str) -> float | None:
    """Seconds since midnight of a time of day with its zone; None for other texts."""
    match = _CLOCK_AND_ZONE.fullmatch(text)
    return None if match is None else _seconds_since_midnight(match.groups())


def _seconds_since_midnight(groups: Sequence[str | None]) -> float:
    """Seconds since midnight in UTC of the last groups of a pattern, those of time and zone."""
    return _seconds(groups[-7:-2]) - _zone_seconds(*groups[-2:])


class _MomentReader:
    """Splits texts of moments; the notation of the last one is tried first.

    Days of moments repeat, as do times of day: each of them is matched once.
    """

    def __init__(self) -> None:
        self._patterns = list(_PATTERNS)
        self._days: dict[str, tuple[str, float | _Day] | None] = {}

    def split(self, text: str) -> tuple[str, float | _Day] | None:
        """Return the notation, and seconds since 1970 or a date whose order is not known."""
        text = text.strip()
        if len(text) > LONGEST:
            return None
        with suppress(ValueError, OverflowError):
            if _ISO.fullmatch(text):
                return "year, month, day", seconds_of(datetime.fromisoformat(text))
            if match := _DIGITS.fullmatch(text):
                moment = datetime.fromisoformat("T".join(match.groups()))
                return "year, month, day", seconds_of(moment)
        if found := self._day_and_clock(text) or self._match(text):
            return found
        turned = (re_.sub(order, text) for re_, order in _TURNED if re_.fullmatch(text))
        return next(filter(None, map(self._match, turned)), None)

    def _day_and_clock(self, text: str) -> tuple[str, float | _Day] | None:
        """Split a text that is a day, a space and a time of day; None for others."""
        place = text.rfind(" ", 0, text.find(":") + 1)
        seconds = _clock_and_zone(text[place + 1 :]) if place > 0 else None
        if seconds is None:
            return None
        day = text[:place].removesuffix(",")
        if day not in self._days:
            self._days[day] = self._match(day, only_day=True)
        found = self._days[day]
        if found is None:
            return None
        if isinstance(found[1], _Day):
            return found[0], _Day(*found[1][:4], seconds)
        moment = found[1] + seconds
        return found[0], moment if moment >= _FIRST_MOMENT else math.nan

    def _match(self, text: str, only_day: bool = False) -> tuple[str, float | _Day] | None:
        for i, pattern in enumerate(self._patterns):
            if match := pattern.regex.fullmatch(text):
                groups = match.groups()
                if only_day and any(groups[-7:]):
                    return None
                self._patterns.insert(0, self._patterns.pop(i))
                seconds = _seconds_since_midnight(groups)
                return pattern.style, _date_of(pattern, groups, seconds)
        return None


def _date_of(pattern: _Pattern, groups: Sequence[str], seconds: float) -> float | _Day:
    year, month = groups[pattern.year - 1], groups[pattern.month - 1]
    if pattern.style == _EITHER:
        return _Day(int(groups[0]), int(groups[2]), year, groups[1], seconds)
    if pattern.style == WEEK:
        return _week(int(year), int(month[1:]), int(groups[pattern.day - 1] or 1), seconds)
    if pattern.style == QUARTER:
        return _moment(year, 3 * int(month[1:]) - 2, 1, seconds)
    number = int(month) if month.isdecimal() else _MONTHS.get(month.lower(), 0)
    day = int(groups[pattern.day - 1]) if pattern.day else 1
    return _moment(year, number, day, seconds)


def _week(year: int, week: int, day: int, seconds: float) -> float:
    with suppress(ValueError):
        found = date.fromisocalendar(year, week, day)
        return _moment(f"{found.year:04d}", found.month, found.day, seconds)
    return math.nan


@dataclass(frozen=True)
class TimeFormat:
    """The format of the moments or durations of a column.

    Attributes
    ----------
    kind : {"datetime", "timedelta"}
    style : str
        The most frequent notation, in words.
    order : {"dmy", "mdy", "ymd", ""}
        Order of day, month and year where numbers may be either; empty if there are none.
    """

    kind: str
    style: str
    order: str = ""

    def __str__(self) -> str:
        return f"{self.style} as text" if self.style else "marks among them"

    def read(self, texts: Sequence[str]) -> np.ndarray:
        """Convert texts to seconds; NaN for those that are not in this format."""
        if self.kind == "timedelta":
            return np.array([_duration(text)[0] for text in texts])
        split = _MomentReader().split
        return self.values(map(split, texts))  # one after the other: they are many objects

    def values(self, found: Iterable[tuple[str, float | _Day] | None]) -> np.ndarray:
        """Convert moments that were split before."""
        return np.array([self._value(one) for one in found])

    def _value(self, found: tuple[str, float | _Day] | None) -> float:
        if found is None:
            return math.nan
        value = found[1]
        if isinstance(value, float):
            return value
        return value.moment(self.order) if self.order else math.nan


def infer_date_format(
    texts: Sequence[str], order: str = ""
) -> tuple[TimeFormat, np.ndarray, bool] | None:
    """Infer the format of the dates among distinct texts; None if no text is a date.

    Returns the format, the seconds since 1970 of the texts (NaN for those that are no dates),
    and whether the order of day and month is in doubt, which it is not if `order` is given.
    """
    split = _MomentReader().split
    found = [split(text) for text in texts]
    days = [one[1] for one in found if one is not None and isinstance(one[1], _Day)]
    order, in_doubt = (order, False) if order else _order(days)
    styles = Counter(_ORDERS[order] if one[0] == _EITHER else one[0] for one in found if one)
    if not styles:
        return None
    result = TimeFormat("datetime", max(sorted(styles), key=lambda style: styles[style]), order)
    return result, _without_numbers(texts, result.values(found)), in_doubt


def _order(days: Sequence[_Day]) -> tuple[str, bool]:
    """Return the order of day, month and year, and whether it is in doubt."""
    if not days:
        return "", False
    numbers = np.array([(day.first, day.second) for day in days])
    day_first = int((numbers[:, 0] > 12).sum())
    month_first = int((numbers[:, 1] > 12).sum())
    if all(len(day.year) == 2 for day in days):
        counts = {
            order: sum(not math.isnan(day.moment(order)) for day in days) for order in _ORDERS
        }
        if counts["ymd"] > max(counts["dmy"], counts["mdy"]):
            return "ymd", False
    if day_first != month_first:
        return ("dmy" if day_first > month_first else "mdy"), False
    if all(day.separator.strip() == "." for day in days):
        return "dmy", False
    is_first_constant, is_second_constant = (numbers == numbers[0]).all(axis=0)
    if is_first_constant != is_second_constant and len(days) > 2:
        return ("dmy" if is_first_constant else "mdy"), False
    return "mdy", bool((numbers[:, 0] != numbers[:, 1]).any())


def _without_numbers(texts: Sequence[str], values: np.ndarray) -> np.ndarray:
    """Take eight digits for numbers if not all values of eight digits are dates."""
    is_digits = np.array([len(t) == 8 and t.isdecimal() for t in map(str.strip, texts)])
    if np.isnan(values[is_digits]).any():
        values[is_digits] = np.nan
    return values


# -- times of day and durations ---------------------------------------------------------------

UNITS_OF_TIME = "units of time"
_UNIT_SECONDS = {
    **dict.fromkeys(("us", "usec", "microsecond"), 1e-6),
    **dict.fromkeys(("ms", "msec", "millisecond"), 1e-3),
    **dict.fromkeys(("s", "sec", "second"), 1.0),
    **dict.fromkeys(("m", "min", "minute"), 60.0),
    **dict.fromkeys(("h", "hr", "hour"), 3600.0),
    **dict.fromkeys(("d", "day"), float(_DAY)),
    **dict.fromkeys(("w", "wk", "week"), 7.0 * _DAY),
    **dict.fromkeys(("mo", "month"), 365.25 / 12 * _DAY),
    **dict.fromkeys(("y", "yr", "year"), 365.25 * _DAY),
}
_HOURS = re.compile(
    r"([+-])?(\d{1,4})[:h]([0-5]\d)(?::([0-5]\d)(?:[.,](\d{1,9}))?)?"
    r"(?:\s*([ap])\.?m\.?)?(?:\s?(?:h|hrs?|uhr|utc|gmt|z))?",
    re.IGNORECASE,
)
_LAP = re.compile(r"(\d{1,3}):([0-5]\d[.,]\d{1,9})")  # minutes, seconds and a fraction
_HOUR = re.compile(r"(\d\d?)\s*([ap])\.?m\.?", re.IGNORECASE)
_DAYS = re.compile(r"(-)?(\d+)\s*d(?:ays?)?,?\s*(?:and\s+)?(.*)", re.IGNORECASE)
_PART = re.compile(r"(\d+(?:[.,]\d+)?)\s*([a-z]{1,12})\.?[\s,]*(?:and\s+)?", re.IGNORECASE)
_ISO_DURATION = re.compile(
    r"([+-])?P(?=.)(?:([\d.]+)Y)?(?:([\d.]+)M)?(?:([\d.]+)W)?(?:([\d.]+)D)?"
    r"(?:T(?:([\d.]+)H)?(?:([\d.]+)M)?(?:([\d.]+)S)?)?"
)
_ISO_SECONDS = [_UNIT_SECONDS[unit] for unit in ("y", "mo", "w", "d", "h", "m", "s")]


def _duration(text: str) -> tuple[float, str]:
    """Return the seconds of a duration or time of day, NaN if it is none, and its notation."""
    text = text.strip()
    if len(text) > LONGEST:
        return math.nan, ""
    if not math.isnan(seconds := _clock_seconds(text)):
        return seconds, "hours:minutes"
    if (days := _DAYS.fullmatch(text)) and not math.isnan(rest := _clock_seconds(days[3])):
        # The sign is that of the days alone: pandas writes -1 hour as `-1 days +23:00:00`.
        return int(days[2]) * (-_DAY if days[1] else _DAY) + rest, "days hours:minutes"
    if match := _ISO_DURATION.fullmatch(text):
        with suppress(ValueError):
            parts = zip(match.groups()[1:], _ISO_SECONDS, strict=True)
            seconds = sum(float(part) * size for part, size in parts if part)
            return (-seconds if match[1] == "-" else seconds), "ISO 8601 durations"
    return _seconds_of_parts(text)


def _clock_seconds(text: str) -> float:
    if match := _HOURS.fullmatch(text):
        sign, hours, minutes, seconds, fraction, half = match.groups()
        if half:
            return _seconds((hours, minutes, seconds, fraction, half))
        whole = int(hours) * 3600 + int(minutes) * 60 + int(seconds or 0)
        value = whole + float(f"0.{fraction or 0}")
        return -value if sign == "-" else value
    if match := _LAP.fullmatch(text):
        return int(match[1]) * 60 + float(match[2].replace(",", "."))
    if match := _HOUR.fullmatch(text):
        return _seconds((match[1], "0", None, None, match[2]))
    return math.nan


def _seconds_of_parts(text: str) -> tuple[float, str]:
    """Return the seconds of a duration such as `2h 30m`, and its notation."""
    body = text.lstrip("+-").lstrip()
    parts = _PART.findall(body)
    units = [unit.casefold() for _, unit in parts]
    units = [unit[:-1] if len(unit) > 2 and unit.endswith("s") else unit for unit in units]
    if not parts or _PART.sub("", body) or not set(units) <= set(_UNIT_SECONDS):
        return math.nan, ""
    numbers = (float(number.replace(",", ".")) for number, _ in parts)
    sizes = (_UNIT_SECONDS[unit] for unit in units)
    seconds = sum(number * size for number, size in zip(numbers, sizes, strict=True))
    sign = -1 if text.startswith("-") else 1
    return sign * seconds, UNITS_OF_TIME


def infer_duration_format(
    texts: Sequence[str],
) -> tuple[TimeFormat, np.ndarray, bool] | None:
    """Infer the format of durations and times of day among distinct texts; None if none is one.

    Returns the format, the seconds of the texts (NaN for others), and False, for nothing is in
    doubt.
    """
    found = [_duration(text) for text in texts]
    styles = Counter(style for _, style in found if style)
    if not styles:
        return None
    result = TimeFormat("timedelta", max(sorted(styles), key=lambda style: styles[style]))
    return result, np.array([seconds for seconds, _ in found]), False
