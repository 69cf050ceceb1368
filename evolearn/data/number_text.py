"""Numbers written as text: the format is inferred from all values of a column.

A number may have a sign or parentheses, as accountants write them, a currency before or after
it, groups of digits, an exponent, and a unit, a percent sign or a multiplier behind it. Spaces
around these do not matter.

1. Spaces and apostrophes separate groups of digits (`1 234`, `1'234`). Point and comma are
   decided by the values that have one reading only: `2,6` and `1.234,5` show a decimal comma,
   `1,234,567` and `0.5` a decimal point. If no value decides, or as many values contradict, the
   point is the decimal separator: `1,234` is 1234, and `1.234` is less than 2.
2. A column has one currency or none, and one unit or several that can be converted (`kg` and
   `g`). The most frequent one counts, and numbers without one are in the same. Multipliers are
   applied: `19M` is 19,000,000. `m` alone is a unit, beside `k` it is a million.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from evolearn.data.units import (
    CURRENCY,
    CURRENCY_SYMBOLS,
    MULTIPLIERS,
    OUT_OF,
    convertible_units,
    split_unit,
)

_UNIT = (
    rf"(?:\+|[^\W\d_]|[%‰°/\"'*{CURRENCY_SYMBOLS}])"
    rf"(?:[^\W\d_]|[%°/.^*{CURRENCY_SYMBOLS}]|\s(?=\S)){{0,23}}(?:(?<=[mtn])\^?[23])?"
)
_HEAD = rf"(\()?([+-])?\s?({CURRENCY})?\s*([+-])?"
_TAIL = rf"\s*({OUT_OF}|{_UNIT})?(-)?(\))?"
_DIGITS = r"\d+(?:[.,' ]\d+)*[.,]?|[.,]\d+"
_PARTS = re.compile(
    rf"((?:\()?[+-]?\s?(?:{CURRENCY})?\s*[+-]?)({_DIGITS})(e[+-]?\d\d?\d?(?![^\W_]))?"
    rf"(\s*(?:{OUT_OF}|{_UNIT})?-?\)?)",
    re.IGNORECASE,
)
_SURROUNDINGS = re.compile(rf"{_HEAD}0{_TAIL}", re.IGNORECASE)


def _grammar(decimal: str, group: str) -> re.Pattern[str]:
    grouped = rf"[1-9]\d{{0,2}}([{group}' ])\d{{3}}(?:\1\d{{3}})*"
    indian = rf"[1-9]\d?(?:{group}\d\d)+{group}\d{{3}}"  # 12,34,567
    return re.compile(rf"(?:{grouped}|{indian}|\d+)?(?:{decimal}\d*)?")


# Maximum number of characters of a number; longer strings are something else.
LONGEST = 80
# Number of numbers, evenly spaced, that are looked at first for the decimal separator.
SAMPLE = 1_000
# Digits and separators of a number, by its decimal separator.
_GRAMMARS = {".": _grammar(r"\.", ","), ",": _grammar(",", r"\.")}
_TO_FLOAT = {".": str.maketrans("", "", ", '"), ",": str.maketrans(",", ".", ". '")}
# Minus sign, en dash, apostrophe, Arabic decimal separator and mu; the Arabic group separator.
_TYPOGRAPHY = str.maketrans("\u2212\u2013\u2019\u066b\u03bc", "--'.u", "\u066c")


@dataclass(frozen=True, eq=False, slots=True)
class Surroundings:
    """Sign, currency and unit that stand around the digits of a number."""

    is_negative: bool
    currency: str
    unit: str


Parts = tuple[str, str, Surroundings]  # digits and separators, exponent, surroundings


@dataclass(frozen=True)
class NumberFormat:
    """The format of the numbers of a column.

    Attributes
    ----------
    decimal : {".", ","}
        The decimal separator; the other one separates groups of digits.
    currency : str
        The currency that may stand beside a number; empty if there is none.
    unit : str
        The unit of the values; empty if there is none.
    factors : tuple of (str, float)
        Units that may stand behind a number, with the factors that convert it.
    """

    decimal: str = "."
    currency: str = ""
    unit: str = ""
    factors: tuple[tuple[str, float], ...] = tuple(MULTIPLIERS.items())

    kind = "numeric"

    def __str__(self) -> str:
        words = ["numbers as text"]
        words += ["decimal comma"] if self.decimal == "," else []
        words += [f"currency {self.currency}"] if self.currency else []
        words += [f"unit {self.unit}"] if self.unit else []
        return ", ".join(words)

    def read(self, texts: Sequence[str]) -> np.ndarray:
        """Convert texts to floats; NaN for those that are not in this format."""
        values = _plain_numbers(texts)
        unread = self._unread(texts, values)
        values[unread], is_read = self._read_frequent([texts[i] for i in unread])
        return self._values(texts, values, unread[~is_read].tolist(), {})

    def _unread(self, texts: Sequence[str], plain: np.ndarray) -> np.ndarray:
        """Positions of the texts that are no plain numbers in this format."""
        if self.decimal == ".":
            return np.flatnonzero(np.isnan(plain))
        return np.flatnonzero(np.isnan(plain) | np.array(["." in text for text in texts], bool))

    def _values(
        self,
        texts: Sequence[str],
        values: np.ndarray,
        unread: Iterable[int],
        parts: Mapping[int, Parts | None],
    ) -> np.ndarray:
        """Set the values of the unread texts; `parts` are those that were split before."""
        grammar, to_float = _GRAMMARS[self.decimal], _TO_FLOAT[self.decimal]
        factors: dict[Surroundings, float] = {}
        for i in unread:
            found = parts[i] if i in parts else split_number(texts[i])
            values[i] = math.nan
            if found is not None and grammar.fullmatch(found[0]):
                digits, exponent, around = found
                if around not in factors:
                    factors[around] = self._factor(around)
                values[i] = factors[around] * float(digits.translate(to_float) + exponent)
        values[np.isinf(values)] = np.nan  # 1e999
        return values

    def _read_frequent(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Convert the texts that have the same text around their digits as many others.

        One search in all of them at a time is several times as fast as one for each. Returns
        the values, and which texts were read.
        """
        values, is_read = np.full(len(texts), np.nan), np.zeros(len(texts), dtype=bool)
        left = np.arange(len(texts))
        for _ in range(MOST_FORMS):
            step = max(1, len(left) // FORM_SAMPLE)
            sample = [texts[i] for i in left[::step].tolist()]
            form = _frequent_form(sample) if len(left) > FORM_SAMPLE else None
            if form is None:
                break
            digits = _digits_of([texts[i] for i in left.tolist()], form, self.decimal)
            found = np.array([bool(one) for one in digits])
            floats = [float(one) for one in digits if one]
            values[left[found]] = self._factor(form.around) * np.array(floats)
            is_read[left[found]] = True
            left = left[~found]
        return values, is_read

    def _factor(self, around: Surroundings) -> float:
        """Return the factor by which a number is multiplied; NaN for another unit."""
        factor = dict(self.factors).get(around.unit, math.nan) if around.unit else 1.0
        if around.currency not in ("", self.currency):
            return math.nan
        return -factor if around.is_negative else factor


def _plain_numbers(texts: Sequence[str]) -> np.ndarray:
    """Convert numbers as Python writes them; NaN for other texts."""
    with suppress(ValueError):
        values = np.fromiter(map(float, texts), np.float64, len(texts))
        if np.isfinite(values).all() and not any("_" in text for text in texts):
            return values
    return np.array([_plain_number(text) for text in texts], dtype=np.float64)


def _plain_number(text: str) -> float:
    """Convert a number as Python writes it; NaN for other texts."""
    if not text[-1:].isdecimal() or text[0] in CURRENCY_SYMBOLS:
        return math.nan  # an exception takes longer
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) and "_" not in text else math.nan


