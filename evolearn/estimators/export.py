"""Methods of the estimators that take a fitted model out of its process."""

import os
from pathlib import Path
from typing import Any

from sklearn.utils.validation import check_is_fitted

from evolearn.messages import shown
from evolearn.pipeline.search_space import SearchSpace
from evolearn.pipeline.user_space import register_space


class ExportMixin:
    """Files and other forms of a fitted model."""

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


def _onnx_space(task: str) -> SearchSpace:
    from evolearn.export.onnx.space import exportable_space

    return exportable_space(task)


register_space("onnx", _onnx_space)
