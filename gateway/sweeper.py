"""Finds what a crash lost between two steps: tasks never queued, deadlines nobody watched, webhooks."""

import time

import structlog

from gateway import metrics
from gateway.fleet import Fleet
from gateway.jobs import VideoJobs, deadline_exceeded
from gateway.videos import Videos
from gateway.webhooks import Webhooks
from gateway.workers import Workers
from shared.errors import Unavailable
from shared.store import SubvideoStore

log = structlog.get_logger(__name__)

_GRACE_S = 2.0
_COLLECT_EVERY_S = 600.0
_SAMPLE = 100


class Sweeper:
    """Every replica sweeps; whatever it does, doing it twice does no harm."""

    def __init__(
        self,
        videos: Videos,
        *,
        store: SubvideoStore,
        fleet: Fleet,
        workers: Workers,
        jobs: VideoJobs,
        webhooks: Webhooks,
    ) -> None:
        self._videos = videos
        self._store = store
        self._collected_at = time.monotonic()
        self._fleet = fleet
        self._workers = workers
        self._jobs = jobs
        self._webhooks = webhooks

    async def sweep(self) -> None:
        await self._end_overdue()
        for video_id in await self._videos.sample_open(_SAMPLE):
            await self._workers.add("videos", video_id)
        for video_id in await self._videos.pending_webhooks():
            await self._webhooks.hand_over(video_id)
        await self._videos.forget_expired()
        await self._collect()
        await self._measure()

    async def _collect(self) -> None:
        if time.monotonic() - self._collected_at > _COLLECT_EVERY_S:
            self._collected_at = time.monotonic()
            try:
                await self._store.collect()
            except Unavailable as error:
                log.warning("cannot collect objects", error=error.message)

    async def _end_overdue(self) -> None:
        for video_id in await self._videos.overdue(grace_s=_GRACE_S):
            record = await self._videos.find(video_id)
            if record is None or record.is_terminal:
                await self._videos.forget_open(video_id)
            else:
                await self._jobs.fail(video_id, deadline_exceeded(record))
                await self._workers.cancel("videos", video_id)

    async def _measure(self) -> None:
        metrics.OPEN_VIDEOS.set(await self._videos.open_count())
        nodes = await self._fleet.snapshot()
        alive = [node for node in nodes if node.heartbeat_age_s <= self._fleet.stale_after_s]
        metrics.EXPERTS_ALIVE.set(len(alive))
        memory = await self._store.memory()
        metrics.STORE_BYTES.set(memory.used_bytes)
        metrics.STORE_LIMIT_BYTES.set(memory.limit_bytes)
        metrics.STORE_EVICTIONS.set(memory.evicted)
        per_node = (metrics.EXPERT_LOAD, metrics.EXPERT_HEARTBEAT_AGE, metrics.EXPERT_OPEN)
        for gauge in per_node:
            gauge.clear()  # of nodes that have left
        for node in nodes:
            metrics.EXPERT_LOAD.labels(node.name).set(len(node.ledger) / node.capacity)
            metrics.EXPERT_HEARTBEAT_AGE.labels(node.name).set(node.heartbeat_age_s)
            metrics.EXPERT_OPEN.labels(node.name).set(node.open_s > 0)