def split_number(text: str) -> Parts | None:
    """Split a text into the parts of a number; None if it is not one."""
    if len(text) > LONGEST:
        return None
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_TYPOGRAPHY)
    text = text.strip()
    if text[:1] in ("'", '"') and text[:1] == text[-1:]:
        text = text[1:-1]
    if text.endswith(("/-", ",-", ".-")):  # Rs. 1,200/- and EUR 5,-
        text = text[:-1].removesuffix("/")
    match = _PARTS.fullmatch(text)
    if match is None:
        return None
    head, digits, exponent, tail = match.groups()
    around = _surroundings(head, tail)
    return None if around is None else (digits, exponent or "", around)


@lru_cache(maxsize=1024)
def _surroundings(head: str, tail: str) -> Surroundings | None:
    match = _SURROUNDINGS.fullmatch(f"{head}0{tail}")
    if match is None:
        return None
    opened, sign, currency, inner, words, minus, closed = match.groups(default="")
    if bool(opened) != bool(closed) or sum(map(bool, (opened, sign, inner, minus))) > 1:
        return None
    unit = ""
    if words:
        currency, unit = split_unit(words, currency)
    is_negative = bool(opened or minus) or "-" in (sign, inner)
    return Surroundings(is_negative, currency.strip(" .").casefold(), unit)


