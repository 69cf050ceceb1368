"""Methods of the estimators that take a fitted model out of its process."""

import os
from pathlib import Path

from sklearn.utils.validation import check_is_fitted


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
