"""Tasks on executors of others: `concurrent.futures`, Dask, joblib's backends."""
