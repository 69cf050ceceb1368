"""A Dask cluster for the tests of executors."""

import pytest


@pytest.fixture(scope="module")
def client():
    """A client, not the current one, of a cluster of two real processes."""
    dask = pytest.importorskip("dask")
    distributed = pytest.importorskip("distributed")
    settings = {
        # Two lost workers condemn a task: quicker than Dask's own four.
        "distributed.scheduler.allowed-failures": 1,
        # A local cluster gives up a worker that it finds missing so long after a loss, also if
        # it has come back and been lost again meanwhile.
        "distributed.deploy.lost-worker-timeout": "1h",
    }
    with (
        dask.config.set(settings),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
        ) as local_cluster,
        distributed.Client(local_cluster, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture
def current(client):
    """The same client, as the current one, with both workers there."""
    client.wait_for_workers(2, timeout=60)
    with client.as_current():
        yield client
