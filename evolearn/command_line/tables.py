"""Tables in files: CSV, Parquet and Arrow."""

import argparse
import gzip
import io
import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

from evolearn.command_line.csv_format import CsvFormat, check_rows, decoded, detected
from evolearn.messages import one_line
from evolearn.optional import import_optional
from evolearn.written_files import write_whole

# First bytes of files that are no CSV.
PARQUET, ARROW, GZIP, ZIP = b"PAR1", b"ARROW1", b"\x1f\x8b", b"PK\x03\x04"
SEPARATOR_NAMES = {"tab": "\t", "\\t": "\t", "semicolon": ";", "comma": ",", "pipe": "|"}


def add_table_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how CSV files are read."""
    options = parser.add_argument_group("format of CSV files, detected unless given")
    options.add_argument("--separator", metavar="S", help="such as ';' or tab")
    options.add_argument(
        "--decimal", choices=[".", ","], metavar="D", help="decimal separator, . or ,"
    )
    options.add_argument("--encoding", metavar="E", help="such as utf-8 or cp1252")
    options.add_argument("--quote", metavar="Q", help="character around texts")


def format_of(options: argparse.Namespace) -> CsvFormat:
    """Return the parts of the format that the user gave.

    Raises
    ------
    ValueError
        If a separator or a quote is not one character.
    """
    separator = SEPARATOR_NAMES.get(options.separator, options.separator)
    for name, value in (("separator", separator), ("quote", options.quote)):
        if value is not None and len(value) != 1:
            raise ValueError(f"--{name} must be one character, got {value!r}.")
    return CsvFormat(options.encoding, separator, options.quote, options.decimal)


def read_table(path: Path, given: CsvFormat, texts: Collection[str] = ()) -> Any:
    """Read a table as a pandas frame; columns named in `texts` stay as they are written.

    Raises
    ------
    ValueError
        If the file holds no table that can be read.
    OSError
        If it cannot be read.
    ImportError
        If pandas, or pyarrow for Parquet and Arrow, is not installed.
    """
    pandas = import_optional("pandas", "The command line")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise OSError(f"{path} cannot be read: {error.strerror or error}.") from None
    name = path.name
    if data.startswith((PARQUET, ARROW)):
        import_optional("pyarrow", f"Reading {name}")
        read = pandas.read_parquet if data.startswith(PARQUET) else pandas.read_feather
        try:
            return read(io.BytesIO(data))
        except (ValueError, OSError) as error:
            raise ValueError(f"{name} cannot be read: {one_line(error).rstrip('.')}.") from None
    if data.startswith(ZIP):
        raise ValueError(
            f"{name} is a zip archive or a spreadsheet; save the sheet as CSV and pass that."
        )
    if data.startswith(GZIP):
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError) as error:
            raise ValueError(f"{name} cannot be unpacked: {one_line(error)}.") from None
    return _read_csv(pandas, data, name, given, texts)


def _read_csv(
    pandas: Any, data: bytes, name: str, given: CsvFormat, texts: Collection[str]
) -> Any:
    text, _ = decoded(data, name, given.encoding)
    text = text.removeprefix("\ufeff")
    found = detected(text, given)
    header, codes = check_rows(text, found, name)
    as_text = {j for j, label in enumerate(header) if label in texts} | codes
    table = pandas.read_csv(
        io.StringIO(text),
        sep=found.separator,
        quotechar=found.quote,
        decimal=found.decimal,
        dtype=dict.fromkeys(as_text, str),
        index_col=False,
        low_memory=False,
    )
    table.columns = [label or f"column {j + 1}" for j, label in enumerate(header)]
    return table


def write_table(table: Any, path: Path | None) -> str:
    """Write a frame as CSV, or as Parquet if the path ends with .parquet; return the CSV.

    Without a path nothing is written.
    """
    if path is not None and path.suffix.lower() == ".parquet":
        import_optional("pyarrow", f"Writing {path.name}")
        buffer = io.BytesIO()
        table.to_parquet(buffer, index=False)
        write_whole(path, buffer.getvalue(), "The table")
        return ""
    text: str = table.to_csv(index=False)
    if path is not None:
        write_whole(path, text, "The table")
    return text


def check_writable(path: Path | None, subject: str) -> None:
    """Check that a file can be written, before the work for it begins.

    Raises
    ------
    ValueError
        If the path is a folder, or its folder is missing.
    OSError
        If the folder cannot be written to.
    """
    if path is None:
        return
    if path.is_dir():
        raise ValueError(f"{subject} cannot be written to {path}: it is a folder.")
    if not path.parent.is_dir():
        raise ValueError(
            f"{subject} cannot be written to {path}: there is no folder {path.parent}."
        )
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        reason = error.strerror or error
        raise OSError(f"{subject} cannot be written to {path}: {reason}.") from None