# -- texts with the same text around their digits ---------------------------------------------

# Number of such forms that are looked for, and of texts that are looked at for the next one.
MOST_FORMS, FORM_SAMPLE = 4, 50
# Maximum number of characters around the digits; there are at most 38 of these.
LONGEST_AROUND = 40
_FORM_DIGITS = re.compile(r"[0-9](?:[0-9.,]*[0-9])?")


class _Form(NamedTuple):
    """Text in front of the digits of a number and behind them, and its meaning."""

    head: str
    tail: str
    around: Surroundings


def _frequent_form(texts: Sequence[str]) -> _Form | None:
    """Return the most frequent form of the numbers among texts; None if there is none."""
    counts, forms = Counter[tuple[str, str]](), dict[tuple[str, str], _Form]()
    for text in texts:
        run, parts = _FORM_DIGITS.search(text), split_number(text)
        if run is None or parts is None or "\n" in text:
            continue
        around = text[: run.start()], text[run.end() :]
        if parts[:2] == (run.group(), "") and sum(map(len, around)) <= LONGEST_AROUND:
            counts[around] += 1
            forms[around] = _Form(*around, parts[2])
    return forms[counts.most_common(1)[0][0]] if counts else None


def _digits_of(texts: Sequence[str], form: _Form, decimal: str) -> list[str]:
    """Return the digits of the texts of a form, as Python writes them; "" for other texts."""
    group, point = {".": (",", r"\."), ",": (r"\.", ",")}[decimal]
    whole = rf"(?:[1-9][0-9]{{0,2}}(?:{group}[0-9]{{3}}){{1,4}}|[0-9]{{1,18}})"
    digits = rf"({whole}(?:{point}[0-9]{{1,18}})?)"
    line = rf"^(?:{re.escape(form.head)}{digits}{re.escape(form.tail)}|.*)$"
    found = re.findall(line, "\n".join(texts), re.MULTILINE)
    if len(found) != len(texts):  # line breaks within texts
        return [""] * len(texts)
    return "\n".join(found).translate(_TO_FLOAT[decimal]).split("\n")


# -- inference of the format ------------------------------------------------------------------


def infer_number_format(
    texts: Sequence[str],
) -> tuple[NumberFormat, np.ndarray, bool] | None:
    """Infer the format of the distinct texts of a column; None if no text is a number.

    Returns the format, the values of the texts (NaN for those that are not in it), and whether
    the decimal separator is in doubt.
    """
    plain = _plain_numbers(texts)
    parts = {i: split_number(texts[i]) for i in np.flatnonzero(np.isnan(plain)).tolist()}
    numbers = [part for part in parts.values() if part is not None]
    if not numbers and len(parts) == len(plain):
        return None
    digits = [part[0] for part in numbers]
    if any("," in one or "." in one for one in digits):
        digits += [t.strip(" +-") for i, t in enumerate(texts) if "." in t and i not in parts]
    decimal, in_doubt = _decimal_separator(digits)
    counts = Counter(part[2] for part in numbers)
    currencies = _total(counts, [around.currency for around in counts])
    currency = max(sorted(currencies), key=lambda word: currencies[word], default="")
    units = _total(counts, [around.unit for around in counts])
    unit, factors = convertible_units(units, is_money=bool(currency))
    found = NumberFormat(decimal, currency, unit, tuple(factors.items()))
    return (
        found,
        found._values(texts, plain, found._unread(texts, plain).tolist(), parts),
        in_doubt,
    )


