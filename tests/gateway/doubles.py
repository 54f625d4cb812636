"""Small real HTTP services that speak the experts' and the merger's wire contract, with faults on purpose.

They store bytes that say what they are made of instead of pictures: what is tested here is the gateway.
"""

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from shared.errors import InvalidRequest, NotFound
from shared.http import error_response
from shared.schemas import (
    ALIVE_HEADER,
    ExpertStatus,
    FormRequest,
    MergeReply,
    MergeRequest,
    Plan,
    SceneRequest,
    SegmentReply,
    SegmentRequest,
    StageRequest,
    SubvideoRef,
    SubvideoSpec,
    digest_of,
)
from shared.store import SubvideoStore, connect
from tests.conftest import free_port


class RulesGate:
    """Stages at `;`, clips at `&`: enough to ask for any shape of plan."""

    def __init__(self, delay_s: float = 0.0) -> None:
        self.calls = 0
        self.delay_s = delay_s
        self.forgotten: list[str] = []

    async def plan(self, prompt: str, *, mode: str | None, seconds: float | None) -> Plan:
        self.calls += 1
        await asyncio.sleep(self.delay_s)
        stages = [stage.split("&") for stage in prompt.split(";")] if mode is None else [[prompt]]
        return plan_of(*stages)

    async def forget(self, prompt: str, *, mode: str | None) -> None:
        self.forgotten.append(prompt)

    async def close(self) -> None:
        pass


def plan_of(*stages: Sequence[str]) -> Plan:
    return Plan.model_validate(
        {
            "stages": [
                {
                    "clips": [
                        {
                            "id": f"s{s}c{c}",
                            "prompt": prompt.strip(),
                            "role": "scene" if c == 0 else "foreground",
                        }
                        for c, prompt in enumerate(clips)
                    ]
                }
                for s, clips in enumerate(stages)
            ],
            "gate": {"backend": "embedded", "model": "rules"},
        }
    )


def ref_of(data: bytes, digest: str, **fields: object) -> SubvideoRef:
    return SubvideoRef(
        digest=digest,
        media_type="video/mp4",
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        **fields,  # type: ignore[arg-type]
    )


@asynccontextmanager
async def serving(app: FastAPI, port: int = 0, **options: Any) -> AsyncIterator[str]:
    """The base URL of a real server that runs `app` in this event loop."""
    port = port or free_port()
    server = uvicorn.Server(
        uvicorn.Config(app, port=port, log_config=None, lifespan="on", timeout_graceful_shutdown=1, **options)
    )
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
        if task.done():
            await task
    try:
        yield f"{'https' if options.get('ssl_certfile') else 'http'}://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


