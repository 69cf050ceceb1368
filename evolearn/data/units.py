"""Currencies, multipliers and units that stand beside numbers in a text."""

import re
from collections.abc import Mapping

CURRENCY_SYMBOLS = "$€£¥₹₽₩₺₫₴₦฿₱₪₡₲₵₸"
_ISO_CURRENCIES = (
    "usd|eur|gbp|jpy|chf|cad|aud|nzd|inr|cny|rmb|sek|nok|dkk|pln|czk|huf|ron|rub|brl|mxn|ars|clp|"
    "cop|zar|try|krw|sgd|hkd|twd|thb|idr|myr|php|vnd|aed|sar|qar|ils|egp|ngn|kes|pkr|bdt|lkr|uah"
)
_SYMBOL = rf"(?:us|a|au|c|ca|r|hk|nz|s|nt|mx)?\$|[{CURRENCY_SYMBOLS}]"
_OTHER_CURRENCIES = r"rs|fr|kr|zł|kč|rp|rm|\u0440\u0443\u0431|euros?|dollars?|元|円|원"
_WORD = rf"(?:{_ISO_CURRENCIES})(?![^\W\d_])|(?:{_OTHER_CURRENCIES})\b\.?"
CURRENCY = f"{_SYMBOL}|{_WORD}"
_CURRENCY_IN_UNIT = re.compile(
    rf"^(?:{CURRENCY})(?=\s|/|$)|\s(?:{_WORD})$|(?:{_SYMBOL})$", re.IGNORECASE
)

OUT_OF = r"\s?(?:/|out of|of)\s?\d{1,4}"  # a rating of 4.5/5
_OUT_OF = re.compile(r"\s*(?:/|out of|of)\s?(\d+)", re.IGNORECASE)

MULTIPLIERS: Mapping[str, float] = {
    **dict.fromkeys(("k", "thousand", "tsd"), 1e3),
    **dict.fromkeys(("lakh", "lac"), 1e5),
    **dict.fromkeys(("m", "mn", "mm", "mio", "mln", "million"), 1e6),
    **dict.fromkeys(("cr", "crore"), 1e7),
    **dict.fromkeys(("b", "g", "bn", "bln", "mrd", "mld", "billion"), 1e9),
    **dict.fromkeys(("t", "tn", "trillion"), 1e12),
}
# These multiply only money, and numbers of a column with other multipliers: an engine of `1.8T`
# has a turbocharger, and flats `2B` are next to each other.
_WEAK_MULTIPLIERS = {"t", "g", "b", "mm"}
_INCH, _FOOT = 0.0254, 0.3048
# Units that can be converted into each other. A unit that several families have is read as that
# of the first of them that has all units of the column.
_FAMILIES: tuple[Mapping[str, float], ...] = (
    {"%": 1.0, "percent": 1.0, "pct": 1.0, "‰": 0.1},
    {"nm": 1e-9, "um": 1e-6, "mm": 1e-3, "cm": 1e-2, "dm": 1e-1, "m": 1.0, "km": 1e3}
    | dict.fromkeys(("in", "inch", '"'), _INCH)
    | dict.fromkeys(("ft", "feet", "foot", "'"), _FOOT)
    | {"yd": 0.9144, "mi": 1609.344, "mile": 1609.344},
    {"ug": 1e-9, "mg": 1e-6, "g": 1e-3, "kg": 1.0, "lb": 0.45359237, "lbs": 0.45359237}
    | {"oz": 0.028349523125, "t": 1e3},
    {"ml": 1e-3, "cl": 1e-2, "dl": 0.1, "l": 1.0, "liter": 1.0, "litre": 1.0, "hl": 1e2},
    MULTIPLIERS,
    {"b": 1.0, "byte": 1.0, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12}
    | {"kib": 2.0**10, "mib": 2.0**20, "gib": 2.0**30, "tib": 2.0**40},
    {"hz": 1.0, "khz": 1e3, "mhz": 1e6, "ghz": 1e9},
    {"milliwatt": 1e-3, "w": 1.0, "kw": 1e3, "megawatt": 1e6},
    {"wh": 1.0, "kwh": 1e3, "megawatthour": 1e6},
    {"millivolt": 1e-3, "v": 1.0, "kv": 1e3},
    {"pa": 1.0, "hpa": 1e2, "kpa": 1e3, "mbar": 1e2, "bar": 1e5},
)
# Units whose meaning depends on capitals; of all others it does not.
_CASE_MATTERS = {
    "mW": "milliwatt",
    "MW": "megawatt",
    "mV": "millivolt",
    "MWh": "megawatthour",
    "M": "million",
    "MM": "million",
}


def split_unit(words: str, currency: str) -> tuple[str, str]:
    """Split the words behind a number into its currency, if it has none yet, and its unit."""
    if not currency and (found := _CURRENCY_IN_UNIT.search(words)):
        currency = found.group().strip()
        words = words[: found.start()] + words[found.end() :]
    if match := _OUT_OF.fullmatch(words):
        return currency, f"/{match[1]}"
    unit = words.strip(" .+*")
    unit = _CASE_MATTERS.get(unit, unit.casefold())
    return currency, unit[:-1] if len(unit) > 3 and unit.endswith("s") else unit


def _multiples(unit: str) -> dict[str, float]:
    """Return a unit, first, and its multiples: `views` and `k views`."""
    multiplier, _, base = unit.partition(" ")
    if multiplier not in MULTIPLIERS or not base:
        base = unit
    return {base: 1.0} | {f"{word} {base}": factor for word, factor in MULTIPLIERS.items()}


def convertible_units(
    counts: Mapping[str, int], is_money: bool
) -> tuple[str, dict[str, float]]:
    """Choose the unit of a column, given how often each one occurs.

    Returns the unit and the factors that convert others of its family to it: the family, or the
    single unit, that most values have. The unit of multipliers is empty.
    """
    if not counts:
        return "", dict(MULTIPLIERS)
    families = [*_FAMILIES, *map(_multiples, sorted(counts))]
    if is_money:
        families.insert(0, MULTIPLIERS)
    elif not set(counts) & set(MULTIPLIERS) - _WEAK_MULTIPLIERS:
        families.remove(MULTIPLIERS)
    best = max(families, key=lambda family: sum(counts[u] for u in counts if u in family))
    if best is MULTIPLIERS:
        return "", dict(best)
    if best not in _FAMILIES:
        return next(iter(best)), dict(best)
    unit = max((u for u in sorted(counts) if u in best), key=lambda u: counts[u])
    return unit, {u: factor / best[unit] for u, factor in best.items()}
