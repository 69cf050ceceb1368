"""Gene of dates: differences between dates, and waves of the calendar."""

from itertools import combinations

from evolearn.data.schema import TableSchema
from evolearn.pipeline.component import Component
from evolearn.pipeline.domains import Integer
from evolearn.pipeline.gene import Gene, Options, Step, Trait
from evolearn.pipeline.genome import Allele
from evolearn.pipeline.plan import PipelinePlan
from evolearn.pipeline.problem import Problem
from evolearn.transformers import DateFeatures
from evolearn.transformers.date_features import (
    DAY,
    DAYS_OF_MONTH,
    DAYS_OF_WEEK,
    HOURS_OF_DAY,
    YEAR,
)

# Of more dates there are too many pairs: six make fifteen.
MOST_DATES = 6


class DatesGene(Gene):
    """Columns made of dates."""

    name = "dates"
    components = (
        Component("plain_dates", None, complexity=0.0),
        Component(
            "date_differences",
            DateFeatures(harmonics=0),
            handles=frozenset({"missing"}),
            complexity=0.2,
        ),
        Component(
            "cyclic_dates",
            DateFeatures(harmonics=2),
            {"harmonics": Integer(1, 3, start=2)},
            handles=frozenset({"missing"}),
            complexity=0.4,
        ),
    )

    def options(self, traits: frozenset[Trait]) -> Options:
        """Return the options; estimators that split at thresholds only need differences."""
        if Trait.THRESHOLDS in traits:
            return ("date_differences", "plain_dates", "cyclic_dates")
        return ("cyclic_dates", "date_differences", "plain_dates")

    def why_not(self, option: Component, problem: Problem) -> str | None:
        """Return a reason for tables without dates, or without enough of them."""
        table = problem.table
        if not table.dates:
            return "there are no dates"
        if option.name == "date_differences" and not differences_of(table):
            return "there is a single date"
        if option.name == "cyclic_dates" and not cycles_of(table):
            return "no part of a date returns"
        return None

    def add_steps(self, plan: PipelinePlan, allele: Allele, step: Step) -> None:
        """Add the step with the table's cycles and pairs of dates."""
        if step is None:
            return
        table = plan.problem.table
        cycles, differences = cycles_of(table), differences_of(table)
        step.set_params(cycles=cycles, differences=differences)
        plan.number_steps.append((self.name, step))
        plan.n_numbers += 2 * step.harmonics * len(cycles) + len(differences)


def cycles_of(table: TableSchema) -> tuple[tuple[int, float], ...]:
    """Return the periodic columns of dates, each with its period.

    The time of day and the day of the year come from the seconds, which know minutes and days;
    the days of week and month from their numbers. In a time zone the time of day comes from the
    hour, for clocks of the zone may be ahead of the seconds by another hour in summer. Parts
    that do not vary are left out.
    """
    cycles = []
    for date in table.dates:
        if "hour" in date.parts and date.zone:
            cycles.append((date.position("hour"), HOURS_OF_DAY))
        elif "hour" in date.parts:
            cycles.append((date.start, DAY))
        if "weekday" in date.parts:
            cycles.append((date.position("weekday"), DAYS_OF_WEEK))
        if "day" in date.parts:
            cycles.append((date.position("day"), DAYS_OF_MONTH))
        if "month" in date.parts:
            cycles.append((date.start, YEAR))
    return tuple(cycles)


def differences_of(table: TableSchema) -> tuple[tuple[int, int], ...]:
    """Return the pairs of date columns in seconds, the later column first."""
    starts = [date.start for date in table.dates[:MOST_DATES]]
    return tuple((second, first) for first, second in combinations(starts, 2))
