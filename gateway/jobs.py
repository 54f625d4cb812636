"""The life of a video: planned, its clips obtained, its stages merged, joined. One durable task a video.

Every step looks first at what exists, so that the task can be run again from its start at any time.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from typing import Any, TypeVar

import structlog
from redis.exceptions import RedisError
from structlog.contextvars import bound_contextvars

from gateway import metrics
from gateway.mergers import MergerClient
from gateway.plans import Gate, extended, spec_of, stage_frames, timed
from gateway.records import StageDone, VideoRecord
from gateway.similar import SimilarSubvideos
from gateway.subvideos import Making, Start, Stop, Subvideos, Waiter
from gateway.videos import Videos
from shared.errors import CorruptSubvideo, InvalidRequest, MergerFault, NotFound, ServiceError
from shared.schemas import (
    Clip,
    MergeRequest,
    Plan,
    SegmentRequest,
    SimilarClip,
    Stage,
    StagePart,
    StageRequest,
    SubvideoRef,
    SubvideoSpec,
    SubvideoState,
    VideoError,
)
from shared.tracing import span, traced

T = TypeVar("T")

log = structlog.get_logger(__name__)

_PLANNED_PERCENT, _GENERATED_PERCENT = 5, 90
#: How often a stage's clips are made again when they vanish before they are merged.
_STAGE_TRIES = 3

#: Told the id of every video that this process ended.
OnEnd = Callable[[str], Awaitable[None]]
#: Told the tenant and by how many seconds a plan is longer than the request let expect.
AddSeconds = Callable[[str, float], Awaitable[object]]


class VideoEnded(Exception):
    """The video is terminal or deleted; what remains to be done for it is nothing."""


class VideoJobs:
    """The durable task behind every video."""

    def __init__(
        self,
        videos: Videos,
        subvideos: Subvideos,
        similar: SimilarSubvideos,
        gate: Gate,
        mergers: MergerClient,
        *,
        start: Start,
        stop: Stop,
        on_end: OnEnd,
        add_seconds: AddSeconds,
    ) -> None:
        self.videos = videos
        self.subvideos = subvideos
        self.similar = similar
        self._gate = gate
        self.mergers = mergers
        self.start = start
        self.stop = stop
        self._on_end = on_end
        self._add_seconds = add_seconds

    async def make_video(self, video_id: str) -> None:
        """Ends the video, whatever happens. Cancellation leaves it to whoever cancelled."""
        with bound_contextvars(video_id=video_id):
            record = await self.videos.find(video_id)
            if record is None or record.is_terminal:
                return
            try:
                async with asyncio.timeout(record.deadline_at - time.time()):
                    with span("make video", parent=record.trace, video_id=video_id):
                        await self._make(record)
            except VideoEnded:
                log.info("the video was ended elsewhere")
            except TimeoutError:
                await self.fail(video_id, deadline_exceeded(record))
            except ServiceError as error:
                await self.fail(video_id, VideoError(code=error.wire_code, message=error.message))
            except RedisError:  # without the store nothing can be ended; the sweeper queues the task again
                raise
            except Exception:  # the job's boundary: a bug becomes a stored failure
                log.exception("making the video failed")
                await self.fail(video_id, VideoError(code="internal_error", message="internal error"))

    async def forget(self, record: VideoRecord) -> None:
        """Whatever is remembered of a deleted video's prompt, and of the clips that no other video has."""
        request = record.request
        await self._gate.forget(request.prompt, mode=request.mode)
        for spec in _specs(record):
            if not await self.videos.is_used(spec.digest):
                await self.subvideos.forget(spec.digest)
                await self.similar.remove(spec, tenant=request.tenant)

    async def fail(self, video_id: str, error: VideoError) -> bool:
        """End the video as failed; False if it had ended already."""
        ended = await self.videos.fail(video_id, error)
        if ended:
            log.info("video failed", video_id=video_id, code=error.code, reason=error.message)
            metrics.VIDEOS_ENDED.labels("failed", error.code).inc()
            await self._on_end(video_id)
        return ended

    async def _make(self, record: VideoRecord) -> None:
        begun = time.time()
        if not await self.videos.begin(record.id):
            raise VideoEnded
        plan = record.plan or await self._plan(record)
        planned = time.time()
        work = _VideoWork(self, record, plan)
        stages = await _together(
            traced("stage", work.stage(index), index=index) for index in range(len(plan.stages))
        )
        generated = time.time()
        request = MergeRequest(
            stages=tuple(stage.digest for stage in stages),
            width=record.request.width,
            height=record.request.height,
            fps=record.request.fps,
            **record.request.seams.model_dump(),
        )
        try:
            async with asyncio.TaskGroup() as group:
                joining = group.create_task(self.mergers.video(request))
                group.create_task(work.deliver_rest())
        except BaseExceptionGroup as errors:
            raise _first(errors) from errors
        result = joining.result()
        await self.videos.use(
            record.id, result.video.digest, result.thumbnail.digest, result.spritesheet.digest
        )
        now = time.time()
        timings = {
            "queued": begun - record.created_at,
            "generate": generated - planned,
            "merge": now - generated,
            "total": now - record.created_at,
        }
        await self._complete(record.id, result.model_dump_json(), timings)

    async def _complete(self, video_id: str, result: str, timings: dict[str, float]) -> None:
        if not await self.videos.complete(video_id, result, timings=timings):
            raise VideoEnded
        log.info("video completed", **{f"{name}_s": round(value, 3) for name, value in timings.items()})
        metrics.VIDEOS_ENDED.labels("completed", "").inc()
        metrics.VIDEO_SECONDS.observe(timings.pop("total"))
        for step, seconds in timings.items():
            metrics.STEP_SECONDS.labels(step).observe(seconds)
        await self._on_end(video_id)

    async def _plan(self, record: VideoRecord) -> Plan:
        request, begun = record.request, time.monotonic()
        plan = request.plan
        if plan is None:
            with span("plan"):
                plan = await self._gate.plan(request.prompt, mode=request.mode, seconds=request.seconds)
        if request.plan is None or request.seconds is not None:
            plan = timed(plan, seconds=request.seconds, stage_seconds=request.stage_seconds)
        if request.base is not None:
            plan = extended(request.base, plan)
        took = time.monotonic() - begun
        metrics.PLAN_SECONDS.labels(plan.gate.backend).observe(took)
        if await self.videos.set_plan(record.id, plan, timings={"gate": took}):
            await self._add_seconds(request.tenant, plan.seconds - request.expected_seconds)
            return plan
        current = await self.videos.find(record.id)
        if current is None:  # deleted meanwhile
            await self._gate.forget(request.prompt, mode=request.mode)
        if current is None or current.is_terminal or current.plan is None:
            raise VideoEnded
        return current.plan


