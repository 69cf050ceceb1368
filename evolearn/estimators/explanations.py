"""Methods of the estimators that explain a finished search and its model."""

import numbers
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from evolearn.data import column_labels, is_sparse
from evolearn.insights.permutation import PermutationImportances
from evolearn.insights.search import SearchFacts, explain_search, why_not
from evolearn.messages import shown
from evolearn.report.card import estimator_card, summary_of
from evolearn.results.insights import Importances
from evolearn.results.outlook import MEASURED_RATIO, Outlook, outlook
from evolearn.results.search_explanation import SearchExplanation
from evolearn.tasks.scoring import Objective

if TYPE_CHECKING:
    from evolearn.report.report import Report

# Columns that are listed in a message.
MOST_LABELS = 20


class ExplanationMixin:
    """Explanations of the search, and importances on given rows."""

    def summary(self) -> str:
        """Return a summary of the fitted model in at most ten lines.

        Returns
        -------
        str
            The expected error on new rows with its interval, the naive error beside the
            baseline's, a simpler model if there is one, the members of the ensemble, the search
            and whether more of it would help, the most important columns, and those left out.

        See Also
        --------
        report : All of it and more, in one file.
        explain_search : How often each model was tried, and its best error.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from evolearn import EvolutionaryRegressor
        >>> X, y = load_diabetes(return_X_y=True)
        >>> model = EvolutionaryRegressor(
        ...     time_budget=None, n_evaluations=4, search_space=["ridge", "decision_tree"],
        ...     random_state=0,
        ... ).fit(X, y)
        >>> model.summary().splitlines()[0][:52]
        'EvolutionaryRegressor: Expected error on new rows: 5'
        """
        check_is_fitted(self)
        return "\n".join(summary_of(self))

    def report(self, X_test: Any = None, y_test: Any = None) -> "Report":
        """Return a report of the fitted model in eleven sections.

        Parameters
        ----------
        X_test : table of shape (n_samples, n_features), default=None
            Rows that ``fit`` did not get: their error, the importance of the columns for them,
            and the time of a prediction are reported too.
        y_test : array-like of shape (n_samples,), default=None
            Their target.

        Returns
        -------
        Report
            ``write_html(path)`` writes one file that needs no network, ``json()`` and
            ``write_json(path)`` give the same content. It holds no row of the tables.

        Raises
        ------
        ValueError
            If only one of both is passed, or they cannot be used.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from evolearn import EvolutionaryRegressor
        >>> X, y = load_diabetes(return_X_y=True)
        >>> model = EvolutionaryRegressor(
        ...     time_budget=None, n_evaluations=4, search_space=["ridge", "decision_tree"],
        ...     random_state=0,
        ... ).fit(X, y)
        >>> [section["title"] for section in model.report().json()["sections"]][:3]
        ['Verdict', 'Expected on new rows', 'The table']
        """
        # Imported here: few programs need it, and it takes some 15 ms.
        from evolearn.report.report import report_of

        check_is_fitted(self)
        return report_of(self, X_test, y_test)

    def _html_repr(self) -> str:
        return estimator_card(self)

    def explain_search(self) -> SearchExplanation:
        """Return an account of the search by estimators and genes.

        Returns
        -------
        SearchExplanation
            For each estimator and each option of a gene: how often it was tried, its best
            error, failures by their reasons, the seconds spent on it, or why it was left out.
            It has readable text, an HTML form, and ``frame()``.

        See Also
        --------
        why_not : The reason of one model or gene.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from evolearn import EvolutionaryRegressor
        >>> X, y = load_diabetes(return_X_y=True)
        >>> model = EvolutionaryRegressor(
        ...     time_budget=None, n_evaluations=4, search_space=["ridge", "decision_tree"],
        ...     random_state=0,
        ... ).fit(X, y)
        >>> tried = model.explain_search().columns()
        >>> tried["name"][:2], tried["tried"][:2]
        (['ridge', 'decision_tree'], [2, 2])
        """
        if hasattr(self, "_explained_search"):  # of a model that `evolearn.load` has loaded
            explained: SearchExplanation = self._explained_search
            return explained
        return explain_search(self._search_facts())

    def why_not(self, name: str) -> str:
        """Return the reason why an estimator, a gene or its option is not in the best pipeline.

        Parameters
        ----------
        name : str
            An estimator, an option of a gene, a gene, or a common name of a model: ``"svm"``
            is ``"support_vector_machine"``. Case and punctuation do not matter.

        Returns
        -------
        str
            A sentence or three: how often it was tried, its best error and the distance from
            the best candidate, failures and seconds, or the reason why it was left out.

        Raises
        ------
        ValueError
            If there is no such name; the message has the nearest ones.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from evolearn import EvolutionaryRegressor
        >>> X, y = load_diabetes(return_X_y=True)
        >>> model = EvolutionaryRegressor(
        ...     time_budget=None, n_evaluations=4, search_space=["ridge", "decision_tree"],
        ...     random_state=0,
        ... ).fit(X, y)
        >>> model.why_not("svm")
        'support_vector_machine was left out: it is not in the search space that was passed.'
        """
        if not isinstance(name, str):
            raise TypeError(
                f"why_not takes the name of an estimator or gene, got {shown(name)}."
            )
        return why_not(self._search_facts(), name)

    def would_longer_help(self, seconds: float | None = None) -> Outlook:
        """Return the probability that a longer search would lower the error, and the gain.

        Both follow from how much the best error fell after the first third of the search, and
        from the number of candidates. The constants were measured on fits of 10 s that were
        repeated with 60 s; see `docs/estimate.md`.

        Parameters
        ----------
        seconds : float, default=None
            Further seconds of the search; by default five times those that it took.

        Returns
        -------
        Outlook
            ``probability`` of a gain above 1 %, and ``expected_gain``. `print` shows a
            sentence.

        See Also
        --------
        plots.SearchProgressDisplay : The error over the time of the search.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from evolearn import EvolutionaryRegressor
        >>> X, y = load_diabetes(return_X_y=True)
        >>> model = EvolutionaryRegressor(
        ...     time_budget=None, n_evaluations=4, search_space=["ridge", "decision_tree"],
        ...     random_state=0,
        ... ).fit(X, y)
        >>> 0 < model.would_longer_help(seconds=60).probability < 1
        True
        """
        check_is_fitted(self)
        model: Any = self
        if seconds is not None:
            _check_positive("seconds", seconds, numbers.Real)
        results = model.cv_results_
        ends = results["end_seconds"]
        searched = float(np.nanmax(ends, initial=0.0))
        further = (MEASURED_RATIO - 1) * searched if seconds is None else float(seconds)
        if model.stop_reason_ == "exhausted":
            reason = "Longer would not help: every candidate of the search space was tried."
            return Outlook(further, 0.0, 0.0, reason)
        estimate = model.estimate_
        noise = estimate.standard_error / abs(estimate.corrected or np.nan)
        noise = noise if np.isfinite(noise) else 0.0
        return outlook(ends, results["fitness"], further, noise)

    def importances(
        self,
        X: Any,
        y: Any,
        *,
        groups: Mapping[str, Sequence[Any]] | None = None,
        n_repeats: int = 5,
        time_limit: float = 30.0,
        random_state: Any = None,
    ) -> Importances:
        """Return the permutation importance of the columns of a table, with intervals.

        It is the increase of the error if the values of a column are exchanged among the rows.
        Of columns that say nearly the same, each may seem unimportant, as the model reads the
        other one: pass them as a group. On rows of ``fit`` the importances are those of a model
        that knows their targets: pass rows that were held out.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            Rows that were not used in ``fit``; of more than 5,000 a part is drawn.
        y : array-like of shape (n_samples,)
            Their target.
        groups : dict of str to list, default=None
            Columns that are exchanged together, by a name for them: ``{"size": ["area",
            "rooms"]}``. Columns are named, or numbered where the table has no names. Each
            other column is a group of its own.
        n_repeats : int, default=5
            Number of orders in which the values of each column are exchanged.
        time_limit : float, default=30
            Seconds after which no further column is begun. If they are few, fewer rows are
            predicted, 200 at least. The columns that changed predictions most at the end of
            ``fit`` come first.
        random_state : int, RandomState instance or None, default=None
            Seed of the orders. None: the ``random_state`` of the estimator.

        Returns
        -------
        Importances
            Importances with intervals of 90 %, in the unit of the fitness. It has readable
            text, an HTML form, and ``frame()``.

        Raises
        ------
        ValueError
            If a parameter cannot be used, for sparse tables, and for labels unseen in fit.

        See Also
        --------
        insights_ : Importances measured at the end of ``fit``, dependence on the most important
            columns, and the segments of the table with the highest error.
        """
        check_is_fitted(self)
        model: Any = self
        _check_positive("n_repeats", n_repeats, numbers.Integral)
        _check_positive("time_limit", time_limit, numbers.Real)
        table = model._checked(X)
        if is_sparse(table):
            raise ValueError("importances needs a dense table; pass X.toarray().")
        check_consistent_length(table, y)
        task: Any = self._of_search("_fitted_task")
        values, _ = type(task).from_target(y)
        unseen = task.unknown(values)
        if len(unseen):
            raise ValueError(
                f"y has the label {shown(unseen[0])}, which was not in the y of fit."
            )
        seed = model.random_state if random_state is None else random_state
        rng = np.random.default_rng(check_random_state(seed).randint(2**31 - 1))
        measured = PermutationImportances(model, task, self._error_of(task), table, values, rng)
        labels = column_labels(table)
        known = getattr(self, "feature_importances_", np.zeros(len(labels)))
        blocks = _groups(groups or {}, labels, known)
        return measured.measure(blocks, int(n_repeats), float(time_limit))

    def _error_of(self, task: Any) -> Objective:
        """Return the objective of the fit, or the default one if a scorer needs the table."""
        model: Any = self
        objective: Objective = task.objective(model._single_scoring())
        return task.objective(None) if objective.is_function else objective

    def _of_search(self, name: str) -> Any:
        """Return a fitted attribute that models saved by other means than pickle lack."""
        if not hasattr(self, name):
            msg = "This model was saved without its search; use the one that was fitted."
            raise ValueError(msg)
        return getattr(self, name)

    def _search_facts(self) -> SearchFacts:
        check_is_fitted(self)
        model: Any = self
        board = model.leaderboard_
        weights = zip(board["candidate"], board["ensemble_weight"], strict=True)
        estimate = model.estimate_
        interval = (estimate.lower, estimate.upper)
        return SearchFacts(
            results=model.cv_results_,
            weights={int(n): float(weight) for n, weight in weights if n is not None},
            space=self._of_search("search_space_"),
            task=self._of_search("_fitted_task").models,
            best_fitness=float(model.best_fitness_),
            stop_reason=model.stop_reason_,
            metric=estimate.error_name,
            interval=interval if np.isfinite(interval).all() else None,
        )


