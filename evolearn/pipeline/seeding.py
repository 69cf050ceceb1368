"""Seeds for every random step of a pipeline."""

from sklearn.base import BaseEstimator
from sklearn.preprocessing import TargetEncoder

from evolearn._compat import seeded_target_encoder
from evolearn.tasks import get_task


def seeded(estimator: BaseEstimator, task: str, seed: int) -> BaseEstimator:
    """Set every unset random state, in the estimator and all its parts."""
    parameters = estimator.get_params(deep=True)
    unset = {
        name: seed
        for name, value in sorted(parameters.items())
        if name.rsplit("__", 1)[-1] == "random_state" and value is None
    }
    for name, value in parameters.items():
        if isinstance(value, TargetEncoder):
            unset.pop(f"{name}__random_state", None)
            settings = seeded_target_encoder(
                value, seed, classification=get_task(task).stratified
            )
            unset |= {f"{name}__{key}": setting for key, setting in settings.items()}
    return estimator.set_params(**unset)
