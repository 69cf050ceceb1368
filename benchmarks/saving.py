"""Save a model of every table of a suite, and load it in a fresh process.

    python benchmarks/saving.py SUITE_FOLDER --out saving.jsonl --budget 4

Each table appends a JSON line to --out; tables that are there already are not repeated. A line
has the bytes of the model file, of joblib files without and with compression, the seconds of
`save` and `load`, the types that skops itself has to be told to trust, and whether the
predictions for the test rows are the same to the last bit. joblib saves the whole estimator.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import joblib
import numpy as np
import skops.io
from suite import SCORING, answers
from suite_reader import datasets, read_split

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor, load


def fitted(data, args):
    kind = EvolutionaryRegressor if data.task == "regression" else EvolutionaryClassifier
    model = kind(
        scoring=SCORING[data.task],
        time_budget=args.budget,
        n_evaluations=args.evaluations,
        n_jobs=1,
        random_state=0,
        verbose=0,
    )
    return model.fit(data.X_train, data.y_train)


def measure(args, name):
    """Return the line of one table."""
    data = read_split(args.suite, name, 0)
    model = fitted(data, args)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        start = time.perf_counter()
        path = model.save(place / "model.evolearn")
        seconds = time.perf_counter() - start
        sizes = {"bytes": path.stat().st_size}
        for compress in (0, 3):
            joblib.dump(model, place / "model.joblib", compress=compress)
            sizes[f"joblib_{compress}_bytes"] = (place / "model.joblib").stat().st_size
        np.save(place / "expected.npy", answers(model, data, data.X_test))
        command = [sys.executable, __file__, args.suite, "--out", args.out, "--one", name, path]
        told = subprocess.run(command, check=True, capture_output=True, text=True)
        return {
            "table": name,
            **sizes,
            "save_s": round(seconds, 2),
            "members": int((model.leaderboard_["ensemble_weight"] > 0).sum()),
            "evaluations": model.n_evaluations_,
            "untrusted": skops.io.get_untrusted_types(file=path),
            **json.loads(told.stdout),
        }


def load_here(args):
    """Load a model, compare its predictions, and print the result."""
    name, path = args.one
    start = time.perf_counter()
    model = load(path)
    seconds = time.perf_counter() - start
    data = read_split(args.suite, name, 0)
    predicted = answers(model, data, data.X_test)
    same = np.array_equal(predicted, np.load(Path(path).parent / "expected.npy"))
    print(json.dumps({"load_s": round(seconds, 2), "same": same}))


def print_table(rows):
    print(f"{'table':20s}{'kB':>8s}{'joblib':>9s}{'/ plain':>9s}{'/ comp.':>9s}  types  same")
    for row in rows:
        plain, compressed = (row["bytes"] / row[f"joblib_{c}_bytes"] for c in (0, 3))
        print(
            f"{row['table']:20s}{row['bytes'] / 1e3:8.0f}{row['joblib_0_bytes'] / 1e3:9.0f}"
            f"{plain:9.2f}{compressed:9.2f}  {len(row['untrusted']):5d}  {row['same']}"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("suite", type=Path, help="folder with suite.json and the tables")
    parser.add_argument("--out", type=Path, required=True, help="JSON lines, appended to")
    parser.add_argument("--budget", type=float, default=4.0, help="seconds for each fit")
    parser.add_argument("--evaluations", type=int, help="most candidates of each fit")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        load_here(args)
        return
    lines = args.out.read_text().splitlines() if args.out.exists() else []
    rows = [json.loads(line) for line in lines]
    for name in datasets(args.suite):
        if name not in {row["table"] for row in rows}:
            rows.append(measure(args, name))
            with args.out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(rows[-1]) + "\n")
    print_table(rows)


if __name__ == "__main__":
    main()
