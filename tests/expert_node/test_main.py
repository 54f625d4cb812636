"""The node as a process: registers, works, and leaves when it is told to stop."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from shared.schemas import SubvideoSpec
from tests.conftest import free_port
from tests.expert_node.test_app import running
from tests.expert_node.test_registration import Registry


def test_help_prints_every_setting() -> None:
    command = [sys.executable, "-m", "expert_node", "--help"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "EXPERT_MODEL" in text
    assert "EXPERT_GATEWAY_URLS" in text


def start(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "expert_node"]
    return subprocess.Popen(command, env=os.environ | environment, stderr=subprocess.DEVNULL)


@pytest.mark.slow
async def test_a_node_registers_works_and_leaves_on_sigterm(
    sd_folder: Path, cache_dir: Path, redis_url: str
) -> None:
    registry, port = Registry(), free_port()
    with running(registry.app) as gateway_url:
        environment = {
            "EXPERT_PORT": str(port),
            "EXPERT_MODEL": str(sd_folder),
            "EXPERT_NAME": "process",
            "EXPERT_REDIS_URL": redis_url,
            "EXPERT_GATEWAY_URLS": gateway_url,
            "EXPERT_CACHE_DIR": str(cache_dir),
            "EXPERT_THREADS": "1",
        }
        process = start(environment)
        try:
            await _ready(registry)
            spec = SubvideoSpec(prompt="a dog", frames=8, steps=20, width=64, height=64, model=str(sd_folder))
            async with httpx.AsyncClient(timeout=60) as client:
                url, body = f"http://127.0.0.1:{port}/v1/subvideos", spec.model_dump(mode="json")
                async with client.stream("POST", url, json=body) as stream:
                    lines = stream.aiter_lines()
                    await anext(lines)
                    process.send_signal(signal.SIGTERM)
                    rest = [line async for line in lines]
            assert '"completed"' in rest[-1], "running work is finished"
            assert await _told(registry, "DELETE") == "process"
            assert await asyncio.to_thread(process.wait, 30) in {0, -signal.SIGTERM}
        finally:
            process.kill()
            process.wait()


async def _ready(registry: Registry) -> None:
    while not (await registry.next())[1].status.ready:
        pass


async def _told(registry: Registry, method: str) -> object:
    while (call := await registry.next())[0] != method:
        pass
    return call[1]


@pytest.mark.slow
async def test_a_node_without_a_model_ends_for_its_supervisor_to_restart_it(
    tmp_path: Path, cache_dir: Path, redis_url: str
) -> None:
    environment = {
        "EXPERT_PORT": str(free_port()),
        "EXPERT_MODEL": str(tmp_path),
        "EXPERT_REDIS_URL": redis_url,
        "EXPERT_CACHE_DIR": str(cache_dir),
    }
    process = start(environment)
    try:
        assert await asyncio.to_thread(process.wait, 60) == 3
    finally:
        process.kill()
        process.wait()
