"""Export models to ONNX: the share that exports, the reasons for the others, the differences.

    python benchmarks/onnx_export.py SUITE --out onnx.jsonl
    python benchmarks/onnx_export.py SUITE --out onnx.jsonl --names titanic,concrete --budget 10
    python benchmarks/onnx_export.py --out onnx.jsonl --table

Each table is fitted in the default search space and in ``search_space="onnx"``, and the best
single model and the model that predicts, mostly an ensemble, are exported. Predictions are
compared on held-out rows. Appends a JSON line per table, space and model to --out; those that
are there already are not repeated.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

from suite import read_rows
from suite_reader import datasets, read_split

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor, OnnxExportError
from evolearn.export.onnx import reasons

NAMES = (
    "titanic,concrete,credit_g,autos,hepatitis,eucalyptus,vehicle,abalone,ames,bike_sharing,"
    "phoneme,sick"
)
SPACES = {"default": None, "onnx": "onnx"}
MOST_CHECKED = 300


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suite", type=Path, nargs="?")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--names", default=NAMES)
    parser.add_argument("--budget", type=float, default=5.0)
    parser.add_argument("--rows", type=int, default=2_000, help="most rows to fit on")
    parser.add_argument("--table", action="store_true", help="print what is there")
    return parser.parse_args()


def exported(model, X, candidate):
    """Return what came of the export of one model."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        start = time.perf_counter()
        try:
            model.to_onnx(path, X, candidate=candidate)
        except OnnxExportError as error:
            return {"reason": str(error)}
        seconds = time.perf_counter() - start
        import onnx

        facts = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
        return {
            "reason": "",
            "difference": float(facts["largest_relative_difference"]),
            "seconds": round(seconds, 2),
            "bytes": path.stat().st_size,
        }


def rows_of(args, name, dataset, space):
    """Yield a row for each exported model of a fit."""
    split = read_split(args.suite, name, 0)
    X, y = split.X_train.iloc[: args.rows], split.y_train.iloc[: args.rows]
    kind = EvolutionaryRegressor if dataset["task"] == "regression" else EvolutionaryClassifier
    settings = {"time_budget": args.budget, "n_jobs": 1, "random_state": 0, "verbose": 0}
    model = kind(search_space=SPACES[space], **settings).fit(X, y)
    found = reasons(model)
    members = {key: text for key, text in found.items() if key.startswith("member")}
    for candidate in ("best", None):
        yield {
            "table": name,
            "space": space,
            "model": candidate or "ensemble",
            "error": model.best_fitness_ if candidate else model.ensemble_fitness_,
            "n_members": len(members),
            "n_exporting_members": sum(not text for text in members.values()),
            "member_reasons": sorted({text for text in members.values() if text}),
            **exported(model, split.X_test.iloc[:MOST_CHECKED], candidate),
        }


def print_table(rows):
    """Print the share that exports, the largest difference and the reasons."""
    for space in SPACES:
        for model in ("best", "ensemble"):
            some = [row for row in rows if (row["space"], row["model"]) == (space, model)]
            done = [row for row in some if not row["reason"]]
            largest = max((row["difference"] for row in done), default=float("nan"))
            print(f"{space:8} {model:9} {len(done)} of {len(some)}, difference {largest:.1e}")
            for row in some:
                if row["reason"]:
                    print(f"    {row['table']}: {row['reason']}")


def main():
    args = arguments()
    rows = read_rows(args.out) if args.out.exists() else []
    if args.table:
        print_table(rows)
        return
    known = {(row["table"], row["space"]) for row in rows}
    described = datasets(args.suite)
    for name in args.names.split(","):
        for space in SPACES:
            if (name, space) not in known:
                new = list(rows_of(args, name, described[name], space))
                with args.out.open("a", encoding="utf-8") as out:
                    out.writelines(json.dumps(row) + "\n" for row in new)


if __name__ == "__main__":
    main()
