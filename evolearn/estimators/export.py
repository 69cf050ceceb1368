"""Methods of the estimators that take a fitted model out of its process."""

from typing import TYPE_CHECKING, Any

from sklearn.utils.validation import check_consistent_length, check_is_fitted

if TYPE_CHECKING:
    from evolearn.export.code.model import ModelSource


class ExportMixin:
    """Files and other forms of a fitted model."""

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
        >>> print(script[script.index("def build"):script.index("def fit")].strip())
        def build():
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
        )
