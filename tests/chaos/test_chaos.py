"""The short form of `make chaos`: every kind of process is killed once, and Redis restarted."""

from pathlib import Path

import pytest

from tests.chaos.__main__ import run
from tests.chaos.processes import Cluster


@pytest.mark.slow
@pytest.mark.cluster
async def test_no_accepted_job_is_lost_or_ends_twice(tmp_path: Path) -> None:
    result = await run(Cluster(tmp_path), jobs=12, faults=6, seconds=25, seed=1)
    assert result.findings == []
    assert result.report.accepted == 12
    assert sum(result.faults.values()) == 6
