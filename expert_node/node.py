"""The node: settings, worker and registrations, and what it says of itself."""

import asyncio
import contextlib
from types import TracebackType
from typing import Self

import httpx

from expert_node.registration import Registration
from expert_node.settings import ExpertSettings
from expert_node.studio import chosen_device, open_studio
from expert_node.worker import Worker
from shared.errors import InvalidRequest, ModelNotFound, Unavailable
from shared.schemas import ENGINE_VERSION, ExpertRegistration, ExpertStatus, SubvideoSpec
from shared.store import SubvideoStore

#: How long one denoising step may take, when the node stops.
_LAST_STEP_S = 30.0


class Node:
    """Runs while its context is entered; leaves the registries first, the worker last."""

    def __init__(self, settings: ExpertSettings, store: SubvideoStore, client: httpx.AsyncClient) -> None:
        self.settings = settings
        self.store = store
        self._loop = asyncio.get_running_loop()
        self.worker = Worker(
            lambda: open_studio(settings),
            capacity=settings.capacity,
            queue_limit=settings.queue_limit,
            batch_window_s=settings.batch_window_s if settings.capacity > 1 else 0.0,
            on_change=self._on_change,
        )
        self._registrations = [
            Registration(url, self.describe, client=client) for url in settings.gateway_urls
        ]
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self.worker.start()
        self._tasks = [asyncio.create_task(registration.run()) for registration in self._registrations]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.leave()
        await asyncio.to_thread(self.worker.stop, timeout_s=_LAST_STEP_S)

    async def leave(self) -> None:
        """Take no more work, and say so to the gateways. Running work goes on."""
        self.worker.drain()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    def leave_soon(self) -> None:
        """Begin to leave; what still runs after the grace period ends. For signal handlers."""
        self._loop.call_soon_threadsafe(lambda: self._loop.create_task(self._leave_in_time()))

    async def _leave_in_time(self) -> None:
        await self.leave()
        await asyncio.sleep(self.settings.shutdown_grace_s)
        await asyncio.to_thread(self.worker.stop, timeout_s=_LAST_STEP_S)

    def check(self, spec: SubvideoSpec) -> None:
        """Raises InvalidRequest if the node can never make the spec."""
        if spec.model != self.settings.model_name:
            raise ModelNotFound(
                f"this node serves {self.settings.model_name!r}, not {spec.model!r}", param="model"
            )
        if spec.engine_version != ENGINE_VERSION:
            raise InvalidRequest(
                f"this node's engine has version {ENGINE_VERSION}, not {spec.engine_version}",
                param="engine_version",
            )
        if spec.width * spec.height > self.settings.max_pixels:
            raise InvalidRequest(
                f"{spec.width}x{spec.height} exceeds this node's {self.settings.max_pixels} pixels",
                param="width",
            )

    async def check_ready(self) -> None:
        if not self.worker.ready:
            raise Unavailable("the model is loading, or the node is stopping", retry_after_s=2)

    def status(self) -> ExpertStatus:
        settings = self.settings
        return ExpertStatus(
            name=settings.node_name,
            model=settings.model_name,
            device=str(chosen_device(settings.device)),
            dtype=settings.dtype,
            capacity=settings.capacity,
            queue_limit=settings.queue_limit,
            running=self.worker.running,
            queued=self.worker.queued,
            speed=self.worker.speed,
            specialities=settings.specialities,
            exclusive=settings.exclusive,
            cost_per_mp=settings.cost_per_mp,
            power_w=settings.power_w,
            max_pixels=settings.max_pixels,
            ready=self.worker.ready,
        )

    def describe(self) -> ExpertRegistration:
        return ExpertRegistration(url=self.settings.node_url, status=self.status())

    def _on_change(self) -> None:
        """Called from the worker's thread."""
        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody is to be told any more
            self._loop.call_soon_threadsafe(self._renew)

    def _renew(self) -> None:
        for registration in self._registrations:
            registration.renew_soon()
