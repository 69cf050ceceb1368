"""Fit random small tables, and predict tables that were changed at random since.

    python benchmarks/fuzz_tables.py --out tables.jsonl --runs 2000
    python benchmarks/fuzz_tables.py --out tables.jsonl --table

Each run draws a table of 0 to 60 rows with columns of any type, a target, and sometimes
weights and groups. `fit` must give a fitted model, or a ValueError or TypeError of one
sentence; then `predict` gets a changed table, and must give finite predictions, one per row,
or such an error. Messages that come from the inside of a library are counted as "inner": they
are allowed, but tell little. Each run appends a JSON line to --out; runs that are there
already are not repeated.
"""

import datetime
import decimal
from functools import partial

import numpy as np
import pandas as pd
import scipy.sparse
from contained import fuzz, verdict_of

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor

HANG_SECONDS = 180.0
# "linear" is the linear model of the task.
SPACES = [
    ["linear", "decision_tree"], ["extra_trees", "nearest_neighbors"],
    ["hist_gradient_boosting"], None,
]  # fmt: skip
WORDS = (
    "red", "blue", "Blue", " blue ", "", "?", "n/a", "never", "1,5", "1.234,5", "$3.50",
    "12%", "7k", "2020-01-31", "31.12.2020", "13:45", "2h 30m", "yes", "No", "TRUE",
    "中文 的 句子", "été", "\u202e", "\x00", "a long text of several words", "wifi|pool|tv",
    "48.1,11.5", "POINT(1 2)", "x" * 300,
)  # fmt: skip
ODD = (
    None, np.nan, pd.NA, pd.NaT, "\ud800", float("inf"), -float("inf"), 1e39, 1e308, 10**400,
    2**63, -1, 0, True, 1j, b"bytes", b"\xff", (1, 2), [1], {"a": 1}, {1},
    decimal.Decimal("1.5"), decimal.Decimal("NaN"), datetime.date(2020, 1, 1),
    datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC), datetime.time(1),
    datetime.timedelta(1), np.datetime64("NaT"), np.float32(1), np.str_("a"), object(),
    len, "word",
)  # fmt: skip


# -- columns --------------------------------------------------------------------------------


def numbers(rng, n):
    values = rng.normal(size=n) * 10.0 ** rng.integers(-3, 4)
    values[rng.random(n) < rng.choice([0, 0.1, 0.9])] = np.nan
    return values


def huge_numbers(rng, n):
    return rng.choice([1e39, -1e300, 1e308, 1e-320, 0.0, 5.0], size=n)


def integers(rng, n):
    kind = rng.choice(["int8", "uint8", "int64", "uint64"])
    info = np.iinfo(kind)
    return rng.integers(info.min, info.max, size=n, dtype=kind, endpoint=True)


def booleans(rng, n):
    return rng.random(n) < 0.5


def words(rng, n):
    few = rng.choice(len(WORDS), size=rng.integers(1, 6))
    return np.array([WORDS[i] for i in rng.choice(few, size=n)] or [""], dtype=object)[:n]


def number_texts(rng, n):
    form = rng.choice(["{:.2f}", "{:,.1f}", "{:.0f} kg", "${:.2f}", "{:.1f}%", "{:e}"])
    return np.array([form.format(value) for value in rng.normal(100, 30, n)], dtype=object)


def date_texts(rng, n):
    form = rng.choice(["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%Y%m%d", "%b %d, %Y %H:%M"])
    start = datetime.datetime(2020, 1, 1)
    days = rng.integers(0, 900, n)
    return np.array(
        [(start + datetime.timedelta(int(d))).strftime(form) for d in days], dtype=object
    )


def dates(rng, n):
    values = rng.integers(10**18, 11 * 10**17, n).astype("datetime64[ns]")
    return pd.Series(values).dt.tz_localize(rng.choice([None, "UTC", "Asia/Tokyo"]))


def durations(rng, n):
    return pd.Series(rng.integers(0, 10**15, n).astype("timedelta64[ns]"))


def categories(rng, n):
    return pd.Series(pd.Categorical(words(rng, n), ordered=bool(rng.random() < 0.5)))


