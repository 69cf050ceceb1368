"""Numbers of a search as people read them: errors, gains, seconds."""

# Names of errors that are known by a shorter one.
SHORT_NAMES = {
    "root mean squared error": "RMSE",
    "mean squared error": "MSE",
    "mean absolute error": "MAE",
    "root mean squared log error": "RMSLE",
}

# Errors from here on have no fraction; those above its third power have an exponent.
LARGE = 1e4


def error_name(scorer: str, optimum: float | None) -> str:
    """Return the name of the error that belongs to a scorer.

    Examples
    --------
    >>> from evolearn.results.numbers import error_name
    >>> error_name("neg_root_mean_squared_error", 0.0), error_name("roc_auc", 1.0)
    ('RMSE', '1 - roc_auc')
    """
    if scorer.startswith("neg_"):
        name = scorer.removeprefix("neg_").replace("_", " ")
        return SHORT_NAMES.get(name, name)
    return f"-{scorer}" if not optimum else f"{optimum:g} - {scorer}"


def error_text(error: float) -> str:
    """Format an error with four significant digits, a large one without a fraction.

    Examples
    --------
    >>> from evolearn.results.numbers import error_text
    >>> error_text(0.123456), error_text(20513.7)
    ('0.1235', '20514')
    """
    is_large = LARGE <= abs(error) < LARGE**3
    return f"{error:.0f}" if is_large else f"{error:.4g}"


def gain_text(error: float | None, baseline: float | None) -> str:
    """Compare an error with the baseline's in words, "" if one of them is not known.

    Examples
    --------
    >>> from evolearn.results.numbers import gain_text
    >>> gain_text(54.1, 61.8), gain_text(61.8, 61.8), gain_text(None, 61.8)
    ('12 % below the baseline', 'no better than the baseline', '')
    """
    if error is None or baseline is None:
        return ""
    if error == baseline:
        return "no better than the baseline"
    if not baseline:
        return ""
    return f"{percent((baseline - error) / abs(baseline))} below the baseline"


def percent(share: float) -> str:
    """Format a share with two significant digits, or without a fraction from 10 % on.

    Examples
    --------
    >>> from evolearn.results.numbers import percent
    >>> percent(0.00451), percent(0.9974)
    ('0.45 %', '100 %')
    """
    value = 100 * share
    return f"{value:.0f} %" if abs(value) >= 9.5 else f"{value:.2g} %"


def count_text(number: int, noun: str) -> str:
    """Return a number with its noun, such as `1 candidate` or `2 candidates`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def seconds_text(seconds: float) -> str:
    """Format seconds, from a minute on with minutes, from an hour on with hours.

    Examples
    --------
    >>> from evolearn.results.numbers import seconds_text
    >>> seconds_text(4.2), seconds_text(60), seconds_text(95), seconds_text(7500)
    ('4 s', '1 min', '1 min 35 s', '2 h 5 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole % 60 else "")
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def bytes_text(size: int) -> str:
    """Format a number of bytes in kB, or in MB from a tenth of one on.

    Examples
    --------
    >>> from evolearn.results.numbers import bytes_text
    >>> bytes_text(3_450), bytes_text(2_718_281)
    ('3 kB', '2.7 MB')
    """
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.0f} kB"


def milliseconds_text(milliseconds: float) -> str:
    """Format milliseconds with two significant digits, from 100 on without a fraction.

    Examples
    --------
    >>> from evolearn.results.numbers import milliseconds_text
    >>> milliseconds_text(0.8432), milliseconds_text(312.7), milliseconds_text(float("nan"))
    ('0.84 ms', '313 ms', 'an unknown time')
    """
    if milliseconds != milliseconds:
        return "an unknown time"
    digits = f"{milliseconds:.2g}" if milliseconds < 99.5 else f"{milliseconds:.0f}"
    return f"{digits} ms"
