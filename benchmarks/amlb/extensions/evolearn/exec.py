"""Fits evolearn on one fold for the AutoML Benchmark: run by AMLB in evolearn's environment."""

import logging

import pandas as pd
from frameworks.shared.callee import call_run, measure_inference_times, result
from frameworks.shared.utils import Timer

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor, SearchSpace, __version__

LOG = logging.getLogger(__name__)
SCORERS = {
    "auc": "roc_auc",
    "auc_ovo": "roc_auc_ovo_weighted",
    "auc_ovr": "roc_auc_ovr_weighted",
    "logloss": "neg_log_loss",
    "acc": "accuracy",
    "balacc": "balanced_accuracy",
    "f1": "f1_weighted",
    "rmse": "neg_root_mean_squared_error",
    "rmsle": "neg_root_mean_squared_log_error",
    "mse": "neg_mean_squared_error",
    "msle": "neg_mean_squared_log_error",
    "mae": "neg_mean_absolute_error",
    "r2": "r2",
}
BOOSTING = ("lightgbm", "xgboost", "catboost")
# Megabytes of a process that has imported all and evaluated nothing.
PROCESS_MB = 300


def memory_limit(config, n_jobs):
    """Return the bytes that each worker may take beyond those of its imports.

    AMLB limits all processes together. The process of `fit` and the shared table get a quarter.
    """
    megabytes = 0.75 * config.max_mem_size_mb - (n_jobs + 1) * PROCESS_MB
    return int(max(megabytes / n_jobs, 256.0) * 2**20)


def make_model(config):
    """Return an estimator with the limits of an AMLB task."""
    settings = dict(config.framework_params)
    n_jobs = settings.pop("_n_jobs", config.cores)
    is_classification = config.type == "classification"
    if not settings.pop("_boosting", True):
        space = SearchSpace.default(config.type)
        settings["search_space"] = space.without(*set(BOOSTING).intersection(space.names))
    kind = EvolutionaryClassifier if is_classification else EvolutionaryRegressor
    return kind(
        **{
            "time_budget": config.max_runtime_seconds,
            "n_jobs": n_jobs,
            "memory_limit": memory_limit(config, n_jobs),
            "scoring": SCORERS.get(config.metric),
            "random_state": config.seed,
            **settings,
        }
    )


def run(dataset, config):
    """Fit, predict, and return the result in AMLB's form."""
    LOG.info("\n**** evolearn [v%s] ****\n", __version__)
    if config.metric not in SCORERS:
        LOG.warning("No scorer for %s: the default of evolearn is optimized.", config.metric)
    is_classification = config.type == "classification"
    y_train, y_test = dataset.train.y.squeeze(), dataset.test.y.squeeze()
    model = make_model(config)
    with Timer() as training:
        model.fit(dataset.train.X, y_train)
    LOG.info("%s evaluations, stopped by %s", model.n_evaluations_, model.stop_reason_)
    predict = model.predict_proba if is_classification else model.predict
    with Timer() as prediction:
        predicted = predict(dataset.test.X)
    return result(
        output_file=config.output_predictions_file,
        predictions=model.predict(dataset.test.X) if is_classification else predicted,
        probabilities=predicted if is_classification else None,
        probabilities_labels=model.classes_.tolist() if is_classification else None,
        truth=y_test,
        models_count=model.n_evaluations_,
        training_duration=training.duration,
        predict_duration=prediction.duration,
        inference_times=inference_times(predict, dataset, config),
    )


def inference_times(predict, dataset, config):
    """Return the seconds of predictions for parts of the test rows, if they are asked for."""
    if not config.measure_inference_time:
        return {}

    def predict_from(data):
        return predict(pd.read_parquet(data) if isinstance(data, str) else data)

    rows = [(1, dataset.test.X.sample(1, random_state=i)) for i in range(100)]
    return {
        "file": measure_inference_times(predict_from, dataset.inference_subsample_files),
        "df": measure_inference_times(predict_from, rows),
    }


if __name__ == "__main__":
    call_run(run)
