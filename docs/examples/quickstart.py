"""Evolve a model for a real table and compare it with boosted trees with default settings.

The table has thirty measurements of each of 569 tumours; the target is whether a tumour is
malignant. The script takes about forty seconds.
"""

from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from evolearn import EvolutionaryClassifier

X, y = load_breast_cancer(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.3, stratify=y, random_state=0
)

evolved = EvolutionaryClassifier(time_budget=30, n_jobs=2, random_state=0)
evolved.fit(X_train, y_train)

boosting = HistGradientBoostingClassifier(random_state=0).fit(X_train, y_train)

print()
print(f"stopped by {evolved.stop_reason_} after {evolved.n_evaluations_} candidates")
print(f"the best of them: {evolved.best_params_['estimator']}")
print()
print("on rows that neither has seen      log loss  accuracy")
for name, model in [("evolved", evolved), ("HistGradientBoosting, defaults", boosting)]:
    loss = log_loss(y_test, model.predict_proba(X_test))
    print(f"  {name:32s} {loss:8.4f}  {model.score(X_test, y_test):8.4f}")
