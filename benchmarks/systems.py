"""The systems that `compare.py` compares: how each is installed, fitted, asked and saved.

A system is a generator of four steps, so that a clock can be held beside them: it yields when
all is imported, when it is fitted (with a note), what it predicts, and the bytes of what has
to be kept to predict. Every system gets the same rows, metric, seconds and cores; what else it
is told is what its own documentation recommends.
"""

import pickle
import random
import tempfile
from pathlib import Path

from suite import SCORING, answers, new_boosting, new_search, typed

# What pip installs into the environment of a system, which is the part of its name before "_".
# Systems without one run in that of the interpreter which runs compare.py: evolearn, and
# scikit-learn's boosting, which is there with it.
PACKAGES = {
    "flaml": ["flaml[automl]==2.7.0"],
    "autogluon": ["autogluon.tabular[lightgbm,catboost,xgboost]==1.6.3"],
    "tpot": ["tpot==1.1.0", "setuptools<70"],
    "gama": ["gama==23.0.0.post1", "numpy<2", "pandas<2.2", "setuptools<70"],
    "fedot": ["fedot==0.7.5", "pandas<2.2", "setuptools<70"],
    "h2o": ["h2o==3.46.0.12", "pandas", "scikit-learn"],
    "mljar": ["mljar-supervised==1.3.2"],
    "skgenopt": ["sklearn-genetic-opt==0.12.0", "pandas"],
}
MOST_LEVELS = 30  # of a category, where a system takes numbers only


def environment(system):
    """Return the name of the environment that a system runs in."""
    return system.partition("_")[0]


def pickled_size(model):
    """Return the bytes of a pickled model, without holding them."""

    class Counter:
        """A file that only counts."""

        size = 0

        def write(self, data):
            """Count."""
            self.size += memoryview(data).nbytes

    counter = Counter()
    pickle.dump(model, counter, protocol=5)
    return counter.size


def folder_size(folder):
    return sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())


def by_task(data, binary, multiclass, regression):
    """Return which of three names a system has for this task's metric."""
    return {"binary": binary, "multiclass": multiclass, "regression": regression}[data.task]


def kind_of(data, classifier, regressor):
    return classifier if data.n_classes else regressor


def numbers_of(data):
    """Return an unfitted transformer to numbers, for systems that take nothing else."""
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    numeric = [column for column in data.X_train if column not in data.categorical]
    encoder = OneHotEncoder(
        handle_unknown="ignore", max_categories=MOST_LEVELS, sparse_output=False
    )
    named = make_pipeline(SimpleImputer(strategy="constant", fill_value="missing"), encoder)
    return make_column_transformer(
        (SimpleImputer(strategy="median"), numeric), (named, data.categorical)
    )


# -- the systems ----------------------------------------------------------------------------


def evolearn(data, run, policy=None, **parameters):
    model = new_search(data, run, **parameters)
    if policy is not None:
        model._policy = policy
    yield
    model.fit(data.X_train, data.y_train)
    yield f"{model.stop_reason_} after {model.n_evaluations_} candidates"
    yield answers(model, data, data.X_test)
    yield pickled_size(model)


def histgb(data, run):
    model = new_boosting(data, run)
    yield
    model.fit(typed(data.X_train, data), data.y_train)
    yield ""
    yield answers(model, data, typed(data.X_test, data))
    yield pickled_size(model)


def flaml(data, run):
    from flaml import AutoML

    yield
    model = AutoML()
    model.fit(
        data.X_train,
        data.y_train,
        task=kind_of(data, "classification", "regression"),
        metric=by_task(data, "roc_auc", "log_loss", "rmse"),
        time_budget=run.budget,
        n_jobs=run.n_jobs,
        seed=run.split,
        verbose=0,
    )
    yield model.best_estimator
    yield answers(model, data, data.X_test)
    yield pickled_size(model)


def autogluon(data, run, preset="medium_quality", **settings):
    from autogluon.tabular import TabularPredictor

    yield
    table = data.X_train.assign(**{"the target": data.y_train})
    with tempfile.TemporaryDirectory() as folder:
        model = TabularPredictor(
            label="the target",
            problem_type=data.task,
            eval_metric=by_task(data, "roc_auc", "log_loss", "root_mean_squared_error"),
            path=folder,
            verbosity=0,
        )
        model.fit(table, presets=preset, time_limit=run.budget, num_cpus=run.n_jobs, **settings)
        yield model.model_best
        if data.n_classes:
            table = model.predict_proba(data.X_test, as_multiclass=True)
            yield table.reindex(columns=range(data.n_classes), fill_value=0).to_numpy()
        else:
            yield model.predict(data.X_test).to_numpy()
        yield folder_size(model.clone_for_deployment(f"{folder}-served"))


def autogluon_best(data, run):
    # Dynamic stacking spends a part of the budget on finding out how high to stack, for which
    # budgets of minutes are too short.
    return autogluon(data, run, "best_quality", dynamic_stacking=False)


def tpot(data, run):
    import tpot

    yield
    scorer = by_task(data, "roc_auc_ovr", SCORING["multiclass"], SCORING["regression"])
    numbers = numbers_of(data)
    model = tpot.TPOTEstimator(
        scorers=[scorer],
        scorers_weights=[1.0],
        classification=bool(data.n_classes),
        search_space="linear",
        cv=5,
        population_size=30,
        generations=None,
        max_time_mins=run.budget / 60,
        max_eval_time_mins=run.budget / 360,
        n_jobs=run.n_jobs,
        random_state=run.split,
        verbose=0,
    )
    model.fit(numbers.fit_transform(data.X_train), data.y_train.to_numpy())
    yield str(model.fitted_pipeline_)
    yield answers(model, data, numbers.transform(data.X_test))
    yield pickled_size((numbers, model.fitted_pipeline_))