def intervals(rng, n):
    return pd.Series(pd.cut(rng.normal(size=n), 3)) if n else pd.Series([], dtype=object)


def identifiers(rng, n):
    return np.array([f"id-{i:05d}" for i in rng.permutation(n)], dtype=object)


def constants(rng, n):
    return np.full(n, WORDS[rng.integers(len(WORDS))], dtype=object)


def odd_values(rng, n):
    values = np.empty(n, dtype=object)
    values[:] = words(rng, n) if rng.random() < 0.5 else list(rng.normal(size=n))
    for i in range(n):
        if rng.random() < rng.choice([0.05, 0.5]):
            values[i] = ODD[rng.integers(len(ODD))]
    return values


def nullable(rng, n):
    kind = rng.choice(["Int64", "Float64", "boolean", "string"])
    values = pd.Series(rng.integers(0, 2, n)).astype("string" if kind == "string" else kind)
    return values.mask(pd.Series(rng.random(n) < 0.3))


COLUMNS = (
    numbers, numbers, huge_numbers, integers, booleans, words, words, number_texts,
    date_texts, dates, durations, categories, intervals, identifiers, constants,
    odd_values, nullable,
)  # fmt: skip
NAMES = ("a", "b", "a", 0, 1.5, None, ("x", 1), "long name with spaces", "\n", "", "名")


# -- tables ---------------------------------------------------------------------------------


def column(rng, n, kind):
    """Return a column; texts are objects, because other types refuse some of them."""
    values = kind(rng, n)
    return pd.Series(values, dtype=getattr(values, "dtype", None))


def frame(rng, n):
    """Return a pandas frame with columns of any kind and names of any kind."""
    kinds = rng.integers(len(COLUMNS), size=rng.choice([0, *range(1, 7), *range(1, 7)]))
    columns = [column(rng, n, COLUMNS[i]) for i in kinds]
    names = [f"column {i}" for i in range(len(columns))]
    if rng.random() < 0.15:
        names = [NAMES[rng.integers(len(NAMES))] for _ in columns]
    table = pd.concat(columns, axis=1) if columns else pd.DataFrame(index=range(n))
    table.columns = pd.Index(names, dtype=object) if columns else table.columns
    if rng.random() < 0.2:
        table.index = pd.Index(rng.permutation(n)) if rng.random() < 0.5 else pd.Index([7] * n)
    return table


def as_container(rng, table):
    """Return a frame as another type of table; as it is if it cannot be one."""
    others = ["array", "list", "polars", "arrow", "sparse", "dict"]
    kind = rng.choice(["pandas"] * 8 + others[:5] * 2 + others[5:])
    try:
        match kind:
            case "array":
                return table.to_numpy()
            case "list":
                return table.to_numpy(dtype=object).tolist()
            case "polars":
                import polars

                return polars.from_pandas(table)
            case "arrow":
                import pyarrow

                return pyarrow.Table.from_pandas(table)
            case "sparse":
                return scipy.sparse.random(len(table), 5, 0.4, "csr", rng=rng)
            case "dict":
                return {name: table[name].tolist() for name in table}
    except Exception:  # a container may refuse values; that is not evolearn's business
        pass
    return table


def target(rng, n, *, labels):
    """Return a target of any kind and length; mostly `labels`, or numbers."""
    n = max(0, n + int(rng.choice([0] * 60 + [-1, 1])))
    made = [
        rng.normal(size=n), rng.integers(0, 3, n), rng.random(n) < 0.5, words(rng, n),
        np.zeros(n), odd_values(rng, n), number_texts(rng, n), np.arange(n),
        rng.normal(size=n) * 1e300, rng.normal(size=(n, 2)), categories(rng, n), dates(rng, n),
        np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n)), rng.choice(["no", "yes"], n),
        rng.normal(size=n).tolist(), pd.Series(rng.integers(0, 2, n), index=np.arange(n) + 5),
    ]  # fmt: skip
    common = (1, 2, 13, 15) if labels else (0, 0, 7, 14)
    return made[rng.choice(common) if rng.random() < 0.85 else rng.integers(len(made))]


