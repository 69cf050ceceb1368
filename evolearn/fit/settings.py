"""Settings of one fit: the estimator's parameters, which the modules of a fit receive."""

from dataclasses import dataclass, fields
from typing import Any, Self

from evolearn.policy import DEFAULT_POLICY, Policy
from evolearn.search.stopping import StoppingRules

# Share of the time budget that one candidate may take, unless the user sets a limit.
EVALUATION_SHARE = 0.25
# Meaning of n_iter_no_change="auto" by number of rows. On few rows a search soon fits nothing
# but the noise of its folds: AutoGluon 1.6 ends after 4 models on 100 rows, 8 on 500, 15 on
# 2,500.
PATIENCE_BY_ROWS = ((100, 1), (500, 3), (2_500, 6), (float("inf"), 12))


@dataclass(frozen=True, eq=False, kw_only=True)
class Settings:
    """The validated parameters of an estimator, see `EvolutionaryClassifier`, and its task."""

    task: str
    time_budget: float | None
    n_generations: int | None
    n_evaluations: int | None
    target_fitness: float | None
    n_iter_no_change: int | str | None
    tol: float
    population_size: int
    kinds: Any
    search_space: Any
    scoring: Any
    refit: str | None
    cv: Any
    final_model: str
    ensemble_size: int
    max_predict_latency: float | None
    evaluation_timeout: float | None
    memory_limit: int | None
    journal: Any
    replay: bool
    n_jobs: int | None
    executor: Any
    on_sigterm: str | None
    random_state: Any
    verbose: int | str
    policy: Policy = DEFAULT_POLICY

    @classmethod
    def of(cls, estimator: Any) -> Self:
        """Return the settings of an evolutionary estimator."""
        names = [field.name for field in fields(cls) if field.name not in ("task", "policy")]
        # A subclass may have parameters of its own, and others for it in the instance.
        parameters = {name: vars(estimator)[name] for name in names}
        return cls(task=estimator._task, policy=estimator._policy, **parameters)

    @property
    def logs(self) -> bool:
        """Whether progress is logged; ``verbose="auto"`` shows it in another way."""
        return self.verbose != "auto" and bool(self.verbose)

    @property
    def most_candidates(self) -> int | None:
        """Number of candidates after which the search ends, None for any number."""
        rules = StoppingRules(
            n_generations=self.n_generations, n_evaluations=self.n_evaluations
        )
        return rules.most_candidates(self.population_size)

    @property
    def candidate_timeout(self) -> float | None:
        """Seconds that one candidate may take, None for no limit."""
        if self.evaluation_timeout is not None or self.time_budget is None:
            return self.evaluation_timeout
        return EVALUATION_SHARE * self.time_budget

    def patience(self, n_rows: int) -> int | None:
        """Return the generations without improvement that end the search; None: any number."""
        if not isinstance(self.n_iter_no_change, str):
            return self.n_iter_no_change
        return next(patience for rows, patience in PATIENCE_BY_ROWS if n_rows <= rows)
