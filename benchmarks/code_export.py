"""Execute the code of winners and ensembles in a process without evolearn.

For each table a short search of some candidates is run. ``to_code`` writes, executes and
compares the code of the best candidate, on drawn rows, and of the model that predicts, on the
training rows. A line of JSON per table is appended: the lines of code, or the error. Tables
that have a line are left out.

    python benchmarks/code_export.py DATA OUTPUT [TABLE ...] [--evaluations 8] [--all]
"""

import argparse
import json
import time
import warnings
from pathlib import Path

import pandas as pd

from evolearn import CodeExportError, EvolutionaryClassifier, EvolutionaryRegressor

MOST_ROWS = 600
# Ten tables of all kinds: numbers, categories, missing values, dates, many classes.
TABLES = (
    "abalone", "adult", "ames", "autos", "bike_sharing", "credit_g", "soybean", "splice",
    "taxis", "titanic",
)  # fmt: skip


def load(folder, name):
    """Return columns and target of a table, at most `MOST_ROWS` rows, and its task."""
    suite = json.loads((folder / "suite.json").read_text())
    facts = next(one for one in suite["datasets"] if one["name"] == name)
    strings = dict.fromkeys(facts["categorical"], str)
    table = pd.read_csv(
        folder / facts["file"], dtype=strings, keep_default_na=False, na_values=[""]
    )
    table = table.sample(min(len(table), MOST_ROWS), random_state=0).reset_index(drop=True)
    y = table.pop(table.columns[-1])
    return table, y, facts["task"]


def outcome(model, candidate, X=None, y=None):
    """Return the number of lines of the code and the seconds, or the error."""
    started = time.perf_counter()
    try:
        code = model.to_code(candidate, X, y)
    except CodeExportError as error:
        return {"error": str(error)}
    return {"lines": len(code.splitlines()), "seconds": round(time.perf_counter() - started, 1)}


def run(folder, name, n_evaluations, every):
    """Return the line of a table."""
    X, y, task = load(folder, name)
    kind = EvolutionaryRegressor if task == "regression" else EvolutionaryClassifier
    model = kind(
        time_budget=None, n_evaluations=n_evaluations, random_state=0, n_jobs=1, verbose=0
    ).fit(X, y)
    line = {
        "table": name,
        "members": len(model._members),
        "stacking": bool(model.stacking_weights_),
        "winner": outcome(model, "best"),
        "predictor on its rows": outcome(model, None, X, y),
    }
    if every:
        numbers = [int(n) for n in model.leaderboard_["candidate"] if n >= 0]
        line["candidates"] = {n: outcome(model, n) for n in numbers}
    return line


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("tables", nargs="*", default=TABLES)
    parser.add_argument("--evaluations", type=int, default=8)
    parser.add_argument("--all", action="store_true", help="all candidates as well")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    done = set()
    if arguments.output.exists():
        lines = arguments.output.read_text().splitlines()
        done = {json.loads(line)["table"] for line in lines}
    for name in arguments.tables:
        if name not in done:
            line = run(arguments.data, name, arguments.evaluations, arguments.all)
            with arguments.output.open("a") as file:
                print(json.dumps(line), file=file, flush=True)
            print(line, flush=True)


if __name__ == "__main__":
    main()
