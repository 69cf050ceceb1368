"""The evolutionary regressor."""

from typing import Any, Self

from sklearn.base import RegressorMixin

from evolearn._compat import fit_context
from evolearn.estimators.base import BaseEvolutionary
from evolearn.estimators.uncertainty import IntervalMixin


class EvolutionaryRegressor(RegressorMixin, IntervalMixin, BaseEvolutionary):
    """Evolve the pipeline that predicts a number best.

    A candidate is a whole pipeline: imputing, encoding, scaling, constructed features, model
    and hyperparameters. Each generation varies the best candidates so far, scores the children
    by cross-validation, and keeps the best. The final models are fitted on all rows.

    Parameters
    ----------
    time_budget : float, default=60.0
        Seconds for the whole of ``fit``, final models included. None: no limit. Then the
        result for a seed is the same to the last bit, whatever ``n_jobs`` is, unless
        ``evaluation_timeout`` or ``max_predict_latency`` is set or a candidate reaches the
        ``memory_limit`` (by default a worker's share of the free memory).

    n_generations : int, default=None
        Number of generations of ``population_size`` candidates after which the search ends.
        Generation 0, which begins with the portfolio, counts. None: no limit.

    n_evaluations : int, default=None
        Number of candidates after which the search ends. None: no limit.

    target_fitness : float, default=None
        The search ends as soon as the fitness of a candidate is this low. None: no target.

    n_iter_no_change : int, "auto" or None, default="auto"
        Number of generations without an improvement by ``tol`` after which the search ends.
        "auto": 1 up to 100 rows, 3 up to 500, 6 up to 2,500, else 12. None: no limit. At a
        fitness of 0, which nothing can improve, the search ends in any case.

    tol : float, default=1e-3
        Smallest improvement that counts, as a share of the fitness of the first candidate,
        the baseline.

    population_size : int, default=16
        Number of candidates per generation, and of parents that are kept.

    kinds : dict, default=None
        Kinds of columns, by name or position, that override the inferred kinds:
        ``"numeric"``, ``"categorical"``, ``"datetime"``, ``"datetime_day_first"`` or
        ``"datetime_month_first"`` (dates such as ``05/06/2020``), ``"timedelta"``, ``"text"``,
        ``"vector"`` (several numbers in a cell) or ``"drop"``. Strings that are all numbers,
        dates or durations are inferred to be these; ``"categorical"`` keeps them as they are.

    search_space : None, "onnx", SearchSpace or list, default=None
        The pipelines that may be built. None: all built-in models. ``"onnx"``: those that
        `to_onnx` can export. A list may contain names of
        built-in models (``"extra_trees"``), estimators (used with their own hyperparameters,
        after column preparation), ``(estimator, {parameter: domain})`` pairs, `Component`
        objects, and pipelines (used without column preparation).

    scoring : str, callable, list or dict, default=None
        Any scorer of scikit-learn, or a function ``scorer(estimator, X, y)``, greater is
        better. A function gets held-out rows of the original table; if it needs more than
        predictions, the best single model is used in place of an ensemble. A list of names, or
        a dictionary of names and scorers: several metrics, all of them in ``cv_results_``, of
        which ``refit`` names the one that is optimised. None: root mean
        squared error.

    refit : str, default=None
        Name of the metric that is optimised if ``scoring`` has several. None: the first one.

    cv : int, cross-validation generator or iterable, default=None
        Cross-validation of the candidates. None: 8 folds on small tables, 5 on others. If the
        budget would then hold too few candidates, there are fewer folds, or a single held-out
        fifth. Tables of 64 MiB and more train on a fifth of the rows, to save memory. With
        ``groups``, folds keep groups together. An int: that number of shuffled folds.

    final_model : {"ensemble", "single"}, default="ensemble"
        The model that predicts. "ensemble": a weighted mean of the candidates that complement
        each other best; from 500 rows on with a stacking layer that learns from their
        predictions, if that is better (see ``stacking_weights_``). "single": the best
        candidate alone.

    ensemble_size : int, default=25
        Number of steps of the greedy ensemble selection, with replacement. It is the largest
        number of members; an ensemble usually has far fewer.

    max_predict_latency : float, default=None
        Seconds that prediction may take per 1,000 rows, on one core of this machine. The
        ensemble is selected so that its members together keep this limit, by their measured
        prediction times in cross-validation. None: no limit.

    evaluation_timeout : float, default=None
        Seconds that one candidate may take, all folds together. A candidate that takes longer
        is given up, with the status ``"timed_out"``; after the first fold already, if all take
        longer. None: a quarter of ``time_budget``, no limit without one.

    memory_limit : int, default=None
        Bytes that a worker may take in addition to its memory before the first candidate. A
        candidate that takes more is stopped and counts as failed. None: four fifths of the
        free memory of the machine or its control group, divided by the number of workers.

    journal : str or path, default=None
        Folder of checkpoints. Every evaluation is stored as it is made, in one file per data
        and settings. The same ``fit`` again continues one that was killed, and extends a
        finished one that is given a larger budget.

    replay : bool, default=False
        Whether to repeat the last finished run in ``journal``: the same decisions and the same
        models, however long it takes.

    n_jobs : int, default=None
        Number of worker processes. At most 16 are busy, except in a slow search with a
        ``time_budget``, which keeps all of them busy. None: 1, or the setting of an active
        `joblib.parallel_config`. -1: all cores. With ``executor``, the number of candidates
        that run at a time; on a Dask cluster, None means all its threads.

    executor : "dask" or callable, default=None
        Place where candidates are trained. None: processes of this machine, or the joblib
        backend of an active `joblib.parallel_config` if it runs tasks elsewhere. "dask": the
        cluster of the current Dask client. A callable: the `concurrent.futures.Executor` that
        it returns, a new one at each call; ``fit`` shuts it down. In other places than its own
        processes, ``fit`` can neither limit memory nor stop a candidate that has begun.

    on_sigterm : "best" or None, default=None
        "best": SIGTERM, which schedulers send before they kill a job, ends the search as Ctrl-C
        does, with the best model so far. None: it ends the process.

    random_state : int, RandomState instance or None, default=None
        Seed of all random numbers. Pass an int for reproducible results. None: another seed
        each time; with ``journal``, a seed made of the data, so that the same fit finds its
        file.

    verbose : "auto" or int, default="auto"
        "auto": show the progress while ``fit`` runs, in a panel of an interactive terminal
        (with the library rich, else in one line) or in one display of a notebook; show nothing
        where standard output is a file or a pipe, in worker processes and in threads. 1: log
        a line per generation with the logger ``"evolearn"``, on standard output unless the
        program has handlers. 0: show nothing.

    Attributes
    ----------
    best_estimator_ : estimator
        The best single model, fitted on all rows if there was time: a pipeline whose steps are
        classes of scikit-learn, `evolearn.transformers`, `evolearn.networks` or a boosting
        library. The first step is a `ColumnPreparer` if the table needs one.

    estimator_ : estimator
        The model that predicts: the ensemble, with or without a stacking layer, or
        ``best_estimator_``.

    best_fitness_ : float
        Fitness of the best single model, the mean error over folds. Lower is better; 0 is
        perfect if the scorer has a best value. NaN if no candidate was evaluated in time.

    estimate_ : Estimate
        The expected error on new rows: ``corrected``, with the interval from ``lower`` to
        ``upper``, beside the cross-validated error ``naive``, which was measured on the rows by
        which the model was chosen. ``print`` shows it; `docs/estimate.md` explains it.

    best_params_ : dict
        Genome of the best single model in flat form: ``{"estimator": "ridge",
        "ridge__alpha": 1.0, ...}``. A warm start is not a part of it (see ``inherits`` in
        ``cv_results_``): fitted again with these parameters, a network trains from random
        weights for all of its epochs, and boosted trees use their last learning rate in all
        rounds.

    cv_results_ : dict of arrays
        All candidates in the order of the search, with the columns of `GridSearchCV`. Scores
        have the scorer's own sign; with several metrics there are columns of each one, such as
        ``mean_test_f1``, beside ``mean_test_score`` of the one that is optimised. Folds that
        were not run have NaN. Further columns are
        ``candidate`` (its number, to which ``parents``, ``inherits`` and other attributes
        refer), ``fitness``, ``complexity``, ``generation``, ``origin``, ``parents``,
        ``inherits`` (the candidate from whose trained models it started), ``status``,
        ``failure`` and ``warnings``. A ``status`` is ``"scored"``, ``"failed"``,
        ``"timed_out"``, ``"out_of_memory"``, ``"died"`` (with its process), or ``"raced"``:
        after some folds it was so far behind good candidates that the other folds were not
        run, and it has no fitness. An ``origin`` is ``"portfolio"``, ``"random"``,
        ``"mutation"`` or ``"crossover"``. ``start_seconds`` and ``end_seconds`` count from the
        beginning of the fit, and on from the last end if a journal is continued; candidates
        with the same ``worker`` did not run at the same time.

    metric_name_ : str
        Name of the scorer that the fitness is made of, such as ``"roc_auc"``. The fitness is
        the distance of a score from the best possible one, or minus the score if there is none.

    ensemble_fitness_ : float
        Cross-validated error of the model that predicts: the ensemble, with its stacking layer,
        or the single model. It is biased, see ``estimate_``; NaN if it could not be scored.

    baseline_fitness_ : float
        Cross-validated error of a model that predicts from the target alone, such as its mean.
        NaN if the scorer is a function ``scorer(estimator, X, y)``, or cannot score the model.

    best_index_ : int or None
        Position of the best single model in ``cv_results_``; None if no candidate was
        evaluated in time.

    best_score_ : float
        Mean score of the best single model over folds, with the scorer's own sign.

    multimetric_ : bool
        Whether ``scoring`` has several metrics.

    n_splits_ : int
        Number of folds.

    refit_time_ : float
        Seconds in which the final models were fitted on all rows, stacking layer included.

    feature_importances_ : ndarray of shape (`n_features_in_`,)
        Importance of each column of the table, in sum 1: the mean squared change of the
        predictions if the values of a column are exchanged among some training rows. There is
        none for sparse tables, for tables of more than a thousand columns, where no time was
        left, and where a model of yours does not predict such rows.

    insights_ : Insights
        Summaries without rows (`evolearn.results.insights.Insights`): out-of-fold errors, the
        segments of the table with the highest error, importances with intervals, dependence on
        the most important columns, made columns, and the lineage of the best candidate.

    leaderboard_ : Leaderboard
        The scored candidates, best first, with their weights in the ensemble; also the ensemble
        and the baseline, whose rank and number are -1. A mapping of columns that ``print`` and
        notebooks show well, with ``frame()`` for pandas. ``leaderboard_["params"]`` has the
        parameters.

    model_bytes_ : int
        Bytes of the pickled model that predicts, ``estimator_``.

    predict_ms_ : float
        Milliseconds in which the model predicted one row at the end of ``fit``: the median of
        some calls.

    stacking_weights_ : dict of str to float
        Weights of the models of the stacking layer, which learned from the predictions of the
        ensemble's members. ``"blend"`` is the ensemble itself. Empty if there is no stacking
        layer.

    history_ : History
        One row per generation: elapsed seconds, best and median fitness, numbers of evaluated
        and failed candidates. A mapping of columns like ``leaderboard_``.

    pareto_front_ : ParetoFront
        The candidates that no other candidate beats in both fitness and complexity: a mapping
        of columns like ``leaderboard_``.

    column_kinds_ : dict of str to str
        The kind that each column is read as, with the format of numbers, dates and durations in
        strings, such as ``"numeric (numbers as text, decimal comma)"``. ``kinds`` overrides it.

    dropped_columns_ : dict of str to str
        The columns that were left out, with the reason: constant columns, duplicates, and
        strings of which nearly every value is distinct, such as identifiers.

    table_profile_ : TableProfile
        Summaries of the columns of the table, by which ``check_table`` compares new rows.

    search_space_ : SearchSpace
        The space that was searched. Its ``left_out`` has the other components, with reasons;
        ``print`` shows both, and ``frame()`` returns a pandas frame of them.

    scorer_ : callable or dict of str to callable
        The scorer behind the fitness, or all scorers if there are several metrics.

    n_generations_ : int
        Number of generations; the last one may be unfinished.

    n_evaluations_ : int
        Number of evaluated candidates, failed ones included.

    stop_reason_ : str
        Reason why the search ended: ``"target_fitness"``, ``"time_budget"``,
        ``"n_generations"``, ``"n_evaluations"``, ``"no_improvement"``, ``"exhausted"``,
        ``"interrupted"`` or ``"callback"`` (a callback of scikit-learn 1.9 or newer, set by
        ``set_callbacks``, returned True at the end of a candidate).

    n_features_in_ : int
        Number of columns seen in ``fit``.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if all of them are strings.

    See Also
    --------
    EvolutionaryClassifier : Evolve the pipeline that classifies a table best.
    sklearn.model_selection.RandomizedSearchCV : Random search over one estimator.

    Notes
    -----
    Questions to a fitted model: `summary` and ``estimate_`` (how good is it on new rows, and
    how sure is that?), `importances` (which columns matter?), `why_not` (why is another model
    not used?), `would_longer_help`, `select` (is there a faster, smaller or readable model?),
    `report` (all of it in one file).

    The search is mu + lambda evolution with NSGA-II survival [1]_ on fitness and counted
    complexity; the ensemble is chosen by greedy selection with replacement [2]_.

    References
    ----------
    .. [1] Deb, Pratap, Agarwal and Meyarivan, "A fast and elitist multiobjective genetic
       algorithm: NSGA-II", IEEE Transactions on Evolutionary Computation 6(2), 2002.
    .. [2] Caruana, Niculescu-Mizil, Crew and Ksikes, "Ensemble selection from libraries of
       models", ICML 2004.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from evolearn import EvolutionaryRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = EvolutionaryRegressor(
    ...     time_budget=None, n_evaluations=4, search_space=["ridge", "decision_tree"],
    ...     random_state=0,
    ... ).fit(X, y)
    >>> model.best_params_["estimator"]
    'ridge'
    >>> model.stop_reason_
    'n_evaluations'
    """

    _task = "regression"

    @fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        groups: Any = None,
    ) -> Self:
        """Evolve a regressor.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            A pandas or polars frame, an Arrow table, a NumPy array or a SciPy sparse matrix.
        y : array-like of shape (n_samples,)
            Numbers of any type.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights in training and in scoring.
        groups : array-like of shape (n_samples,), default=None
            Group of each row. Rows of one group are never on both sides of a split.

        Returns
        -------
        self : EvolutionaryRegressor
            The fitted estimator.
        """
        return self._fit(X, y, sample_weight, groups)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the score on a table: R2, or ``scoring`` if it is set.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            The rows to predict.
        y : array-like of shape (n_samples,)
            Their true values.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        float
            The score; greater is better.
        """
        if self.scoring is None:
            return float(super().score(X, y, sample_weight))
        return self._score(X, y, sample_weight)
