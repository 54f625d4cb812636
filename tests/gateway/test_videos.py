"""The state machine of a video, against a model of it, on a real Redis."""

import asyncio

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, rule, run_state_machine_as_test

from gateway.records import VideoRequest
from gateway.videos import Videos, new_id
from shared.errors import InvalidRequest
from shared.schemas import SubvideoState, VideoError
from shared.store import connect
from tests.gateway.doubles import plan_of

REQUEST = VideoRequest(
    prompt="a dog", model="embedded", width=64, height=64, fps=8, key_frames=8, stage_seconds=2.0
)


class VideoMachine(RuleBasedStateMachine):
    """Whatever is tried in whatever order, a video ends once and its progress never goes back."""

    redis_url = ""
    known = Bundle("known")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.redis = connect(self.redis_url)
        self.run(self.redis.flushdb())
        self.videos = Videos(self.redis, retention_s=60)
        self.status: dict[str, str] = {}
        self.progress: dict[str, int] = {}
        self.planned: set[str] = set()

    def run(self, work):
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        self.run(self.redis.aclose())
        self.loop.close()

    @rule(target=known)
    def create(self) -> str:
        name = new_id()
        assert self.run(self.videos.create(name, REQUEST, deadline_s=60)) == "created"
        assert self.run(self.videos.create(name, REQUEST, deadline_s=60)) == "exists"
        self.status[name] = "queued"
        self.progress[name] = 0
        return name

    @rule(name=known)
    def begin(self, name: str) -> None:
        assert self.run(self.videos.begin(name)) == self.is_open(name)
        if self.is_open(name):
            self.status[name] = "in_progress"
        self.check(name)

    @rule(name=known)
    def plan(self, name: str) -> None:
        new = self.is_open(name) and name not in self.planned
        assert self.run(self.videos.set_plan(name, plan_of(["a dog"]), timings={"gate": 0.1})) == new
        if new:
            self.planned.add(name)
            self.progress[name] = max(5, self.progress[name])
        self.check(name)

    @rule(name=known, progress=st.integers(0, 90))
    def clip(self, name: str, progress: int) -> None:
        state = SubvideoState(clip="s0c0", progress=progress, state="in_progress")
        assert self.run(self.videos.set_clip(name, state, progress=progress)) == self.is_open(name)
        if self.is_open(name):
            self.progress[name] = max(progress, self.progress[name])
        self.check(name)

    @rule(name=known, how=st.sampled_from(["completed", "failed"]))
    def end(self, name: str, how: str) -> None:
        if how == "completed":
            done = self.run(self.videos.complete(name, "null", timings={"total": 1.0}))
        else:
            done = self.run(self.videos.fail(name, VideoError(code="x", message="y")))
        assert done == self.is_open(name)
        if done:
            self.status[name] = how
            self.progress[name] = 100 if how == "completed" else self.progress[name]
        self.check(name)

    @rule(name=known)
    def delete(self, name: str) -> None:
        assert self.run(self.videos.delete(name)) == []
        self.status.pop(name, None)
        self.check(name)

    @rule(limit=st.integers(1, 3), order=st.sampled_from(["asc", "desc"]))
    def page(self, limit: int, order) -> None:
        seen, after = [], None
        while True:
            page = self.run(self.videos.page("", after=after, limit=limit, order=order))
            seen += [record.id for record in page.records]
            if not page.has_more:
                break
            after = seen[-1]
        expected = list(self.status)
        assert seen == (expected if order == "asc" else expected[::-1])

    def is_open(self, name: str) -> bool:
        return self.status.get(name) in {"queued", "in_progress"}

    def check(self, name: str) -> None:
        record = self.run(self.videos.find(name))
        if name not in self.status:
            assert record is None
            return
        assert (record.status, record.progress) == (self.status[name], self.progress[name])
        assert (record.completed_at is not None) == record.is_terminal
        endings = [kind for _, kind, _ in self.run(self.videos.events(name, after="0"))]
        assert sum(kind in {"completed", "failed"} for kind in endings) == int(record.is_terminal)
        assert record.to_wire().id == name


def test_a_video_ends_exactly_once(redis_url: str) -> None:
    quick = settings(
        max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
    )
    VideoMachine.redis_url = redis_url
    run_state_machine_as_test(VideoMachine, settings=quick)


async def test_listing_forgets_what_has_expired(redis_url: str) -> None:
    async with connect(redis_url) as redis:
        videos = Videos(redis, retention_s=60)
        names = [new_id() for _ in range(5)]
        for name in names:
            await videos.create(name, REQUEST, deadline_s=60)
        for name in names[1:4]:
            await redis.delete(f"video:{name}")
        page = await videos.page("", after=None, limit=2, order="desc")
        assert [record.id for record in page.records] == [names[4], names[0]]
        assert await redis.zcard("videos:of:") == 2
        with pytest.raises(InvalidRequest):
            await videos.page("", after=names[2], limit=2, order="desc")


async def test_what_has_expired_is_deleted_and_nothing_else(redis_url: str) -> None:
    async with connect(redis_url) as redis:
        short, long = Videos(redis, retention_s=-1), Videos(redis, retention_s=60)
        ended, kept, running = new_id(), new_id(), new_id()
        for name in (ended, kept, running):
            await long.create(name, REQUEST, deadline_s=60)
            assert await redis.ttl(f"video:{name}") == -1
        await short.fail(ended, VideoError(code="c", message="m"))
        await long.fail(kept, VideoError(code="c", message="m"))
        await long.forget_expired()
        assert await long.find(ended) is None
        assert await redis.exists(f"video:{ended}:events") == 0
        for name in (kept, running):
            assert await long.find(name) is not None
