"""
Inside a Pipeline, with cross_val_score and displays
====================================================

An evolearn model is an estimator of scikit-learn, so all of scikit-learn's tools take it.
"""

import matplotlib.pyplot as plt
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes
from sklearn.inspection import PartialDependenceDisplay
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from evolearn import EvolutionaryRegressor

X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
evolved = EvolutionaryRegressor(
    time_budget=None,
    n_evaluations=6,
    search_space=["ridge", "decision_tree"],
    cv=3,
    random_state=0,
)

# %%
# A step of your own before it. Each of the three fits is a whole search, and its error is
# one that no choice has touched.
add_ratio = FunctionTransformer(lambda table: table.assign(ratio=table.s1 / table.s3))
pipeline = make_pipeline(add_ratio, evolved)
print(cross_val_score(pipeline, X, y, cv=3).round(3))

# %%
# Around it:
logarithmic = TransformedTargetRegressor(evolved, func=None)
print(logarithmic.fit(X, y).predict(X.head(2)).round(1))

# %%
# Displays and inspection:
pipeline.fit(X, y)
figure, ax = plt.subplots(figsize=(7, 3), layout="constrained")
PartialDependenceDisplay.from_estimator(pipeline, X, ["bmi", "s5"], ax=ax)