def _groups(
    groups: Mapping[str, Sequence[Any]], labels: list[Any], known: Any
) -> dict[str, list[int]]:
    """Return the positions of the columns of each group, the most important groups first."""
    places = {label: j for j, label in enumerate(labels)}
    named = [label for group in groups.values() for label in group]
    for label in named:
        if label not in places:
            known_labels = ", ".join(map(shown, labels[:MOST_LABELS]))
            msg = (
                f"groups has the column {shown(label)}, which X has not; it has {known_labels}."
            )
            raise ValueError(msg)
    twice = [label for label in named if named.count(label) > 1]
    if twice:
        raise ValueError(f"groups has the column {shown(twice[0])} twice; name it once.")
    blocks = {name: [places[label] for label in group] for name, group in groups.items()}
    for label, j in places.items():
        if label not in named:
            if str(label) in blocks:
                raise ValueError(f"groups has a group of the name of column {shown(label)}.")
            blocks[str(label)] = [j]
    order = sorted(blocks, key=lambda name: -float(sum(known[j] for j in blocks[name])))
    return {name: blocks[name] for name in order}


def _check_positive(name: str, value: Any, kind: type) -> None:
    if isinstance(value, bool) or not isinstance(value, kind) or not value > 0:  # type: ignore[operator]
        noun = "a positive integer" if kind is numbers.Integral else "a positive number"
        raise ValueError(f"{name} must be {noun}, got {shown(value)}.")
