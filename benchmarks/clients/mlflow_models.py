"""MLflow logs a fitted model in its default format, loads it again, and serves its predictions.

The default format is that of skops: the types in the model that MLflow does not know are named.
"""

import tempfile

import mlflow
import numpy as np
import skops.io
from tables import MODEL_SETTINGS, mixed_table

from evolearn import EvolutionaryClassifier

X, _, labels = mixed_table()
model = EvolutionaryClassifier(**MODEL_SETTINGS).fit(X, labels)
with tempfile.TemporaryDirectory() as folder:
    mlflow.set_tracking_uri(f"sqlite:///{folder}/runs.sqlite")
    experiment = mlflow.create_experiment("evolearn", artifact_location=f"file://{folder}")
    with mlflow.start_run(experiment_id=experiment):
        mlflow.log_params({name: str(value) for name, value in model.best_params_.items()})
        mlflow.log_metric("fitness", model.best_fitness_)
        types = skops.io.get_untrusted_types(data=skops.io.dumps(model))
        logged = mlflow.sklearn.log_model(
            model,
            name="model",
            signature=mlflow.models.infer_signature(X, model.predict(X)),
            skops_trusted_types=types,
        )
    loaded = mlflow.sklearn.load_model(logged.model_uri)
    served = mlflow.pyfunc.load_model(logged.model_uri)
    assert np.array_equal(loaded.predict(X), model.predict(X))
    assert np.array_equal(served.predict(X), model.predict(X))
print(f"mlflow {mlflow.__version__}: logged with trust in {len(types)} types, loaded, served")
