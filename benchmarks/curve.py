"""Error against seconds: does more time help? Numbers first, then the picture of them."""

from dataclasses import dataclass

from ratios import LEVEL, errors, geometric_mean, interval, log_ratios

REFERENCE = "histgb"  # takes its fraction of a second whatever the budget
COLOURS = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"  # Okabe and Ito
DODGE = 1.03  # between the points of two systems at one budget


@dataclass(frozen=True)
class Point:
    """Error at a budget over that of `REFERENCE`, and over that at the budget before."""

    budget: float
    ratio: float
    bounds: tuple[float, float]
    change: float | None
    change_bounds: tuple[float, float] | None


def curves(rows):
    """Return {system: points} of systems with several budgets, and the cells they are of.

    All points are of the same tables and splits: those on which each of them was measured.
    """
    at = {}
    for row in rows:
        if row["system"] != REFERENCE:
            at.setdefault(row["system"], set()).add(row["budget"])
    at = {system: sorted(budgets) for system, budgets in at.items() if len(budgets) > 1}
    labels = {(system, budget) for system, budgets in at.items() for budget in budgets}
    labels.add(REFERENCE)
    named = [{**row, "system": label(row)} for row in rows if label(row) in labels]
    cells = {place: cell for place, cell in errors(named).items() if labels <= set(cell)}
    if not cells:
        raise SystemExit(f"No table has results at all budgets, and of {REFERENCE}.")
    return {system: points(cells, system, budgets) for system, budgets in at.items()}, cells


def label(row):
    """Return what tells the results of a system at a budget from others."""
    return REFERENCE if row["system"] == REFERENCE else (row["system"], row["budget"])


def points(cells, system, budgets):
    made, before = [], None
    for budget in budgets:
        logs = log_ratios(cells, (system, budget), REFERENCE)
        change = bounds = None
        if before is not None:
            steps = log_ratios(cells, (system, budget), (system, before))
            change, bounds = geometric_mean(steps), interval(steps)
        made.append(Point(budget, geometric_mean(logs), interval(logs), change, bounds))
        before = budget
    return made


def print_curve(rows):
    drawn, cells = curves(rows)
    print(
        f"{about(cells)}; error over that of {REFERENCE}, and over that at the budget before, "
        f"with {LEVEL:.0%} intervals\n"
    )
    for system, of_system in drawn.items():
        for point in of_system:
            line = f"{system:16s}{point.budget:7g} s {point.ratio:8.3f} {between(point.bounds)}"
            if point.change is not None:
                line += f"{point.change:10.3f} {between(point.change_bounds)}"
                line += "  up, and not by chance" if point.change_bounds[0] > 1 else ""
            print(line)


def between(bounds):
    return "{:.3f}-{:.3f}".format(*bounds)


def about(cells):
    """Return what the numbers are of."""
    splits = {split for _, split in cells}
    names = {name for name, _ in cells}
    return f"tables: {len(names)}, splits: {len(splits)}"


def draw_curve(rows, path):
    """Draw the curves into a PNG."""
    import matplotlib

    matplotlib.use("Agg")  # files alone: no display is needed
    from matplotlib import pyplot
    from matplotlib.ticker import NullLocator

    drawn, cells = curves(rows)
    figure, axes = pyplot.subplots(figsize=(7, 4.5), layout="constrained")
    axes.axhline(1, color="#555555", linestyle="--", linewidth=1.2)
    axes.annotate(
        "default histogram boosting", (0.99, 1), xycoords=("axes fraction", "data"),
        xytext=(0, 3), textcoords="offset points", ha="right", va="bottom", color="#555555",
    )  # fmt: skip
    for number, (system, of_system) in enumerate(drawn.items()):
        ratios = [point.ratio for point in of_system]
        lengths = [
            [abs(point.bounds[side] - point.ratio) for point in of_system] for side in (0, 1)
        ]
        aside = DODGE ** (number - (len(drawn) - 1) / 2)
        axes.errorbar(
            [point.budget * aside for point in of_system], ratios, lengths,
            color=COLOURS[number % len(COLOURS)], marker="o", markersize=6, linewidth=2,
            elinewidth=1.2, capsize=4, label=system,
        )  # fmt: skip
    budgets = sorted({point.budget for of_system in drawn.values() for point in of_system})
    axes.set_xscale("log")
    axes.set_xticks(budgets, [f"{budget:g}" for budget in budgets])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("time budget (seconds, logarithmic)")
    axes.set_ylabel("error over that of default\nhistogram boosting (geometric mean)")
    axes.set_title(f"Error against time ({about(cells)}; bars: {LEVEL:.0%} intervals)")
    axes.grid(axis="y", color="#dddddd", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="best")
    figure.savefig(path, dpi=150)
    pyplot.close(figure)
