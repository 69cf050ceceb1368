"""Check unchanged new rows of every table of a suite: false reports and seconds.

    python benchmarks/check_table.py SUITE_FOLDER --out check_table.jsonl
    python benchmarks/check_table.py SUITE_FOLDER --out check_table.jsonl --splits 0,1,2

The training rows of a split are profiled, and its test rows checked against them. They are rows
of the same table that chance has divided, so every finding is a false report. Each table and
split appends a JSON line to --out; those that are there already are not repeated.
"""

import argparse
import json
import time
from pathlib import Path

from suite_reader import datasets, read_split

from evolearn.data import prepare_table
from evolearn.profiles import check_new_table, profile_table


def milliseconds(function, *args):
    """Return the result of a call, and the least CPU time of three calls."""
    times = []
    for _ in range(3):
        started = time.process_time()
        result = function(*args)
        times.append(1000 * (time.process_time() - started))
    return result, round(min(times), 1)


def check(suite, name, number):
    data = read_split(suite, name, number)
    prepared = prepare_table(data.X_train)
    profile, profile_ms = milliseconds(profile_table, data.X_train, prepared)
    found, check_ms = milliseconds(check_new_table, profile, data.X_test)
    return {
        "name": name,
        "split": number,
        "n_rows": len(data.X_train),
        "n_new": len(data.X_test),
        "n_columns": data.X_train.shape[1],
        "profile_ms": profile_ms,
        "check_ms": check_ms,
        "profile_bytes": len(profile.as_dict()["columns"]),
        "n_notes": len(found.notes),
        "findings": [one.sentence for one in found.findings],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("suite", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--splits", default="0")
    args = parser.parse_args()
    lines = args.out.read_text().splitlines() if args.out.exists() else []
    results = [json.loads(line) for line in lines]
    done = {(one["name"], one["split"]) for one in results}
    for number in map(int, args.splits.split(",")):
        for name in datasets(args.suite):
            if (name, number) not in done:
                results.append(check(args.suite, name, number))
                with args.out.open("a") as out:
                    out.write(json.dumps(results[-1]) + "\n")
    n_false = sum(bool(one["findings"]) for one in results)
    print(f"{n_false} of {len(results)} tables with a false report")
    for one in results:
        for sentence in one["findings"]:
            print(f"  {one['name']} {one['split']}: {sentence}")


if __name__ == "__main__":
    main()
