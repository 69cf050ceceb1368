"""Detection of the format of a CSV file: encoding, separator, quotes and decimal separator.

1. Encoding: a byte order mark decides. Else it is UTF-16 if every other byte is zero, UTF-8 if
   all bytes are, Windows-1252 if it has a character for each byte, and Latin-1 otherwise.
   Zeros and other control characters are those of a binary file.
2. Separator: the one of `SEPARATORS` that divides the header, and by which most rows have as
   many fields as it; of several the first one, for commas are frequent within fields.
3. Quotes: double ones, unless all names of the header are in single ones.
4. Decimal separator: a comma if more fields are numbers with a comma than with a point.
"""

import codecs
import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

SEPARATORS = ("\t", ";", "|", ",")
# Rows by which the separators are decided.
SAMPLE = 500

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f\v\x1a\x1c\x1d\x1e\x1f"))
_COMMA = re.compile(r"[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+),\d+")
_POINT = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)\.\d+")
_GROUPS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+")


@dataclass(frozen=True)
class CsvFormat:
    """The format of a CSV file; None for a part that is to be detected.

    Attributes
    ----------
    encoding, separator, quote, decimal : str or None
    """

    encoding: str | None = None
    separator: str | None = None
    quote: str | None = None
    decimal: str | None = None


def decoded(data: bytes, name: str, encoding: str | None = None) -> tuple[str, str]:
    """Return the text of a file and its encoding.

    Raises
    ------
    ValueError
        If the file is empty, or no text, or not in the given encoding.
    """
    if not data.strip():
        raise ValueError(f"{name} is empty; a table has a header and rows.")
    if encoding is None:
        encoding = _encoding(data, name)
    try:
        text = data.decode(encoding)
    except LookupError:
        msg = f"{encoding!r} is no encoding; name one such as utf-8, cp1252 or utf-16."
        raise ValueError(msg) from None
    except UnicodeError as error:
        raise ValueError(f"{name} is not in the encoding {encoding}: {error}.") from None
    if not text.strip():
        raise ValueError(f"{name} is empty; a table has a header and rows.")
    return text, encoding


def _encoding(data: bytes, name: str) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    even, odd = data[:4096:2].count(0), data[1:4096:2].count(0)
    if max(even, odd) > 0.7 * (len(data[:4096]) // 2) and min(even, odd) == 0:
        return "utf-16-le" if odd else "utf-16-be"
    if any(byte in data for byte in _CONTROL):
        raise ValueError(
            f"{name} is a binary file, and no table that can be read; pass CSV, Parquet or "
            "Arrow."
        )
    for encoding in ("utf-8", "cp1252"):
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return "latin-1"


def detected(text: str, given: CsvFormat) -> CsvFormat:
    """Return the format of a text, with the parts that were given."""
    sample = list(islice(io.StringIO(text), SAMPLE))
    quote = given.quote or _quote(sample[0])
    separator = given.separator or _separator(sample, quote)
    rows = _rows(sample, separator, quote)
    decimal = given.decimal or _decimal(
        [cell.strip() for row in rows for cell in row], separator
    )
    return CsvFormat(given.encoding, separator, quote, decimal)


def _quote(header: str) -> str:
    for separator in SEPARATORS:
        names = [name.strip() for name in header.strip().split(separator)]
        if all(len(name) > 1 and name[0] == name[-1] == "'" for name in names):
            return "'"
    return '"'


def _rows(sample: Sequence[str], separator: str, quote: str) -> list[list[str]]:
    try:
        rows = list(csv.reader(sample, delimiter=separator, quotechar=quote))
    except csv.Error:  # a field that never ends: `check_rows` says where
        return []
    return [row for row in rows if row]


def _separator(sample: Sequence[str], quote: str) -> str:
    best, best_score = SEPARATORS[0], (False, 0.0)
    for separator in SEPARATORS:
        rows = _rows(sample, separator, quote)
        if rows:
            alike = sum(len(row) == len(rows[0]) for row in rows) / len(rows)
            score = (len(rows[0]) > 1, alike)
            if score > best_score:
                best, best_score = separator, score
    return best


def _decimal(cells: Sequence[str], separator: str) -> str:
    commas = sum(
        bool(_COMMA.fullmatch(cell)) and not (separator == "," and _GROUPS.fullmatch(cell))
        for cell in cells
    )
    return "," if commas > sum(bool(_POINT.fullmatch(cell)) for cell in cells) else "."


def check_rows(text: str, found: CsvFormat, name: str) -> tuple[list[str], set[int]]:
    """Check that every row has the fields of the header.

    Returns the names in the header, and the positions of the columns in which digits begin with
    a zero, as those of codes do.

    Raises
    ------
    ValueError
        If a quote does not end, names repeat, rows are missing or have other numbers of fields.
    """
    limit = csv.field_size_limit(2**31 - 1)
    try:
        reader = csv.reader(
            io.StringIO(text, newline=""),
            delimiter=found.separator or ",",
            quotechar=found.quote or '"',
            strict=True,
        )
        return _checked_rows(reader, name)
    except csv.Error as error:
        raise ValueError(
            f"{name} has a broken quote in line {_opened(text, found) or reader.line_num} "
            f"({error}); mend the line, or pass --quote."
        ) from None
    finally:
        csv.field_size_limit(limit)


def _opened(text: str, found: CsvFormat) -> int | None:
    """Return the number of the line in which the quotes of a file stop to be even."""
    quote = found.quote or '"'
    if text.count(quote) % 2 == 0:
        return None
    for number, line in enumerate(io.StringIO(text), 1):
        if line.count(quote) % 2:
            return number
    return None


def _checked_rows(reader: Any, name: str) -> tuple[list[str], set[int]]:
    header = [label.strip() for label in next((row for row in reader if row), [])]
    repeated = {label for label in header if label and header.count(label) > 1}
    if repeated:
        raise ValueError(
            f"{name} has several columns named {sorted(repeated)[0]!r}; rename all but one."
        )
    codes: set[int] = set()
    n_rows = 0
    for row in reader:
        if not row:
            continue
        n_rows += 1
        if len(row) != len(header):
            raise ValueError(
                f"{name} has {len(row)} field{'s'[: len(row) != 1]} in line {reader.line_num}, "
                f"and {len(header)} in its header; mend the line, or pass --separator."
            )
        codes.update(
            j for j, cell in enumerate(row) if cell[:1] == "0" and cell.isdigit() and cell[1:]
        )
    if not n_rows:
        raise ValueError(f"{name} has a header, but no rows.")
    return header, codes