class _VideoWork:
    """The clips and stages of one video, while this process works on it."""

    def __init__(self, jobs: VideoJobs, record: VideoRecord, plan: Plan) -> None:
        self._jobs = jobs
        self._record = record
        self._plan = plan
        self._waiter = Waiter(record.id)
        self._percent = dict.fromkeys((clip.id for clip in plan.clips), 0)
        self._merged: set[int] = set()
        self._undelivered: dict[int, SubvideoRef] = {}

    async def stage(self, index: int) -> SubvideoRef:
        """Merged, and playable unless all others are merged: `deliver_rest` is for that one.

        Raises MergerFault when the clips vanish again and again before they are merged.
        """
        stage, reseed = self._plan.stages[index], 0
        for _ in range(_STAGE_TRIES):
            refs = await _together(
                traced("clip", self._clip(clip, stage, reseed), clip=clip.id) for clip in stage.clips
            )
            try:
                merged = await self._merge(index, refs)
                self._merged.add(index)
                if len(self._merged) < len(self._plan.stages):
                    await self._deliver(index, merged)
                else:
                    self._undelivered[index] = merged
            except (NotFound, CorruptSubvideo) as error:
                log.warning("a clip vanished before it was merged", stage=index, error=error.message)
                continue
            except InvalidRequest as error:
                if error.wire_code != "unusable_subvideo" or reseed == _STAGE_TRIES - 1:
                    raise
                log.warning("a clip cannot be keyed; trying other seeds", stage=index, error=error.message)
                reseed += 1
                continue
            return merged
        raise MergerFault(f"the clips of stage {index} vanished again and again before they were merged")

    async def _merge(self, index: int, refs: list[SubvideoRef]) -> SubvideoRef:
        stage, request = self._plan.stages[index], self._record.request
        parts = tuple(
            StagePart(digest=ref.digest, role=clip.role, region=clip.region)
            for clip, ref in zip(stage.clips, refs, strict=True)
        )
        return await self._jobs.mergers.stage(
            StageRequest(
                parts=parts,
                width=request.width,
                height=request.height,
                fps=request.fps,
                seconds=stage.seconds,
            )
        )

    async def deliver_rest(self) -> None:
        """Apart, so that it can be done while the stages are joined."""
        await _together(self._deliver(index, merged) for index, merged in self._undelivered.items())

    async def _deliver(self, index: int, merged: SubvideoRef) -> None:
        """Make the stage's part of the progressive stream."""
        stage, request = self._plan.stages[index], self._record.request
        before = sum(stage_frames(earlier, fps=request.fps) for earlier in self._plan.stages[:index])
        reply = await self._jobs.mergers.segment(
            SegmentRequest(stage=merged.digest, start_frame=before, sequence=index)
        )
        if index not in self._record.stages:
            digests = (merged.digest, reply.init.digest, reply.segment.digest)
            await self._jobs.videos.use(self._record.id, *digests)
            done = StageDone(stage=merged, init=reply.init, segment=reply.segment).model_dump_json()
            event = {"index": index, "seconds": stage.seconds, "frames": merged.frames}
            await self._jobs.videos.set_stage(self._record.id, index, done, event=event)

    async def _clip(self, clip: Clip, stage: Stage, reseed: int) -> SubvideoRef:
        """`reseed` counts what became of foregrounds with earlier seeds and could not be keyed."""
        video_id, begun = self._record.id, time.monotonic()
        spec = _reseeded(spec_of(clip, stage, self._record.request.rendering(video_id)), reseed)
        ref, similar = await self._existing(spec, exact=reseed > 0)
        if ref is not None:
            making = await self._jobs.subvideos.read(ref.digest)
        else:
            ref, making = await self._wait(clip, spec)
        shared = making.owner != video_id
        if shared:
            metrics.SUBVIDEOS.labels("similar" if similar else "shared").inc()
        state = SubvideoState(
            clip=clip.id,
            state="completed",
            progress=100,
            digest=ref.digest,
            expert=making.expert,
            shared=shared,
            similar=similar,
            seconds=round(time.monotonic() - begun, 4),
            route=making.route,
        )
        await self._set(state)
        return ref

    async def _existing(
        self, spec: SubvideoSpec, *, exact: bool
    ) -> tuple[SubvideoRef | None, SimilarClip | None]:
        """The subvideo, or one of the same meaning if the request allows that."""
        subvideos = self._jobs.subvideos
        ref = await subvideos.find(spec)
        request = self._record.request
        if ref is not None or exact or request.reuse != "similar":
            return ref, None
        for similar in await self._jobs.similar.find(spec, tenant=request.tenant):
            if (ref := await subvideos.find(spec, digest=similar.digest)) is not None:
                return ref, SimilarClip(prompt=similar.prompt, similarity=similar.similarity)
        return None, None

    async def _wait(self, clip: Clip, spec: SubvideoSpec) -> tuple[SubvideoRef, Making]:
        record, digest = self._record, spec.digest

        async def on_change(making: Making) -> None:
            await self._set(_state(clip.id, digest, making, record.id))

        failed_before = await self._jobs.subvideos.join(spec, self._waiter, tenant=record.request.tenant)
        try:
            ref, making = await self._jobs.subvideos.wait(
                spec, self._waiter, failed_before=failed_before, start=self._jobs.start, on_change=on_change
            )
        except BaseException as error:
            await asyncio.shield(self._withdraw(digest))
            if isinstance(error, ServiceError):
                await self._set(SubvideoState(clip=clip.id, state="failed", digest=digest))
            raise
        await self._jobs.subvideos.leave(digest, self._waiter)
        return ref, making

    async def _withdraw(self, digest: str) -> None:
        """Stop the making if this video was the last to wait for it."""
        if await self._jobs.subvideos.leave(digest, self._waiter) == 0:
            await self._jobs.stop(digest)

    async def _set(self, state: SubvideoState) -> None:
        self._percent[state.clip] = state.progress
        share = sum(self._percent.values()) / (100 * len(self._percent))
        progress = int(_PLANNED_PERCENT + share * (_GENERATED_PERCENT - _PLANNED_PERCENT))
        if not await self._jobs.videos.set_clip(self._record.id, state, progress=progress):
            raise VideoEnded


