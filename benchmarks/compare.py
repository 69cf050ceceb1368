"""Compare evolearn with other systems: same rows, same seconds, same cores.

    python benchmarks/compare.py setup --envs ENVS --systems flaml,autogluon
    python benchmarks/compare.py run SUITE_FOLDER --out compare.jsonl --envs ENVS --slots 2
                                 --systems evolearn,histgb,flaml,autogluon --splits 0,1,2
    python benchmarks/compare.py table compare.jsonl --suite SUITE_FOLDER
    python benchmarks/compare.py run SUITE_FOLDER --out curve.jsonl --budgets 10,30,60,180
    python benchmarks/compare.py curve curve.jsonl --png curve.png

Each run is a fresh process with that system's own Python, pinned to its cores, and appends a
JSON line to --out; runs that are there already are not repeated. Linux only.
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

from races import add_arguments, race
from ratios import (
    LEVEL,
    MARGIN,
    errors,
    geometric_mean,
    interval,
    log_ratios,
    lower_bound,
    mean_ranks,
    read_results,
    selected,
    worse,
)
from systems import PACKAGES, SYSTEMS, environment

FIT_ONE = Path(__file__).resolve().with_name("fit_one.py")
WIDTH = 13  # of an interval, and two spaces


# -- the environments, and the runs in them -------------------------------------------------


def python_of(system, envs):
    """Return the interpreter of a system."""
    name = environment(system)
    if name not in PACKAGES:
        return sys.executable
    if envs is None:
        raise SystemExit(f"{system} has an environment of its own; pass its folder as --envs.")
    return str(envs.resolve() / name / "bin" / "python")


def setup(args):
    """Make the environments that are not there yet."""
    for name in dict.fromkeys(map(environment, args.systems)):
        if name in PACKAGES:
            folder = args.envs / name
            subprocess.run([sys.executable, "-m", "venv", folder], check=True)
            command = [python_of(name, args.envs), "-m", "pip", "install", *PACKAGES[name]]
            subprocess.run(command, check=True)


def run(args):
    pythons = {system: python_of(system, args.envs) for system in args.systems}
    if missing := [system for system, python in pythons.items() if not Path(python).exists()]:
        raise SystemExit(f"{args.envs} has no environment of {', '.join(missing)}: see setup.")
    race(args, args.systems, lambda run: [pythons[run["system"]], FIT_ONE, json.dumps(run)])


# -- the table ------------------------------------------------------------------------------


def print_ratios(cells, systems):
    """Print the ratio of each system to each other one, with its interval below."""
    print(
        f"error of ROW / error of COLUMN, geometric mean and {LEVEL:.0%} interval; below 1 the "
        "row is better\n"
    )
    first = label_width(systems)
    width = max(WIDTH, first)
    print(" " * first + "".join(f"{system:>{width}s}" for system in systems))
    for system in systems:
        means, bounds = f"{system:{first}s}", " " * first
        for other in systems:
            logs = log_ratios(cells, system, other)
            low, high = interval(logs) if logs and other != system else (None, None)
            means += number(geometric_mean(logs) if low else None, width, ".3f")
            bounds += f"{f'{low:.3f}-{high:.3f}' if low else '':>{width}s}"
        print(f"{means}\n{bounds}")


def label_width(systems):
    return max(map(len, systems)) + 2


def median(values):
    """Return the median of what is known, None if nothing is."""
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def print_systems(rows, cells, systems, test_rows):
    """Print a line per system: rank, failures, time and size."""
    ranks, first = mean_ranks(cells, systems), label_width(systems)
    print(
        f"\n{'':{first}s}{'mean rank':>10s}{'runs':>6s}{'failed':>8s}{'fit / budget':>14s}"
        f"{'largest':>9s}{'predict s':>11s}{'model MB':>10s}"
    )
    for system in systems:
        mine = [row for row in rows if row["system"] == system]
        shares = [row["fit_s"] / row["budget"] for row in mine if row.get("fit_s") is not None]
        predict = median(
            1000 * row["predict_s"] / test_rows[row["name"], row["split"]]
            for row in mine
            if row.get("predict_s") is not None and (row["name"], row["split"]) in test_rows
        )
        size = median(row.get("size_bytes") for row in mine)
        print(
            f"{system:{first}s}{ranks[system]:10.2f}{len(mine):6d}"
            f"{sum(not row['ok'] for row in mine):8d}"
            + number(median(shares), 14, ".2f")
            + number(max(shares, default=None), 9, ".2f")
            + number(predict, 11, ".4f")
            + number(size and size / 1e6, 10, ".2f")
        )
    print(
        "\nfailed: counts as the worst error of all systems on the same rows; fit / budget, "
        "predict s\n(seconds for 1,000 rows) and model MB (what must be kept to predict) are "
        "medians"
    )


def number(value, width, form):
    return f"{'-':>{width}s}" if value is None else f"{value:{width}{form}}"


def print_by_table(rows, cells, system, others):
    """Print the ratios of one system on each table, and where they are too high."""
    failed = {(row["name"], row["system"]) for row in rows if not row["ok"]}
    print(
        f"\nerror of {system} / error of COLUMN by table; in brackets the lower {LEVEL:.0%} "
        f"bound over splits;\n! above {MARGIN} with a bound above 1, f a failure is in it\n"
    )
    width = max(18, label_width(others))
    print(f"{'':20s}{'splits':>7s}" + "".join(f"{other:>{width}s}" for other in others))
    ratios = {other: log_ratios(cells, system, other) for other in others}
    told = []
    for name in dict.fromkeys(name for name, _ in cells):
        line = f"{name:20s}{max(len(logs.get(name, ())) for logs in ratios.values()):7d}"
        for other, logs in ratios.items():
            if name not in logs:
                line += f"{'-':>{width}s}"
                continue
            ratio, bound = geometric_mean({name: logs[name]}), lower_bound(logs[name])
            flags = "!" if worse(logs[name]) else ""
            flags += "f" if {(name, system), (name, other)} & failed else ""
            text = f"{ratio:.3f}" + (f" ({bound:.3f})" if bound else "")
            line += f"{text:>{width - 2}s}{flags:2s}"
            if "!" in flags:
                told.append(f"{name} to {other} {text}")
        print(line)
    print(f"\n{len(told)} marked with !" + "".join(f"\n  {entry}" for entry in told))


def known_test_rows(rows, suite):
    """Return {(table, split): how many rows are predicted}, as noted or from the suite."""
    known = {(r["name"], r["split"]): r["test_rows"] for r in rows if r.get("test_rows")}
    unknown = {(row["name"], row["split"]) for row in rows} - set(known)
    if suite is None or not unknown:
        return known
    from suite_reader import datasets, read_table, split_rows

    described = datasets(suite)
    for name, split in unknown:
        if name in described:
            target = read_table(suite, described[name])[1]
            known[name, split] = len(split_rows(target, described[name], split)[1])
    return known


def table(args):
    rows = selected(read_results(args.results), args.budgets, args.n_jobs)
    if args.systems:
        rows = [row for row in rows if row["system"].partition("@")[0] in args.systems]
    if not rows:
        raise SystemExit("There are no such results.")
    cells = errors(rows)
    systems = sorted({row["system"] for row in rows})
    print_ratios(cells, systems)
    print_systems(rows, cells, systems, known_test_rows(rows, args.suite))
    for system in systems:
        others = [other for other in systems if other != system]
        if system.partition("@")[0] == args.of and others:
            print_by_table(rows, cells, system, others)


def draw(args):
    from curve import draw_curve, print_curve

    rows = [row for row in read_results(args.results) if row["n_jobs"] == args.n_jobs]
    print_curve(rows)
    draw_curve(rows, args.png)


# -- the command line -----------------------------------------------------------------------


def systems_of(text):
    """Return the systems that are named, which must be known."""
    systems = text.split(",")
    if unknown := set(systems) - set(SYSTEMS):
        raise argparse.ArgumentTypeError(
            f"no system is called {', '.join(sorted(unknown))}; there are {', '.join(SYSTEMS)}"
        )
    return systems


def numbers_of(text):
    return [float(part) for part in text.split(",")]


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = parser.add_subparsers(required=True)

    make = commands.add_parser("setup", help="make the environments of systems with pip")
    make.add_argument("--envs", type=Path, required=True, help="folder of the environments")
    make.add_argument("--systems", type=systems_of, default=list(SYSTEMS))
    make.set_defaults(do=setup)

    fit = commands.add_parser("run", help="fit systems on tables")
    add_arguments(fit)
    fit.add_argument("--envs", type=Path, help="folder with <system>/bin/python")
    fit.add_argument("--systems", type=systems_of, default=["evolearn", "histgb"])
    fit.set_defaults(do=run)

    show = commands.add_parser("table", help="print how the systems compare")
    show.add_argument("results", type=Path, nargs="+", help="JSON lines; the last of equals")
    show.add_argument("--budgets", type=numbers_of, default=[], help="default all there are")
    show.add_argument("--n-jobs", type=int)
    show.add_argument("--systems", type=lambda text: text.split(","))
    show.add_argument("--of", default="evolearn", help="the system whose tables are shown")
    show.add_argument("--suite", type=Path, help="to count rows, where results do not tell")
    show.set_defaults(do=table)

    plot = commands.add_parser("curve", help="draw error against seconds")
    plot.add_argument("results", type=Path, nargs="+", help="JSON lines of several budgets")
    plot.add_argument("--png", type=Path, required=True, help="where the picture goes")
    plot.add_argument("--n-jobs", type=int, default=1)
    plot.set_defaults(do=draw)
    return parser.parse_args()


def main():
    args = arguments()
    args.do(args)


if __name__ == "__main__":
    main()
