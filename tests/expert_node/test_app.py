"""The node over real HTTP, with a real Redis, a small random checkpoint and a real server."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from pydantic import TypeAdapter

from expert_node.app import create_app
from expert_node.node import Node
from expert_node.settings import ExpertSettings
from shared.schemas import ALIVE_HEADER, Completed, ExpertMessage, Failed, Progress, Queued, SubvideoSpec
from shared.store import SubvideoStore, connect
from shared.video import decode

MESSAGE: TypeAdapter[ExpertMessage] = TypeAdapter(ExpertMessage)


def wait_until(condition: Callable[[], object], *, timeout_s: float = 60) -> None:
    """For state of another thread; fails loudly."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)


@contextmanager
def running(app: FastAPI) -> Iterator[str]:
    """The URL of a real server in a thread."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, timeout_graceful_shutdown=5))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def app(sd_folder: Path, cache_dir: Path, redis_server: str) -> FastAPI:
    settings = ExpertSettings(
        model=str(sd_folder),
        redis_url=redis_server,
        cache_dir=cache_dir,
        name="tested",
        dtype="float32",
        threads=1,
        specialities="dogs, cats",
        exclusive=True,
        cost_per_mp=0.25,
        power_w=65,
        queue_limit=0,
        max_pixels=256 * 256,
    )
    return create_app(settings)


@pytest.fixture(scope="module")
def served(app: FastAPI) -> Iterator[str]:
    """The URL of a node with its model loaded."""
    with running(app) as url:
        wait_until(lambda: node_of(app).worker.ready)
        yield url


@pytest.fixture
def url(served: str, redis_url: str) -> str:
    """The same, with nothing stored yet."""
    return served


@pytest.fixture
def spec(sd_folder: Path) -> SubvideoSpec:
    return SubvideoSpec(
        prompt="a dog in a park",
        frames=3,
        seconds=1,
        fps=6,
        width=64,
        height=64,
        steps=6,
        model=str(sd_folder),
    )


@pytest.fixture
async def store(redis_url: str) -> AsyncIterator[SubvideoStore]:
    redis = connect(redis_url)
    yield SubvideoStore(redis, ttl_s=60, limit_bytes=2**24)
    await redis.aclose()


def post(url: str, spec: SubvideoSpec) -> httpx.Response:
    return httpx.post(f"{url}/v1/subvideos", json=spec.model_dump(mode="json"), timeout=60)


def messages(response: httpx.Response) -> list[ExpertMessage]:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/x-ndjson"
    return [MESSAGE.validate_json(line) for line in response.text.splitlines() if line]


def node_of(app: FastAPI) -> Node:
    node = app.state.node
    assert isinstance(node, Node)
    return node


async def until(condition: Callable[[], object]) -> None:
    await asyncio.to_thread(wait_until, condition)


def is_idle(node: Node) -> bool:
    return not node.worker.running and not node.worker.queued


async def test_a_scene_is_streamed_stored_and_playable(
    url: str, spec: SubvideoSpec, store: SubvideoStore
) -> None:
    first, *progress, last = messages(post(url, spec))
    assert isinstance(first, Queued)
    assert [m.step for m in progress if isinstance(m, Progress)] == list(range(1, len(progress) + 1))
    assert isinstance(last, Completed)
    data, ref = await store.get(spec.digest)
    assert ref == last.subvideo
    assert ref.media_type == "video/mp4"
    assert (ref.notes["generated_width"], ref.notes["generated_frames"], ref.notes["steps"]) == (64, 3, 6)
    frames, info = decode(data)
    assert frames.shape == (6, 64, 64, 3)
    assert info.fps == 6


async def test_a_foreground_is_lossless_with_alpha(
    url: str, spec: SubvideoSpec, store: SubvideoStore
) -> None:
    keyed = spec.model_copy(update={"keyed": True, "subject": "dog"})
    last = messages(post(url, keyed))[-1]
    assert isinstance(last, Completed)
    data, ref = await store.get(keyed.digest)
    assert ref.media_type == "video/x-matroska"
    assert str(ref.notes["key_colour"]).startswith("#")
    frames, _ = decode(data)
    assert frames.shape == (6, 64, 64, 4)


def test_what_exists_is_not_made_again(url: str, spec: SubvideoSpec) -> None:
    made = messages(post(url, spec))[-1]
    assert isinstance(made, Completed)
    (found,) = messages(post(url, spec))
    assert found == Completed(subvideo=made.subvideo, seconds=0.0)


def test_status_tells_model_load_and_speed(url: str, spec: SubvideoSpec) -> None:
    post(url, spec)
    status = httpx.get(f"{url}/v1/status").json()
    assert status["name"] == "tested"
    assert status["ready"] is True
    assert status["specialities"] == ["dogs", "cats"]
    assert (status["exclusive"], status["cost_per_mp"], status["power_w"]) == (True, 0.25, 65)
    assert status["speed"]["balanced"] > 0


@pytest.mark.parametrize(
    ("change", "status", "param"),
    [
        ({"model": "unknown/model"}, 404, "model"),
        ({"engine_version": "0"}, 400, "engine_version"),
        ({"width": 512, "height": 512}, 400, "width"),
        ({"width": 65}, 400, "width"),
        ({"prompt": "   "}, 400, "prompt"),
        ({"nonsense": 1}, 400, "nonsense"),
    ],
)
def test_bad_specs_are_refused(
    change: dict[str, Any], status: int, param: str, url: str, spec: SubvideoSpec
) -> None:
    response = httpx.post(f"{url}/v1/subvideos", json=spec.model_dump(mode="json") | change)
    assert response.status_code == status
    assert response.json()["error"]["param"] == param


async def test_a_full_queue_answers_503_with_retry_after(url: str, app: FastAPI, spec: SubvideoSpec) -> None:
    long = spec.model_copy(update={"steps": 200, "frames": 128})
    other = spec.model_copy(update={"seed": 4711})  # which no earlier test can have stored
    await until(lambda: is_idle(node_of(app)))  # of what an earlier test left
    async with httpx.AsyncClient(timeout=60) as client:
        async with client.stream("POST", f"{url}/v1/subvideos", json=long.model_dump(mode="json")) as first:
            assert first.status_code == 200
            lines = first.aiter_lines()  # kept: httpx closes the connection when its iterator is collected
            await anext(lines)
            await until(lambda: node_of(app).worker.running)
            refused = await client.post(f"{url}/v1/subvideos", json=other.model_dump(mode="json"))
        assert refused.status_code == 503
        assert refused.json()["error"]["code"] == "overloaded"
        assert int(refused.headers["retry-after"]) >= 1
        await until(lambda: is_idle(node_of(app)))  # the dropped connection has cancelled the long job
        accepted = await client.post(f"{url}/v1/subvideos", json=other.model_dump(mode="json"))
    assert isinstance(messages(accepted)[-1], Completed)


async def test_a_dropped_connection_cancels_at_the_next_step(
    url: str, app: FastAPI, spec: SubvideoSpec, store: SubvideoStore
) -> None:
    long = spec.model_copy(update={"steps": 200, "frames": 128})
    async with httpx.AsyncClient(timeout=60) as client:
        async with client.stream("POST", f"{url}/v1/subvideos", json=long.model_dump(mode="json")) as stream:
            async for line in stream.aiter_lines():
                message = MESSAGE.validate_json(line) if line else None
                if isinstance(message, Progress):
                    assert message.step < message.steps / 2
                    break
        await until(lambda: is_idle(node_of(app)))
    assert await store.find(long.digest) is None


def test_a_failed_job_does_not_poison_the_next(
    url: str, app: FastAPI, spec: SubvideoSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = node_of(app).worker._studio
    real = studio.make

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("out of luck")

    monkeypatch.setattr(studio, "make", broken)
    failed = messages(post(url, spec))[-1]
    assert isinstance(failed, Failed)
    assert failed.code == "expert_fault"
    assert "out of luck" in failed.message
    monkeypatch.setattr(studio, "make", real)
    assert isinstance(messages(post(url, spec))[-1], Completed)


def test_a_long_step_gives_signs_of_life(
    url: str, app: FastAPI, spec: SubvideoSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = node_of(app).worker._studio
    real, seen = studio.make, threading.Event()

    def long(*specs: Any, **report: Any) -> Any:
        assert seen.wait(20), "no sign of life"
        return real(*specs, **report)

    monkeypatch.setattr(studio, "make", long)
    monkeypatch.setattr("expert_node.app.ALIVE_EVERY_S", 0.05)
    with httpx.stream(
        "POST", f"{url}/v1/subvideos", json=spec.model_dump(mode="json"), timeout=60
    ) as response:
        assert response.headers[ALIVE_HEADER] == "0.05"
        lines = []
        for line in response.iter_lines():
            lines.append(line)
            if not line:
                seen.set()
    assert isinstance(MESSAGE.validate_json(lines[-1]), Completed)


def test_a_model_that_cannot_be_loaded_leaves_the_node_unready(
    redis_url: str, cache_dir: Path, tmp_path: Path
) -> None:
    app = create_app(ExpertSettings(model=str(tmp_path), redis_url=redis_url, cache_dir=cache_dir))
    with running(app) as url:
        node = node_of(app)
        wait_until(lambda: node.worker.fault)
        answer = httpx.get(f"{url}/readyz")
        assert answer.status_code == 503
        spec = SubvideoSpec(prompt="a dog", model=str(tmp_path))
        assert post(url, spec).status_code == 503