@dataclass
class ExpertDouble:
    """An expert whose clips take `steps` times `step_s`.

    Its fault hits every `fault_every`th of the first `faulty` calls.
    """

    name: str
    redis_url: str
    model: str = "embedded"
    capacity: int = 1
    queue_limit: int = 1
    steps: int = 4
    step_s: float = 0.0
    max_pixels: int = 1024 * 1024
    speed: float = 1.0
    #: What it says that each clip took.
    service_s: float = 0.1
    specialities: tuple[str, ...] = ()
    exclusive: bool = False
    fault: str = ""
    faulty: int = 10**6
    fault_every: int = 1
    #: How often it says that it gives a sign of life, and how often it does, until a clip may go on.
    alive_said_s: float | None = None
    alive_s: float | None = None
    #: Set before a clip may pass its first step.
    may_go_on: asyncio.Event = field(default_factory=asyncio.Event)
    calls: list[str] = field(default_factory=list)
    made: Counter[str] = field(default_factory=Counter)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    running: int = 0
    most_running: int = 0
    url: str = ""
    #: The services' token, if the gateway asks for it.
    token: str = ""
    started: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.may_go_on.set()
        self._slots = asyncio.Semaphore(self.capacity)

    def status(self) -> ExpertStatus:
        return ExpertStatus(
            name=self.name,
            model=self.model,
            device="cpu",
            dtype="float32",
            capacity=self.capacity,
            queue_limit=self.queue_limit,
            running=self.running,
            speed={"balanced": self.speed},
            max_pixels=self.max_pixels,
            specialities=self.specialities,
            exclusive=self.exclusive,
            ready=True,
        )

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["ExpertDouble"]:
        async with connect(self.redis_url) as redis:
            self._store = SubvideoStore(redis, ttl_s=60, limit_bytes=2**20)
            app = FastAPI()
            app.add_api_route("/v1/subvideos", self._subvideos, methods=["POST"])
            async with serving(app) as self.url:
                yield self

    async def registering(self, gateway: str, interval_s: float = 0.2) -> None:
        """Renews for ever, as a node does."""
        async with httpx.AsyncClient() as http:
            while True:
                try:
                    await self.register(http, gateway)
                except httpx.HTTPError:
                    await asyncio.sleep(0.05)
                await asyncio.sleep(interval_s)

    async def register(self, http: httpx.AsyncClient, gateway: str) -> None:
        body = {"url": self.url, "status": self.status().model_dump(mode="json")}
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        answer = await http.put(f"{gateway}/v1/experts/{self.name}", json=body, headers=headers)
        assert answer.status_code == 200, answer.text

    async def _subvideos(self, request: Request) -> Response:
        spec = SubvideoSpec.model_validate_json(await request.body())
        self.calls.append(spec.prompt)
        hit = len(self.calls) <= self.faulty and len(self.calls) % self.fault_every == 0
        fault = self.fault if hit else ""
        if fault == "full":
            error = {
                "error": {"code": "overloaded", "message": "full", "type": "server_error", "param": None}
            }
            return JSONResponse(error, status_code=503, headers={"Retry-After": "1"})
        if fault == "refuse":
            error = {"error": {"code": "invalid_value", "message": "no", "type": "x", "param": "steps"}}
            return JSONResponse(error, status_code=400)
        if fault == "500":
            return Response("boom", status_code=500)
        headers = {} if self.alive_said_s is None else {ALIVE_HEADER: f"{self.alive_said_s:g}"}
        return StreamingResponse(
            self._stream(spec, fault), media_type="application/x-ndjson", headers=headers
        )

    async def _stream(self, spec: SubvideoSpec, fault: str) -> AsyncIterator[bytes]:
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        self.started.set()
        try:
            yield b'{"type":"queued","position":0}\n'
            async with self._slots:
                async for line in self._work(spec, fault):
                    yield line
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        finally:
            self.running -= 1

    async def _work(self, spec: SubvideoSpec, fault: str) -> AsyncIterator[bytes]:
        for step in range(self.steps):
            while self.alive_s is not None and not self.may_go_on.is_set():
                await asyncio.sleep(self.alive_s)
                yield b"\n"
            await self.may_go_on.wait()
            await asyncio.sleep(self.step_s)
            yield json.dumps({"type": "progress", "step": step + 1, "steps": self.steps}).encode() + b"\n"
            if "die" in {fault, self.fault}:
                raise ConnectionResetError("died on purpose")
        yield await self._result(spec, fault)

    async def _result(self, spec: SubvideoSpec, fault: str) -> bytes:
        if fault == "garbage":
            return b"{]\n"
        if fault == "endless line":
            return b"x" * 200_000
        if fault == "silent end":
            return b"\n"
        if fault == "failed":
            return b'{"type":"failed","code":"out_of_memory","message":"no memory","retryable":true}\n'
        self.made[spec.digest] += 1
        data = f"clip of {spec.prompt!r} by {self.name}".encode()
        width = spec.width + 8 if fault == "wrong size" else spec.width
        ref = ref_of(
            data, spec.digest, width=width, height=spec.height, frames=spec.delivered_frames, fps=spec.fps
        )
        if fault != "not stored":
            await self._store.put(data, ref)
        return json.dumps(
            {"type": "completed", "subvideo": ref.model_dump(mode="json"), "seconds": self.service_s}
        ).encode()


