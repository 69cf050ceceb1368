"""The table and the settings that the scripts of this folder share."""

import numpy as np
import pandas as pd

MODEL_SETTINGS = {"time_budget": None, "n_evaluations": 12, "random_state": 0, "n_jobs": 2}


def mixed_table(n_rows=400, seed=0):
    """Return a frame of numbers and a category, a number to predict, and labels to predict."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n_rows, 4)), columns=["size", "age", "rooms", "noise"])
    X["city"] = rng.choice(["Aachen", "Bonn", "Celle"], n_rows)
    y = 3 * X["size"] + X["age"] * X["rooms"] + 2.0 * (X["city"] == "Bonn")
    y = y + rng.normal(0, 0.3, n_rows)
    return X, y, pd.Series(np.where(y > y.quantile(0.7), "dear", "cheap"))
