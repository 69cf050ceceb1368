"""Run scikit-learn's estimator checks on both estimators as they are constructed by default.

    python benchmarks/check_defaults.py
    python benchmarks/check_defaults.py EvolutionaryRegressor

The test suite runs the same checks with a small budget; here every one of the hundred or so
fits has the default budget of a minute, and ends by itself when nothing improves. Prints what
failed and the seconds taken; exits with 1 if a check failed that was not expected to.
"""

import sys
import time
import warnings
from collections import Counter

from sklearn.utils.estimator_checks import check_estimator

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor

WEIGHTS = "a row of weight two is drawn into folds once, two rows are drawn one by one"
EXPECTED = {
    "check_sample_weight_equivalence_on_dense_data": WEIGHTS,
    "check_sample_weight_equivalence_on_sparse_data": WEIGHTS,
}


def main():
    failed = False
    kinds = [EvolutionaryClassifier, EvolutionaryRegressor]
    for kind in [kind for kind in kinds if kind.__name__ in sys.argv[1:]] or kinds:
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            results = check_estimator(kind(), expected_failed_checks=EXPECTED, on_fail=None)
        seconds = time.perf_counter() - start
        counts = Counter(result["status"] for result in results)
        print(f"{kind.__name__}: {dict(counts)}, {seconds:.0f} s", flush=True)
        for result in results:
            if result["status"] in ("failed", "xfail"):
                print(f"  {result['status']}: {result['check_name']}: {result['exception']!r}")
            failed |= result["status"] == "failed"
    sys.exit(failed)


main()