class MergerDouble:
    """Stores what the merger would, as text."""

    def __init__(self, redis_url: str) -> None:
        self.redis_url = redis_url
        self.stages: list[StageRequest] = []
        self.videos: list[MergeRequest] = []
        self.forms: list[FormRequest] = []
        #: Statuses to answer with before serving.
        self.faults: list[int] = []
        #: How long a stage takes.
        self.delay_s = 0.0
        #: How many stages to refuse because their foreground cannot be keyed.
        self.unusable = 0
        #: Digests to claim missing, once each.
        self.missing: list[str] = []

    @asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncIterator[str]:
        async with connect(self.redis_url) as redis:
            self._store = SubvideoStore(redis, ttl_s=60, limit_bytes=2**20)
            app = FastAPI()
            for path, route in (
                ("stages", self._stage),
                ("segments", self._segment),
                ("videos", self._video),
                ("forms", self._form),
                ("scenes", self._scene),
            ):
                app.add_api_route(f"/v1/{path}", route, methods=["POST"])
            async with serving(app, port) as url:
                yield url

    async def _stage(self, request: StageRequest) -> Response:
        if self.faults:
            return Response("merger fault", status_code=self.faults.pop(0))
        for part in request.parts:
            if part.digest in self.missing or await self._store.find(part.digest) is None:
                self.missing = [digest for digest in self.missing if digest != part.digest]
                await self._store.delete(part.digest)
                return error_response(NotFound("gone", code="subvideo_not_found"))
        if self.unusable and len(request.parts) > 1:
            self.unusable -= 1
            return error_response(InvalidRequest("none of it is key colour", code="unusable_subvideo"))
        self.stages.append(request)
        await asyncio.sleep(self.delay_s)
        if len(request.parts) == 1:
            _, ref = await self._store.get(request.parts[0].digest)
        else:
            frames = round(request.seconds * request.fps)
            size = {"width": request.width, "height": request.height}
            ref = await self._put(
                digest_of(request, salt="stage"), "stage", **size, frames=frames, fps=request.fps
            )
        return JSONResponse(ref.model_dump(mode="json"))

    async def _segment(self, request: SegmentRequest) -> Response:
        init = await self._put(hashlib.sha256(b"init").hexdigest(), "init")
        text = f"segment {request.sequence} at {request.start_frame}"
        segment = await self._put(digest_of(request, salt="segment"), text)
        return JSONResponse(SegmentReply(init=init, segment=segment).model_dump(mode="json"))

    async def _video(self, request: MergeRequest) -> Response:
        self.videos.append(request)
        refs = {
            name: await self._put(digest_of(request, salt=name), f"{name} " + "0123456789" * 100)
            for name in ("video", "thumbnail", "spritesheet")
        }
        return JSONResponse(MergeReply(**refs).model_dump(mode="json"))

    async def _form(self, request: FormRequest) -> Response:
        if request.form == "gif":
            return error_response(InvalidRequest("subvideo has no subject", code="unusable_subvideo"))
        self.forms.append(request)
        ref = await self._put(digest_of(request, salt="form"), f"{request.form} of {request.source}")
        return JSONResponse(ref.model_dump(mode="json"))

    async def _scene(self, request: SceneRequest) -> Response:
        ref = await self._put(digest_of(request, salt="scene"), request.model_dump_json())
        return JSONResponse(ref.model_dump(mode="json"))

    async def _put(self, digest: str, text: str, **fields: object) -> SubvideoRef:
        data = text.encode()
        return await self._store.put(data, ref_of(data, digest, **fields))


async def ended(http: httpx.AsyncClient, video_id: str, within_s: float = 15) -> dict[str, object]:
    """The video once it has ended, told by its own event stream."""
    async with asyncio.timeout(within_s):
        while True:
            video = (await http.get(f"/v1/videos/{video_id}")).json()
            if video["status"] in {"completed", "failed"}:
                return video
            async with http.stream("GET", f"/v1/videos/{video_id}/events") as events:
                async for line in events.aiter_lines():
                    if line in {"event: completed", "event: failed"}:
                        break
