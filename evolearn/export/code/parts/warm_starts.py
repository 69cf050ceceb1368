"""Models that start from other ones, in exported code."""

from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.utils.validation import has_fit_parameter

from evolearn.evaluation.warm_start import continue_boosting, fitted_learner


def fit_stages(stages, X, y):
    """Fit models, each of which starts from the one before; return the last one."""
    model = None
    for stage in stages:
        parent, model = model, clone(stage)
        if parent is None:
            model.fit(X, y)
        elif has_fit_parameter(getattr(model, "regressor", model), "parent"):
            model.fit(X, y, parent=fitted_learner(parent))
        else:
            continue_boosting(model, parent, X, y, {})
    return model


class ContinuedRegressor(RegressorMixin, BaseEstimator):
    """The last of several models, each of which starts from the one before."""

    def __init__(self, stages) -> None:
        self.stages = stages

    def fit(self, X, y):
        """Fit one model after the other."""
        self.model_ = fit_stages(self.stages, X, y)
        return self

    def predict(self, X):
        """Return the predictions of the last model."""
        return self.model_.predict(X)


class ContinuedClassifier(ClassifierMixin, BaseEstimator):
    """The last of several models, each of which starts from the one before."""

    def __init__(self, stages) -> None:
        self.stages = stages

    def fit(self, X, y):
        """Fit one model after the other."""
        self.model_ = fit_stages(self.stages, X, y)
        self.classes_ = self.model_.classes_
        return self

    def predict(self, X):
        """Return the classes that the last model predicts."""
        return self.model_.predict(X)

    def predict_proba(self, X):
        """Return the probabilities of the last model."""
        return self.model_.predict_proba(X)
