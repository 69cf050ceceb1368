"""The evolutionary classifier."""

from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if

from evolearn._compat import fit_context
from evolearn.estimators.base import BaseEvolutionary, model_has, single_has
from evolearn.tasks.target import as_labels


class EvolutionaryClassifier(ClassifierMixin, BaseEvolutionary):
    """Evolve the pipeline that classifies a table best.

    Candidates are whole pipelines: imputing, encoding, scaling, engineered features, model and
    hyperparameters. Every generation varies the best ones so far, trains the children in
    cross-validation, and keeps the best. The final models are fitted on all rows.

    Parameters
    ----------
    time_budget : float, default=60.0
        Seconds for the whole of ``fit``, final models included. None: no limit, and with a
        seed the result is the same to the last bit, whatever ``n_jobs``, unless
        ``evaluation_timeout`` or ``max_predict_latency`` are set, or a candidate comes to
        the ``memory_limit`` (by default a worker's share of what is free).

    n_generations : int, default=None
        Number of generations of ``population_size`` candidates after which the search ends;
        generation 0, the portfolio of starting configurations, counts. None: no limit.

    n_evaluations : int, default=None
        Number of candidates after which the search ends. None: no limit.

    target_fitness : float, default=None
        The search ends as soon as a candidate's fitness is not above this. None: no target.

    n_iter_no_change : int, "auto" or None, default="auto"
        The search ends if the best fitness has not improved by ``tol`` over this many
        generations. "auto": 1 up to 100 rows, 3 up to 500, 6 up to 2,500, else 12. None: it
        goes on. At a fitness of 0, which nothing can improve, it ends in any case.

    tol : float, default=1e-3
        The improvement that counts, as a share of the fitness of the first candidate, the
        baseline.

    population_size : int, default=16
        Candidates per generation, and number of parents that are kept.

    kinds : dict, default=None
        Kinds of columns, by name or position, where the kind that is inferred is not the one
        wanted: ``"numeric"``, ``"categorical"``, ``"datetime"``,
        ``"timedelta"``, ``"text"`` or ``"drop"``. Strings are read as dates (inferred
        if all are in ISO 8601, such as ``"2024-05-31"``) or as numbers, not as
        durations.

    search_space : None, SearchSpace or list, default=None
        The pipelines that may be built. None: the default catalogue. A list may mix names of
        the default catalogue (``"extra_trees"``), estimators (searched as they are, with column
        preparation), ``(estimator, {parameter: domain})`` pairs, `Component` objects, and
        pipelines (taken whole).

    scoring : str or callable, default=None
        Any scorer of scikit-learn, or ``scorer(estimator, X, y)``, greater is better, which
        sees held-out rows of the table as it came; ensembles are for those that do without,
        and score predictions alone. None: log loss.

    cv : int, cross-validation generator or iterable, default=None
        Cross-validation of the candidates. None: 8 folds on small tables, 5 on others, fewer
        or a single held-out fifth where the budget would hold too few candidates; with
        ``groups``, a splitter that keeps groups together; tables of 64 MiB and more train on a
        fifth of the rows, for the sake of memory. An int: that number of shuffled folds.

    final_model : {"ensemble", "single"}, default="ensemble"
        The model that predicts: an ensemble of the candidates that complement each other
        best, whose probabilities are pooled, from 500 rows on with a stacking layer that
        learns from their predictions if that is better (see `stacking_weights_`), or the best
        candidate alone.

    ensemble_size : int, default=25
        Draws of the greedy ensemble selection, with replacement: the largest number of members
        of the ensemble, which usually has far fewer.

    max_predict_latency : float, default=None
        Seconds that prediction may take per 1,000 rows, on one core of this machine. Members
        are chosen, by what they took when they were scored, so that all of them together keep
        it; None: as long as it takes.

    evaluation_timeout : float, default=None
        Seconds that one candidate may take, all folds together; then it is stopped and counts
        as failed, after its first fold already if all would take longer. None: a quarter of
        ``time_budget``, no limit without one.

    memory_limit : int, default=None
        Bytes that a worker may take beyond what it has before its first candidate; a candidate
        that takes more is stopped and counts as failed. None: four fifths of what the machine
        or its control group has free, divided by the workers.

    journal : str or path, default=None
        A folder to keep every evaluation in as it is made, in one file per data and settings.
        A fit that was killed goes on from there when it is run again, and a finished one can
        be given more budget.

    replay : bool, default=False
        Whether to repeat the last finished run in ``journal``: the same decisions and the same
        models, whatever the clock says.

    n_jobs : int, default=None
        Number of worker processes. At most 16 have a candidate to run, but for a slow search
        with a ``time_budget``, which keeps all of them busy. None: 1, or what an active
        `joblib.parallel_config` says; -1: all cores. With ``executor``, the number of
        candidates that are out at a time; on a Dask cluster None is all its threads.

    executor : "dask" or callable, default=None
        Where candidates are trained. None: in processes of this machine, or on the joblib
        backend that an active `joblib.parallel_config` names, if it is one that works
        elsewhere. "dask": on the cluster of the current Dask client. A callable: on the
        `concurrent.futures.Executor` that it returns, a new one at each call, which ``fit``
        shuts down. Elsewhere than in processes of its own, ``fit`` can limit neither memory
        nor stop a candidate that has begun.

    random_state : int, RandomState instance or None, default=None
        The source of every draw. Pass an int for reproducible results. None: another seed each
        time; with ``journal`` one made of the data, so that the same fit finds its file.

    verbose : int, default=0
        1: a line per generation through the logger ``"evolearn"``.

    Attributes
    ----------
    best_estimator_ : estimator
        The best single model, fitted on all rows if there was time: a pipeline of
        scikit-learn's classes and, where they won, of `evolearn.transformers`,
        `evolearn.networks` or a boosting library, with a `ColumnPreparer` as its first step
        where the table needs one.

    estimator_ : estimator
        The model that predicts: the ensemble, with or without a stacking layer, or
        ``best_estimator_``.

    best_fitness_ : float
        Fitness of the best single model, the mean over folds: lower is better, and 0 is
        perfect for scorers that have a best value. NaN if no candidate was evaluated in time.

    best_params_ : dict
        Its genome in flat form: ``{"estimator": "ridge", "ridge__alpha": 1.0, ...}``. One
        that started from another one's models (see ``inherits``) comes to others if it is
        fitted anew with these: a network from drawn weights for all of its epochs, boosted
        trees with their last learning rate in all rounds.

    cv_results_ : dict of arrays
        All candidates in the order of the search, laid out as in `GridSearchCV`: scores in
        the scorer's own sign, NaN for folds that were not run; also ``candidate`` (its
        number, which ``parents``, ``inherits`` and other attributes name), ``fitness``,
        ``complexity``, ``generation``, ``origin``, ``parents``, ``inherits`` (the candidate
        from whose trained models it started), ``status``, ``failure`` and ``warnings``. A
        ``status`` is ``"scored"``, ``"failed"``, ``"timed_out"``, ``"out_of_memory"``,
        ``"died"`` (with its process), or ``"raced"``: the candidate lay so far behind good
        ones after some folds that the others were not run; it has no fitness. An ``origin`` is
        ``"portfolio"``, ``"random"``, ``"mutation"`` or ``"crossover"``.

    leaderboard_ : dict of arrays
        The candidates that were scored, best first, with their weight in the ensemble.

    stacking_weights_ : dict of str to float
        The weights of the models of the stacking layer, which learned from the predictions
        of the ensemble's members; ``"blend"`` is the ensemble itself. Empty if there is no
        stacking layer.

    history_ : dict of arrays
        One entry per generation: best and median fitness, candidates done and failed.

    pareto_front_ : list of dict
        The candidates that no other one beats in both fitness and complexity.

    dropped_columns_ : dict of str to str
        The columns that were left out, each with the reason: constant ones, duplicates, and
        categories of which nearly every value is distinct, like identifiers.

    search_space_ : SearchSpace
        The space that was searched; its ``left_out`` says what was not, and why.

    scorer_ : callable
        The scorer behind the fitness.

    n_generations_ : int
        Number of generations, the last one perhaps unfinished.

    n_evaluations_ : int
        Number of candidates evaluated, failed ones included.

    stop_reason_ : str
        Why the search ended: ``"target_fitness"``, ``"time_budget"``, ``"n_generations"``,
        ``"n_evaluations"``, ``"no_improvement"``, ``"exhausted"`` or ``"interrupted"``.

    classes_ : ndarray of shape (n_classes,)
        The sorted class labels.

    n_features_in_ : int
        Number of columns seen in ``fit``.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Their names, where the table had names that are all strings.

    See Also
    --------
    EvolutionaryRegressor : The same for numbers.
    sklearn.model_selection.RandomizedSearchCV : Random search over one estimator.

    Notes
    -----
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
    >>> from sklearn.datasets import load_iris
    >>> from evolearn import EvolutionaryClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = EvolutionaryClassifier(
    ...     time_budget=None,
    ...     n_evaluations=4,
    ...     search_space=["decision_tree", "linear_discriminant_analysis"],
    ...     random_state=0,
    ... ).fit(X, y)
    >>> model.best_params_["estimator"]
    'linear_discriminant_analysis'
    >>> model.score(X, y) > 0.95
    True
    """

    _task = "classification"

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None, groups=None):
        """Evolve a classifier.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            A pandas or polars frame, an Arrow table, a NumPy array or a SciPy sparse matrix.
        y : array-like of shape (n_samples,)
            Class labels: strings, numbers, booleans or ``datetime64``.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights in training and in scoring.
        groups : array-like of shape (n_samples,), default=None
            Rows of one group are never on both sides of a split.

        Returns
        -------
        self : EvolutionaryClassifier
            The fitted estimator.
        """
        return self._fit(X, y, sample_weight, groups)

    @available_if(model_has("predict_proba"))
    def predict_proba(self, X):
        """Predict class probabilities.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            Columns are found by name where the table of ``fit`` had names.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities in the order of ``classes_``.
        """
        return self._predicted("predict_proba", X)

    @available_if(single_has("decision_function"))
    def decision_function(self, X):
        """Return the decision values of a single model that has them.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            Columns are found by name where the table of ``fit`` had names.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            Decision values in the order of ``classes_``.
        """
        return self._predicted("decision_function", X)

    def score(self, X, y, sample_weight=None):
        """Return the score on a table: accuracy, or ``scoring`` where it is given.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            The rows to predict.
        y : array-like of shape (n_samples,)
            Their true labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        float
            The score; greater is better.
        """
        y = as_labels(y)
        if self.scoring is None:
            return super().score(X, y, sample_weight)
        return self._score(X, y, sample_weight)