def _specs(record: VideoRecord) -> Iterator[SubvideoSpec]:
    """Of every subvideo that may have been made for the video, whether or not it has become a part of it."""
    for stage in record.plan.stages if record.plan else ():
        for clip in stage.clips:
            spec = spec_of(clip, stage, record.request.rendering(record.id))
            for reseed in range(_STAGE_TRIES if spec.keyed else 1):
                yield _reseeded(spec, reseed)


def _reseeded(spec: SubvideoSpec, times: int) -> SubvideoSpec:
    return spec.model_copy(update={"seed": (spec.seed + times) % 2**32}) if spec.keyed else spec


def deadline_exceeded(record: VideoRecord) -> VideoError:
    allowed = record.deadline_at - record.created_at
    return VideoError(code="deadline_exceeded", message=f"the video was not finished within {allowed:g} s")


def _state(clip: str, digest: str, making: Making, video_id: str) -> SubvideoState:
    return SubvideoState(
        clip=clip,
        state="in_progress" if making.state == "in_progress" else "queued",
        progress=making.progress if making.state == "in_progress" else 0,
        digest=digest,
        expert=making.expert if making.state == "in_progress" else None,
        shared=making.owner != video_id,
        route=making.route if making.state == "in_progress" else (),
    )


async def _together(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """All at once; the error that began it ends all."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in work]
    except BaseExceptionGroup as errors:
        raise _first(errors) from errors
    return [task.result() for task in tasks]


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error that began it; the end of the video outweighs it."""
    leaves = list(_leaves(group))
    return next((leaf for leaf in leaves if isinstance(leaf, VideoEnded)), leaves[0])


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    return [
        leaf
        for error in group.exceptions
        for leaf in (_leaves(error) if isinstance(error, BaseExceptionGroup) else [error])
    ]
