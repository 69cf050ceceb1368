"""Methods of the estimators that take a fitted model out of its process."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from evolearn.messages import shown
from evolearn.pipeline.search_space import SearchSpace
from evolearn.pipeline.user_space import register_space

if TYPE_CHECKING:
    from evolearn.export.code.model import ModelSource


class ExportMixin:
    """Files and other forms of a fitted model."""

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the fitted model as one file, which `evolearn.load` reads.

        The file is in skops' format: loading it runs no code that the file names. It holds the
        model, its results and the versions of the libraries, and neither training rows nor the
        search space. It is compressed. A file that is there is replaced once the new one is
        complete.

        Parameters
        ----------
        path : str or path
            Such as ``"model.evolearn"``.

        Returns
        -------
        Path
            The path of the file.

        Raises
        ------
        ValueError
            If the path is a folder, or its folder is missing, or if the model has an object
            that a model file cannot hold, such as an estimator of your own.
        OSError
            If the file cannot be written.
        ImportError
            If skops is not installed.

        Warns
        -----
        EvolearnWarning
            If a parameter is a function or another object that is not stored.

        Examples
        --------
        >>> import evolearn
        >>> from sklearn.datasets import load_diabetes
        >>> X, y = load_diabetes(return_X_y=True)
        >>> model = evolearn.EvolutionaryRegressor(
        ...     time_budget=None, n_evaluations=4, search_space=["ridge", "decision_tree"],
        ...     random_state=0,
        ... ).fit(X, y)
        >>> folder = getfixture("tmp_path")  # any folder
        >>> path = model.save(folder / "model.evolearn")
        >>> evolearn.load(path).estimate_ == model.estimate_
        True
        """
        # Imported here: it is of use to few programs.
        from evolearn.export.saving import save_model

        check_is_fitted(self)
        return save_model(self, path)

    def to_sklearn(self, candidate: int | BaseEstimator | None = None) -> BaseEstimator:
        """Return the fitted model made of scikit-learn alone.

        Its pickle is loaded without evolearn, by scikit-learn, NumPy and SciPy (and LightGBM,
        XGBoost or CatBoost if the model has them). Rows in the format of the training rows are
        predicted the same, up to rounding. Other formats that `predict` reads as well, such as
        numbers in text, are not read, and columns of frames must have the names of ``fit``.

        An ensemble becomes a `VotingRegressor`, or a pipeline that pools the logarithms of
        probabilities. Networks, made columns, dates, free text and stacking layers have no form
        in scikit-learn: they are refused, and the message names the best kept candidate without
        them.

        Parameters
        ----------
        candidate : int or estimator, default=None
            The number of a candidate that ``fit`` kept (see `select`), or a pipeline that
            `refit` returned; None for the model that predicts.

        Returns
        -------
        estimator
            A fitted estimator of scikit-learn.

        Raises
        ------
        ValueError
            If a part has no form in scikit-learn, or the candidate was not kept.

        Examples
        --------
        >>> import pickle
        >>> from sklearn.datasets import load_diabetes
        >>> from evolearn import EvolutionaryRegressor
        >>> X, y = load_diabetes(return_X_y=True)
        >>> model = EvolutionaryRegressor(
        ...     time_budget=None, n_evaluations=4, search_space=["ridge", "decision_tree"],
        ...     random_state=0,
        ... ).fit(X, y)
        >>> plain = model.to_sklearn()
        >>> b"evolearn" in pickle.dumps(plain)
        False
        >>> bool(abs(plain.predict(X) / model.predict(X) - 1).max() < 1e-12)
        True
        """
        # Imported here: it is of use to few programs.
        from evolearn.export.plain_models import to_sklearn

        check_is_fitted(self)
        return to_sklearn(self, candidate)

    def to_onnx(
        self, path: str | os.PathLike[str], X_check: Any, candidate: str | None = None
    ) -> Path:
        """Write the model to a file in ONNX format, once it predicts the same.

        The file is run by onnxruntime on the rows of `X_check`. It is put in place if its
        predictions differ by at most 1e-4, relative to the model's. A table of numbers is one
        input, the matrix ``X`` of doubles; any other table has an input for each column, of
        shape (n_rows, 1): doubles, or strings for categories. Missing numbers are NaN, missing
        categories the empty string. The outputs are ``prediction``, or ``label`` and
        ``probabilities``. The metadata of the file describe the inputs, and hold the metric,
        the versions and the largest difference.

        Labels, dates and numbers in other spellings than in the training rows, which `predict`
        reads as well, are missing values to the file.

        Parameters
        ----------
        path : str or path
            A file that is there is replaced once the new one is complete.
        X_check : table of shape (n_samples, n_features)
            Rows like those of ``fit``, such as a hundred of them.
        candidate : {None, "best"}, default=None
            ``"best"`` for `best_estimator_`; None for the model that predicts, such as the
            ensemble.

        Returns
        -------
        Path
            The path of the file.

        Raises
        ------
        OnnxExportError
            If a step has no ONNX form, or if its predictions differ.
            `evolearn.export.onnx.reasons` says beforehand which members have one, and
            ``search_space="onnx"`` searches among those that do.
        ValueError
            If the path or the rows cannot be used.
        ImportError
            If onnx or onnxruntime are not installed.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from evolearn import EvolutionaryRegressor
        >>> X, y = load_diabetes(return_X_y=True)
        >>> model = EvolutionaryRegressor(
        ...     time_budget=None, n_evaluations=2, search_space=["ridge", "decision_tree"],
        ...     random_state=0,
        ... ).fit(X, y)
        >>> folder = getfixture("tmp_path")  # any folder
        >>> model.to_onnx(folder / "model.onnx", X_check=X[:100]).name
        'model.onnx'
        """
        # Imported here: it is of use to few programs.
        from evolearn.export.onnx.exporting import export

        check_is_fitted(self)
        if candidate not in (None, "best"):
            raise ValueError(f"candidate must be None or 'best', got {shown(candidate)}.")
        model: Any = self
        is_best = candidate == "best"
        estimator = model.best_estimator_ if is_best else model.estimator_
        facts = {
            "metric": model.metric_name_,
            "error": model.best_fitness_ if is_best else model.ensemble_fitness_,
        }
        predictor = estimator if is_best else model
        return export(predictor, estimator, path, model._checked(X_check), facts)

    def to_code(
        self: Any,
        candidate: int | str | None = None,
        X: Any = None,
        y: Any = None,
        *,
        verify: bool = True,
    ) -> str:
        """Return a script that builds and trains the model without evolearn.

        The script is plain scikit-learn and NumPy, with the functions ``build()``, which
        returns the unfitted model, and ``fit(X, y)``. Run with the path of a CSV file and the
        name of its target, it trains and prints the error on held-out rows. Steps of evolearn
        are written out as classes. Labels, dates and numbers in other spellings than in the
        training rows, which evolearn reads as well, are missing values to the script.

        Before it is returned, the script is executed in a process that cannot import evolearn,
        and evolearn's own model is trained on the same rows. Their predictions have to agree to
        1e-12. The script trains with equal weights.

        Parameters
        ----------
        candidate : int, "best" or None, default=None
            Number of a candidate, as in ``leaderboard_``; ``"best"`` for that of
            ``best_estimator_``; None for the model that predicts, such as the ensemble, with
            the weights that the search found.
        X : table of shape (n_samples, n_features), default=None
            Rows for the comparison, such as the training rows. None: a small table is drawn
            with the columns of the training rows.
        y : array-like of shape (n_samples,), default=None
            Their target.
        verify : bool, default=True
            Whether the script is executed and compared.

        Returns
        -------
        str
            The text of the script.

        Raises
        ------
        CodeExportError
            If a part of the model cannot be written as code, or the script fails or predicts
            otherwise; the message says which part and why.
        ValueError
            If there is no such candidate, or only one of X and y is passed.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from evolearn import EvolutionaryRegressor
        >>> X, y = load_diabetes(return_X_y=True)
        >>> model = EvolutionaryRegressor(
        ...     time_budget=None, n_evaluations=4, search_space=["ridge", "decision_tree"],
        ...     random_state=0,
        ... ).fit(X, y)
        >>> script = model.to_code(candidate=0, verify=False)
        >>> "Ridge(" in script, "import evolearn" in script
        (True, False)
        """
        # Imported here: it is of use to few programs.
        from evolearn.export.code.exporting import code_of

        check_is_fitted(self)
        if (X is None) != (y is None):
            raise ValueError("to_code takes both X and y, or neither; pass the missing one.")
        if X is not None:
            check_consistent_length(X, y)
            X = self._checked(X)
        return code_of(self._model_source(), candidate, X, y, verify=verify)

    def _model_source(self: Any) -> "ModelSource":
        """Return the attributes from which code is written."""
        from evolearn.export.code.model import ModelSource

        names = getattr(self, "feature_names_in_", None)
        return ModelSource(
            results=self.cv_results_,
            fitter=self._of_search("_candidate_fitter"),
            task=self._of_search("_fitted_task"),
            members=self._members,
            best_index=self.best_index_,
            best=self.best_estimator_,
            served=self.estimator_,
            names=self._labels if names is None else list(names),
            stacking=list(self.stacking_weights_),
        )


def _onnx_space(task: str) -> SearchSpace:
    from evolearn.export.onnx.space import exportable_space

    return exportable_space(task)


register_space("onnx", _onnx_space)
