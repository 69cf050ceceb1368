"""Run functions in workers, within limits of time and memory; no machine learning.

`local` has worker processes of this machine that can be killed one at a time, `remote` runs
tasks on any executor of `concurrent.futures`, on Dask and on joblib's backends.
"""
