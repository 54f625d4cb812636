"""The short form of `make chaos`: every kind of process is killed once, and Redis restarted."""

from pathlib import Path

import pytest

from tests.chaos.__main__ import run


@pytest.mark.slow
@pytest.mark.cluster
async def test_no_accepted_job_is_lost_or_ends_twice(tmp_path: Path) -> None:
    result = await run(jobs=12, faults=6, seconds=25, seed=1, folder=tmp_path)
    assert result.findings == []
    assert result.report.accepted == 12
    assert sum(result.faults.values()) == 6