def options(rng, n):
    """Return arguments of fit besides X and y, seldom any."""
    given = {}
    if rng.random() < 0.1:
        weights = [rng.random(n), rng.normal(size=n), np.zeros(n), np.ones(n + 1), "text", 2.0]
        given["sample_weight"] = weights[rng.integers(len(weights))]
    if rng.random() < 0.05:
        groups = [rng.integers(0, 4, n), np.zeros(n), words(rng, n), np.arange(n + 1)]
        given["groups"] = groups[rng.integers(len(groups))]
    return given


def mutated(rng, table):
    """Return a table with something changed since the fit."""
    table = table.copy()
    n_columns = table.shape[1]
    change = rng.choice(
        ["drop", "add", "shuffle", "rename", "retype", "replace", "odd", "rows", "none", "text"]
    )
    place = int(rng.integers(n_columns)) if n_columns else 0
    if n_columns and change in ("drop", "rename", "retype", "replace", "odd", "text"):
        values = table.iloc[:, place]
        rest = table.iloc[:, np.arange(n_columns) != place]
        if change == "drop":
            return rest
        made = {
            "rename": lambda: values.rename("another name"),
            "retype": lambda: values.astype(str),
            "text": lambda: values.map(lambda value: f" {value}"),
            "replace": lambda: pd.Series(
                COLUMNS[rng.integers(len(COLUMNS))](rng, len(table)), name=values.name
            ),
            "odd": lambda: pd.Series(odd_values(rng, len(table)), name=values.name),
        }[change]()
        made.index = table.index
        return pd.concat([rest, made], axis=1)
    if change == "add":
        table["added"] = 1
    elif change == "shuffle":
        table = table.iloc[:, rng.permutation(n_columns)]
    elif change == "rows" and len(table):
        table = table.iloc[rng.integers(0, len(table), size=rng.choice([0, 1, 100]))]
    return table


# -- one run --------------------------------------------------------------------------------


def run(seed):
    """Fit a random table, and predict a changed one."""
    rng = np.random.default_rng(seed)
    n = int(rng.choice([0, 1, 2, 3, 5, *[10] * 3, *[30] * 5, *[60] * 10]))
    table = frame(rng, n)
    labels = bool(rng.random() < 0.5)
    X, y = as_container(rng, table), target(rng, n, labels=labels)
    kind = EvolutionaryClassifier if labels else EvolutionaryRegressor
    space = SPACES[rng.integers(len(SPACES))]
    if space is not None:
        linear = "logistic_regression" if labels else "ridge"
        space = [linear if name == "linear" else name for name in space]
    model = kind(
        time_budget=None, n_evaluations=3, population_size=3, cv=2, n_jobs=1, random_state=0,
        search_space=space, evaluation_timeout=30.0,
    )  # fmt: skip
    fitted = attempt(partial(model.fit, X, y, **options(rng, n)))
    told = {"rows": n, "container": type(X).__name__, "fit": fitted["verdict"]}
    if fitted["verdict"] != "fine":
        return {**told, **fitted, "stage": "fit"}
    made = [attempt(partial(predicted, model, X))]
    for _ in range(2):
        try:
            changed = mutated(rng, table)
        except Exception:  # of pandas
            continue
        if X is not table and rng.random() < 0.7:
            changed = as_container(rng, changed)
        made.append(attempt(partial(predicted, model, changed)))
    worst = max(made, key=lambda one: SEVERITY.index(one["verdict"]))
    return {**told, **worst, "stage": "predict"}


SEVERITY = ("fine", "refused", "inner", "FAULT")


def attempt(call):
    """Return the verdict on a call."""
    try:
        call()
    except Exception as error:
        return verdict_of(error)
    return {"verdict": "fine"}


def predicted(model, X):
    """Predict, and check that there is one prediction for each row."""
    predictions = model.predict(X)
    columns = X.values() if isinstance(X, dict) else [X]
    n = X.shape[0] if hasattr(X, "shape") else len(next(iter(columns), ()))
    if len(predictions) != n:
        msg = f"{len(predictions)} predictions for {n} rows"
        raise AssertionError(msg)
    if predictions.dtype.kind == "f" and not np.isfinite(predictions).all():
        raise AssertionError("predictions that are not finite")


if __name__ == "__main__":
    fuzz(__doc__, run, runs=2000, seconds=HANG_SECONDS, column="stage")
