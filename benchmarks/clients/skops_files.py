"""skops saves a fitted model in a file that is loaded without running code of its own."""

import numpy as np
import skops
import skops.io
from tables import MODEL_SETTINGS, mixed_table

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor

X, y, labels = mixed_table()
for kind, target in ((EvolutionaryClassifier, labels), (EvolutionaryRegressor, y)):
    model = kind(**MODEL_SETTINGS).fit(X, target)
    for name, saved in (("model", model), ("estimator_", model.estimator_)):
        data = skops.io.dumps(saved)
        types = skops.io.get_untrusted_types(data=data)
        loaded = skops.io.loads(data, trusted=types)
        assert np.array_equal(loaded.predict(X), saved.predict(X))
        assert len(types) <= 10, types
        print(f"skops {skops.__version__}: {kind.__name__}, {name}: trust in {types}")
