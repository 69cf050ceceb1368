"""Time zones of columns, and the local time of moments in them.

A zone is a name such as `"Europe/Berlin"`, a fixed offset such as `"+05:30"`, `OWN`, or "" for
UTC and for moments without a zone.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from evolearn.data.column_values import ColumnValues, Objects, Times

# Moments that each have an offset of their own, as databases give them over daylight saving.
OWN = "own"
_FIXED = re.compile(r"([+-])(\d\d):?(\d\d)")
_OFFSET_IN_TEXT = re.compile(r":\d\d(?:[.,]\d+)?\s?([+-])(\d\d):?(\d\d)\s*$")
_NAME_IN_TEXT = re.compile(r"\b[A-Z]\w+(?:/[\w+-]+)+")
_UTC = {"UTC", "Etc/UTC", "GMT", "Etc/GMT", "Zulu", "Z", "+00:00", "-00:00"}
_UTC_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY, QUARTER = 86_400, 900  # offsets change at full quarters of an hour
# Seconds of the first and last year whose local times datetime can represent.
FIRST, LAST = -62_100_000_000, 253_370_000_000


def zone_name(zone: Any) -> str:
    """Return the name of a zone: of an object of any library, of a text, or of None."""
    if zone is None:
        return ""
    name = zone if isinstance(zone, str) else _name_of_object(zone)
    return "" if name in _UTC else name


def _name_of_object(zone: Any) -> str:
    name = getattr(zone, "key", None) or getattr(zone, "zone", None)  # of zoneinfo, pytz
    if not name:
        found = _NAME_IN_TEXT.search(repr(zone))  # of dateutil
        name = found.group() if found else _offset_name(datetime(2000, 1, 1, tzinfo=zone))
    return str(name)


def _offset_name(moment: datetime) -> str:
    minutes = round((moment.utcoffset() or timedelta()).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02d}:{rest:02d}"


def zone_of(column: ColumnValues) -> str:
    """Return the time zone of a column."""
    if isinstance(column, Times):
        return column.zone
    if not isinstance(column, Objects):
        return ""
    names = {zone_name(zone) for zone in set(map(_zone_of_value, column.distinct))}
    return names.pop() if len(names) == 1 else OWN if len(names) > 1 else ""


def local_seconds(column: ColumnValues, seconds: np.ndarray, zone: str) -> np.ndarray:
    """Return the seconds since 1970 that clocks in a zone show, of a column's moments.

    In the zone `OWN` each moment counts in the zone that it came in.
    """
    if zone != OWN:
        return in_zone(seconds, zone)
    if not isinstance(column, Objects):
        return in_zone(seconds, zone_of(column))
    offsets = [_offset_of_value(value) for value in column.distinct]
    return np.asarray(seconds + np.array([*offsets, 0.0])[column.codes])


def _zone_of_value(value: Any) -> Any:
    """Return the zone of a moment, or the offset at the end of its text."""
    if isinstance(value, str):
        found = _OFFSET_IN_TEXT.search(value)
        return f"{found[1]}{found[2]}:{found[3]}" if found else None
    return getattr(value, "tzinfo", None)


def _offset_of_value(value: Any) -> float:
    if isinstance(value, str):
        return _fixed_offset(_zone_of_value(value) or "+00:00") or 0.0
    offset = value.utcoffset() if getattr(value, "tzinfo", None) else None
    return (offset or timedelta()).total_seconds()


def in_zone(seconds: np.ndarray, zone: str) -> np.ndarray:
    """Convert seconds since 1970 in UTC to those that clocks in a zone show."""
    if not zone:
        return seconds
    offset = _fixed_offset(zone)
    if offset is not None:
        return seconds + offset
    try:
        rules = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        msg = (
            f"X holds times in the time zone {zone!r}, whose rules this Python does not have; "
            "install the package tzdata, or convert the times to UTC."
        )
        raise ValueError(msg) from error
    local = seconds.copy()
    known = np.flatnonzero(~np.isnan(seconds))
    local[known] += _offsets(np.clip(seconds[known], FIRST, LAST), rules)
    return local


def _fixed_offset(zone: str) -> float | None:
    """Return the seconds of a fixed offset, None for the name of a zone."""
    fixed = _FIXED.fullmatch(zone)
    if not fixed:
        return None
    sign, hours, minutes = fixed.groups()
    return float(f"{sign}1") * (3600 * int(hours) + 60 * int(minutes))


def _offsets(seconds: np.ndarray, zone: ZoneInfo) -> np.ndarray:
    """Return the offsets from UTC, looked up for whole days where they do not change."""
    days, codes = np.unique(np.floor_divide(seconds, DAY), return_inverse=True)
    at_start = np.array([_offset_at(DAY * day, zone) for day in days])
    at_end = np.array([_offset_at(DAY * (day + 1), zone) for day in days])
    offsets = at_start[codes]
    changing = np.flatnonzero((at_start != at_end)[codes])
    quarters, codes = np.unique(
        np.floor_divide(seconds[changing], QUARTER), return_inverse=True
    )
    looked_up = np.array([_offset_at(QUARTER * quarter, zone) for quarter in quarters])
    if len(changing):
        offsets[changing] = looked_up[codes]
    return offsets


def _offset_at(second: float, zone: ZoneInfo) -> float:
    offset = (_UTC_EPOCH + timedelta(seconds=float(second))).astimezone(zone).utcoffset()
    return (offset or timedelta()).total_seconds()