def gama(data, run):
    from gama import GamaClassifier, GamaRegressor
    from gama.postprocessing import EnsemblePostProcessing

    yield
    scorer = by_task(data, "roc_auc", "neg_log_loss", "neg_mean_squared_error")
    model = kind_of(data, GamaClassifier, GamaRegressor)(
        scoring=scorer,
        max_total_time=int(run.budget),
        post_processing=EnsemblePostProcessing(time_fraction=0.3),
        store="nothing",
        n_jobs=run.n_jobs,
        random_state=run.split,
    )
    dtypes = dict.fromkeys(data.categorical, "category")
    model.fit(data.X_train.astype(dtypes), data.y_train)
    yield ""
    yield answers(model, data, data.X_test.astype(dtypes))
    yield pickled_size(model.model)


def fedot(data, run):
    from fedot.api.main import Fedot

    yield
    model = Fedot(
        problem=kind_of(data, "classification", "regression"),
        metric=by_task(data, "roc_auc", "neg_log_loss", "rmse"),
        preset="best_quality",
        timeout=run.budget / 60,
        max_pipeline_fit_time=run.budget / 600,
        with_tuning=True,
        n_jobs=run.n_jobs,
        seed=run.split,
        logging_level=50,
    )
    model.fit(features=data.X_train, target=data.y_train.to_numpy())
    yield str(model.current_pipeline)
    if data.n_classes:
        yield model.predict_proba(features=data.X_test, probs_for_all_classes=True)
    else:
        yield model.predict(features=data.X_test)
    yield pickled_size(model.current_pipeline)


def h2o(data, run):
    import h2o
    from h2o.automl import H2OAutoML

    # Its server is a part of what is imported: a user starts it once. It takes two ports, and
    # without ports of their own two runs would share the server of the first.
    port = 54321 + 2 * run.cores[0]
    h2o.init(port=port, nthreads=run.n_jobs, max_mem_size="6g", verbose=False)
    h2o.no_progress()
    yield
    types = dict.fromkeys(data.categorical, "enum")
    table = data.X_train.assign(**{"the target": data.y_train})
    frame = h2o.H2OFrame(table, column_types=types)
    if data.n_classes:
        frame["the target"] = frame["the target"].asfactor()
    model = H2OAutoML(
        sort_metric=by_task(data, "AUC", "logloss", "RMSE"),
        max_runtime_secs=int(run.budget),
        seed=run.split,
    )
    model.train(y="the target", training_frame=frame)
    yield model.leader.model_id
    answer = model.leader.predict(h2o.H2OFrame(data.X_test, column_types=types))
    table = answer.as_data_frame()
    yield table.drop(columns="predict") if data.n_classes else table["predict"]
    with tempfile.TemporaryDirectory() as folder:
        h2o.save_model(model.leader, path=folder)
        size = folder_size(folder)
    h2o.cluster().shutdown()
    yield size


def mljar(data, run):
    from supervised.automl import AutoML

    yield
    with tempfile.TemporaryDirectory() as folder:
        model = AutoML(
            mode="Compete",
            ml_task="regression" if not data.n_classes else f"{data.task}_classification",
            eval_metric=by_task(data, "auc", "logloss", "rmse"),
            total_time_limit=int(run.budget),
            results_path=folder,
            n_jobs=run.n_jobs,
            random_state=run.split,
            verbose=0,
        )
        model.fit(data.X_train, data.y_train)
        yield ""
        yield answers(model, data, data.X_test)
        yield folder_size(folder)


def skgenopt(data, run):
    import numpy as np
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn_genetic import GASearchCV
    from sklearn_genetic.callbacks import TimerStopping
    from sklearn_genetic.space import Continuous, Integer

    yield
    random.seed(run.split)  # it takes no seed
    np.random.seed(run.split)  # noqa: NPY002
    kind = kind_of(data, HistGradientBoostingClassifier, HistGradientBoostingRegressor)
    numbers = numbers_of(data)
    model = GASearchCV(
        kind(early_stopping=True),
        param_grid={
            "learning_rate": Continuous(0.01, 0.3, distribution="log-uniform"),
            "max_iter": Integer(100, 500),
            "max_leaf_nodes": Integer(7, 127),
            "min_samples_leaf": Integer(2, 60),
            "l2_regularization": Continuous(1e-6, 10, distribution="log-uniform"),
        },
        scoring=SCORING[data.task],
        cv=5,
        population_size=10,
        generations=100,
        n_jobs=run.n_jobs,
        verbose=False,
    )
    timer = TimerStopping(total_seconds=int(run.budget))
    model.fit(numbers.fit_transform(data.X_train), data.y_train, callbacks=[timer])
    yield ""
    yield answers(model, data, numbers.transform(data.X_test))
    yield pickled_size((numbers, model.best_estimator_))


SYSTEMS = {
    "evolearn": evolearn,
    "histgb": histgb,
    "flaml": flaml,
    "autogluon": autogluon,
    "autogluon_best": autogluon_best,
    "tpot": tpot,
    "gama": gama,
    "fedot": fedot,
    "h2o": h2o,
    "mljar": mljar,
    "skgenopt": skgenopt,
}
