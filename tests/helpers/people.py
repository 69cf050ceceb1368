"""A table of people with numbers, dates and categories."""

import numpy as np
import pandas as pd

PLACE = "somewhere, nowhere"


def table_of(n_rows, seed=0):
    """A table with numbers, dates and categories."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "age": rng.integers(18, 90, n_rows),
            "city": rng.choice(["Bonn", "Hof", "Ulm", PLACE], n_rows),
            "when": pd.Timestamp("2020-01-01")
            + pd.to_timedelta(rng.integers(0, 900, n_rows), "D"),
            "noise": rng.normal(size=n_rows),
        }
    )
    table.loc[rng.random(n_rows) < 0.1, "noise"] = np.nan
    return table