def _decimal_separator(numbers: Sequence[str]) -> tuple[str, bool]:
    """Return the decimal separator, and whether it is in doubt."""
    few = numbers[:: max(1, len(numbers) // SAMPLE)]
    votes, in_doubt = _votes(few)
    if not votes and len(few) < len(numbers):
        votes, in_doubt = _votes(numbers)
    decided = votes[","] != votes["."]
    return "," if votes[","] > votes["."] else ".", in_doubt and not decided


def _votes(numbers: Iterable[str]) -> tuple[Counter[str], bool]:
    """Count the numbers with one reading only; also whether a comma has two readings."""
    votes, has_two = Counter[str](), False
    for number in numbers:
        if "." in number or "," in number:
            fitting = [d for d, grammar in _GRAMMARS.items() if grammar.fullmatch(number)]
            if len(fitting) == 1:
                votes[fitting[0]] += 1
            has_two |= len(fitting) == 2 and "," in number
    return votes, has_two


def _total(counts: Mapping[Surroundings, int], words: Iterable[str]) -> Counter[str]:
    """Add up the counts of equal words; empty ones do not count."""
    total = Counter[str]()
    for word, count in zip(words, counts.values(), strict=True):
        if word:
            total[word] += count
    return total


# Share of codes among the distinct numbers above which all are codes: one in ten ZIP codes of
# the United States, and one in twenty of Germany, begins with a zero.
CODE_SHARE = 0.005
# Digits that begin with a zero, with letters right behind them: `000321C`.
_CODE = re.compile(r"0\d+[^\W\d_]+")
# Decimal digits that a float holds exactly.
EXACT_DIGITS = 15
# Minimum number of digits of an identifier, if all values have as many, and of its values.
# Telephone numbers have ten digits, numbers of articles and books twelve or thirteen;
# quantities differ in their digits. Seconds and milliseconds since 1970 have ten and thirteen,
# but begin with 1.
IDENTIFIER_DIGITS, IDENTIFIER_VALUES = 10, 50
_EPOCH = re.compile(r"1\d{9}(\d{3})?")
# Minimum number of different numbers with a unit: `2WD` and `4WD` are no quantities.
UNIT_VALUES = 3


def are_codes(numbers: Sequence[str], found: NumberFormat) -> bool:
    """Whether the texts of the distinct numbers of a column name something.

    Codes are digits that begin with a zero, also with letters right behind them, or are more
    than a float holds, many numbers of the same ten digits or more, and two numbers with the
    same word behind them.
    """
    n_numbers = len(numbers)
    if found.unit not in ("", "%") and n_numbers < UNIT_VALUES:
        return True
    digits = [text for number in numbers if (text := number.strip()).isdecimal()]
    n_codes = sum(text[0] == "0" and len(text) > 1 for text in digits)
    if found.unit:
        n_codes += sum(map(bool, map(_CODE.fullmatch, map(str.strip, numbers))))
    if n_codes > CODE_SHARE * n_numbers:
        return True
    if digits and 2 * sum(len(text) > EXACT_DIGITS for text in digits) >= n_numbers:
        return True
    if len(digits) < n_numbers or n_numbers <= IDENTIFIER_VALUES:
        return False
    is_long = len(digits[0]) >= IDENTIFIER_DIGITS and len(set(map(len, digits))) == 1
    return is_long and not all(map(_EPOCH.fullmatch, digits))
