"""Tables whose target is a formula: what constructed features are there to find.

Fixed before the first run and not changed since. Columns are drawn uniformly between two
bounds; ten more of standard normal numbers have nothing to do with the target.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

N_ROWS, N_TEST_ROWS = 1_000, 5_000
N_DISTRACTORS = 10
NOISE = 0.05  # standard deviation, as a share of the formula's own


@dataclass(frozen=True)
class Formula:
    """A formula, how it is written, and the bounds of its columns."""

    text: str
    function: Callable[..., np.ndarray]
    bounds: tuple[tuple[float, float], ...]


def _of(text, function, *bounds):
    return Formula(text, function, bounds)


_LOW, _HIGH = (1.0, 5.0), (1.0, 10.0)

#: Ten formulas of products, ratios, logarithms and differences.
FORMULAS = {
    "area": _of("a * b", lambda a, b: a * b, _HIGH, _HIGH),
    "density": _of(
        "m / (a * b * c)", lambda m, a, b, c: m / (a * b * c), _HIGH, _LOW, _LOW, _LOW
    ),
    "body_mass": _of("m / h**2", lambda m, h: m / h**2, (40.0, 120.0), (1.4, 2.1)),
    "log_ratio": _of("log(a / b)", lambda a, b: np.log(a / b), (1.0, 100.0), (1.0, 100.0)),
    "scaled_log": _of("a * log1p(b)", lambda a, b: a * np.log1p(b), _HIGH, (0.0, 50.0)),
    "margin": _of(
        "(a - b) / c", lambda a, b, c: (a - b) / c, (20.0, 60.0), (10.0, 50.0), (1.0, 8.0)
    ),
    "two_differences": _of(
        "(a - b) * (c - d)", lambda a, b, c, d: (a - b) * (c - d), _HIGH, _HIGH, _HIGH, _HIGH
    ),
    "ratio_of_sums": _of(
        "(a + b) / (c + d)", lambda a, b, c, d: (a + b) / (c + d), _HIGH, _HIGH, _LOW, _LOW
    ),
    "log_times_difference": _of(
        "log1p(a) * (b - c)", lambda a, b, c: np.log1p(a) * (b - c), (0.0, 50.0), _HIGH, _HIGH
    ),
    "energy": _of(
        "m * (v**2 / 2 + g * h)",
        lambda m, v, g, h: m * (v**2 / 2 + g * h),
        _LOW,
        _LOW,
        (1.0, 10.0),
        (0.0, 3.0),
    ),
}

#: Twenty formulas of physics, in the manner of the Feynman set (Udrescu and Tegmark, "AI
#: Feynman", Science Advances 2020), mostly with its bounds.
PHYSICS = {
    "I.6.2": _of(
        "exp(-(t / s)**2 / 2) / (sqrt(2 pi) s)",
        lambda t, s: np.exp(-((t / s) ** 2) / 2) / (np.sqrt(2 * np.pi) * s),
        (1.0, 3.0),
        (1.0, 3.0),
    ),
    "I.8.14": _of(
        "sqrt((a - b)**2 + (c - d)**2)",
        lambda a, b, c, d: np.sqrt((a - b) ** 2 + (c - d) ** 2),
        *[_LOW] * 4,
    ),
    "I.12.2": _of(
        "p q / (4 pi e r**2)",
        lambda p, q, e, r: p * q / (4 * np.pi * e * r**2),
        *[_LOW] * 4,
    ),
    "I.13.4": _of(
        "m (u**2 + v**2 + w**2) / 2",
        lambda m, u, v, w: m * (u**2 + v**2 + w**2) / 2,
        *[_LOW] * 4,
    ),
    "I.14.4": _of("k x**2 / 2", lambda k, x: k * x**2 / 2, _LOW, _LOW),
    "I.18.4": _of(
        "(m r + n s) / (m + n)",
        lambda m, r, n, s: (m * r + n * s) / (m + n),
        *[_LOW] * 4,
    ),
    "I.24.6": _of(
        "m (w**2 + v**2) x**2 / 4",
        lambda m, w, v, x: m * (w**2 + v**2) * x**2 / 4,
        *[(1.0, 3.0)] * 4,
    ),
    "I.27.6": _of("1 / (1 / d + n / e)", lambda d, e, n: 1 / (1 / d + n / e), _LOW, _LOW, _LOW),
    "I.29.16": _of(
        "sqrt(a**2 + b**2 - 2 a b cos(s - t))",
        lambda a, b, s, t: np.sqrt(a**2 + b**2 - 2 * a * b * np.cos(s - t)),
        *[_LOW] * 4,
    ),
    "I.32.5": _of(
        "q**2 a**2 / (6 pi e c**3)",
        lambda q, a, e, c: q**2 * a**2 / (6 * np.pi * e * c**3),
        *[_LOW] * 4,
    ),
    "I.34.8": _of("q v b / p", lambda q, v, b, p: q * v * b / p, *[_LOW] * 4),
    "I.39.22": _of("n k t / v", lambda n, k, t, v: n * k * t / v, *[_LOW] * 4),
    "I.43.31": _of("m k t", lambda m, k, t: m * k * t, _LOW, _LOW, _LOW),
    "I.47.23": _of("sqrt(g p / r)", lambda g, p, r: np.sqrt(g * p / r), _LOW, _LOW, _LOW),
    "II.3.24": _of("p / (4 pi r**2)", lambda p, r: p / (4 * np.pi * r**2), _LOW, _LOW),
    "II.6.11": _of(
        "p cos(t) / (4 pi e r**2)",
        lambda p, t, e, r: p * np.cos(t) / (4 * np.pi * e * r**2),
        *[(1.0, 3.0)] * 4,
    ),
    "II.11.3": _of(
        "q f / (m (v**2 - w**2))",
        lambda q, f, m, v, w: q * f / (m * (v**2 - w**2)),
        (1.0, 3.0),
        (1.0, 3.0),
        (1.0, 3.0),
        (3.0, 5.0),
        (1.0, 2.0),
    ),
    "II.27.18": _of("e f**2", lambda e, f: e * f**2, _LOW, _LOW),
    "II.38.3": _of("y a x / d", lambda y, a, x, d: y * a * x / d, *[_LOW] * 4),
    "III.15.14": _of(
        "h**2 / (2 e d**2)", lambda h, e, d: h**2 / (2 * e * d**2), _LOW, _LOW, _LOW
    ),
}


def draw(formula, seed):
    """Return train and test tables with their targets, and the noise's standard deviation.

    The target of the test rows has no noise: it is what is to be found.
    """
    rng = np.random.default_rng(seed)
    low, high = np.array(formula.bounds).T
    n = N_ROWS + N_TEST_ROWS
    columns = rng.uniform(low, high, size=(n, len(low)))
    target = formula.function(*columns.T)
    noise = NOISE * target.std()
    X = np.hstack([columns, rng.normal(size=(n, N_DISTRACTORS))])
    y = target[:N_ROWS] + noise * rng.normal(size=N_ROWS)
    return X[:N_ROWS], y, X[N_ROWS:], target[N_ROWS:], noise
