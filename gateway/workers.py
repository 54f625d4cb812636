"""The durable tasks of this process: three queues, so that none can starve another, and a sweeper.

Videos wait for subvideos, so the two have queues of their own; webhooks have theirs because receivers may
hang. Only ids are passed as arguments.
"""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import structlog
from docket import Docket, Worker
from docket._redis import RedisConnection
from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

from gateway.settings import GatewaySettings
from shared.connections import notice_dead_peers
from shared.errors import Unavailable
from shared.store import RedisClient

log = structlog.get_logger(__name__)

Task = Callable[..., Awaitable[None]]
#: Looks for work that was lost between two steps; called again and again.
Sweep = Callable[[], Awaitable[None]]

_SWEEP_S = 2.0
_RETRY_S = 0.5
#: Calls to a queue at once; more wait here instead of opening a connection each.
_CALLS = 32


class QueueConnection(RedisConnection):
    """docket's, which polls subscriptions; it has no setting for the class of its connections."""

    async def _connection_pool_from_url(self, *arguments: Any, **options: Any) -> ConnectionPool:
        pool = await super()._connection_pool_from_url(*arguments, **options)
        notice_dead_peers(pool)
        return pool


class Workers:
    """Runs tasks while started; what still runs when the drain time is over is left to other replicas."""

    def __init__(self, settings: GatewaySettings, redis: RedisClient) -> None:
        self._settings = settings
        self._redis = redis
        self._queues: dict[str, tuple[Task, int]] = {}
        self._dockets: dict[str, Docket] = {}
        self._running: set[asyncio.Task[Any]] = set()
        self._sweep: Sweep | None = None
        self._calls = asyncio.Semaphore(_CALLS)
        #: Set once tasks can be added.
        self.ready = asyncio.Event()

    def register(self, queue: str, task: Task, *, concurrency: int) -> None:
        self._queues[queue] = (task, concurrency)

    def sweep_with(self, sweep: Sweep) -> None:
        self._sweep = sweep

    async def add(self, queue: str, key: str) -> None:
        """Make sure that the task named `key` is waiting or running, with `key` as its argument."""
        async with self._calls:
            await self._docket(queue).add(self._queues[queue][0].__name__, key=key)(key)

    async def cancel(self, queue: str, key: str) -> None:
        async with self._calls:
            await self._docket(queue).cancel(key)

    def _docket(self, queue: str) -> Docket:
        if queue not in self._dockets:
            raise Unavailable("the gateway is still connecting to Redis", retry_after_s=1)
        return self._dockets[queue]

    async def run(self) -> None:
        """Work until cancelled, then drain."""
        await self._redis_is_up()
        async with AsyncExitStack() as stack:
            workers = [await self._enter(stack, name) for name in self._queues]
            self.ready.set()
            loops = [asyncio.create_task(worker.run_forever()) for worker in workers]
            sweeper = asyncio.create_task(self._sweep_forever())
            try:
                await asyncio.wait([*loops, sweeper], return_when=asyncio.FIRST_COMPLETED)
            finally:
                sweeper.cancel()
                await self._drain(loops)

    async def _redis_is_up(self) -> None:
        while True:
            try:
                await self._redis.ping()
            except (RedisError, OSError) as error:
                log.warning("waiting for Redis", error=str(error))
                await asyncio.sleep(_RETRY_S)
            else:
                return

    async def _enter(self, stack: AsyncExitStack, name: str) -> Worker:
        task, concurrency = self._queues[name]
        url = _with_connections(self._settings.redis_url.get_secret_value(), concurrency + 100)
        docket = Docket(name=f"gateway-{name}", url=url, execution_ttl=timedelta(minutes=5))
        docket._redis = QueueConnection(url)
        await stack.enter_async_context(docket)
        docket.register(self._tracked(task), names=[task.__name__])
        self._dockets[name] = docket
        worker = Worker(
            docket,
            concurrency=concurrency,
            redelivery_timeout=timedelta(seconds=self._settings.redelivery_s),
            reconnection_delay=timedelta(seconds=_RETRY_S),
            minimum_check_interval=timedelta(milliseconds=100),
            schedule_automatic_tasks=False,
        )
        await stack.enter_async_context(worker)
        return worker

    def _tracked(self, task: Task) -> Task:
        @functools.wraps(task)
        async def run(*args: Any, **kwargs: Any) -> None:
            current = asyncio.current_task()
            assert current is not None
            self._running.add(current)
            try:
                await task(*args, **kwargs)
            finally:
                self._running.discard(current)

        return run

    async def _drain(self, loops: list[asyncio.Task[None]]) -> None:
        """Stop taking work, let running work finish for a while, then leave it to another replica."""
        for loop in loops:
            loop.cancel()
        _, busy = await asyncio.wait(loops, timeout=self._settings.drain_s)
        if busy:
            log.info("leaving work to other replicas", tasks=len(self._running))
            for task in tuple(self._running):
                task.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        self._dockets.clear()

    async def _sweep_forever(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_S)
            if self._sweep is not None:
                try:
                    await self._sweep()
                except (RedisError, OSError, Unavailable) as error:
                    log.warning("cannot sweep", error=str(error))
                except Exception:  # the worker's boundary: the next sweep may fare better
                    log.exception("sweeping failed")


def _with_connections(url: str, count: int) -> str:
    """The URL with a larger pool: docket takes a connection for each task that starts or ends."""
    return f"{url}{'&' if urlsplit(url).query else '?'}max_connections={count}"
