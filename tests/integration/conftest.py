"""The real local cluster: every process of the product, with the embedded expert."""

from collections.abc import Iterator

import httpx
import pytest

from deploy import cluster


@pytest.fixture(scope="session")
def running_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[cluster.Cluster]:
    """Gateway, two experts, merger and Redis; supervisord restarts what a test kills."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster, "STATE", tmp_path_factory.mktemp("cluster"))
        yield cluster.up(experts=2, port=cluster.free_ports(1)[0])
        cluster.down()


@pytest.fixture
def client(running_cluster: cluster.Cluster) -> Iterator[httpx.Client]:
    """Talks to a cluster that is whole again after whatever the test before did to it."""
    cluster.wait_until_ready(running_cluster)
    with httpx.Client(base_url=running_cluster.url, timeout=30) as client:
        yield client
