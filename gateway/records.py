"""What the gateway remembers of a video: the accepted request and how far it has come."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from gateway.plans import ForcedMode, Rendering
from shared.schemas import (
    Clip,
    MergeReply,
    Motion,
    Plan,
    Profile,
    SubvideoRef,
    SubvideoState,
    Video,
    VideoError,
)

Status = Literal["queued", "in_progress", "completed", "failed"]
Reuse = Literal["exact", "similar", "never"]
TERMINAL: frozenset[str] = frozenset({"completed", "failed"})


class _Stored(BaseModel):
    model_config = ConfigDict(frozen=True)


class Seams(_Stored):
    """How stages are joined; without any of it, their frames stay as they are."""

    crossfade_s: float = Field(0, ge=0, le=5)
    match_colours_s: float = Field(0, ge=0, le=5)
    hold_s: float = Field(0, ge=0, le=30)

    def seconds(self, plan: Plan) -> float:
        """How long the joined video is; a crossfade takes at most half of a stage."""
        fade = min(self.crossfade_s, *(stage.seconds / 2 for stage in plan.stages))
        return plan.seconds - (len(plan.stages) - 1) * fade + self.hold_s


class VideoRequest(_Stored):
    """A request as it was accepted: checked, and with every default filled in."""

    prompt: str
    model: str
    width: int
    height: int
    fps: int
    key_frames: int
    #: None: every stage has the default length.
    seconds: float | None = None
    stage_seconds: float
    mode: ForcedMode | None = None
    plan: Plan | None = None
    #: Stages that go before what the prompt asks for (the video that is extended).
    base: Plan | None = None
    seed: int = 0
    profile: Profile = "balanced"
    motion: Motion | None = None
    reuse: Reuse = "exact"
    seams: Seams = Seams()
    webhook_url: str | None = None
    remixed_from: str | None = None
    #: Whose it is; empty where keys are off.
    tenant: str = ""

    @property
    def size(self) -> str:
        return f"{self.width}x{self.height}"

    @property
    def plan_clips(self) -> tuple[Clip, ...]:
        """What the client itself planned."""
        return self.plan.clips if self.plan else ()

    @property
    def expected_seconds(self) -> float:
        """What can be said of the video's length before its plan is made."""
        known = self.base.seconds if self.base else 0.0
        if self.seconds is not None:
            return known + self.seconds
        return known + (self.plan.seconds if self.plan else self.stage_seconds)

    def rendering(self, video_id: str) -> Rendering:
        return Rendering(
            model=self.model,
            width=self.width,
            height=self.height,
            fps=self.fps,
            key_frames=self.key_frames,
            seed=self.seed,
            profile=self.profile,
            motion=self.motion,
            nonce=video_id if self.reuse == "never" else "",
        )


class StageDone(_Stored):
    """A finished stage, and its media segment of the progressive stream."""

    stage: SubvideoRef
    init: SubvideoRef
    segment: SubvideoRef


class VideoRecord(_Stored):
    """Everything stored about one video."""

    id: str
    request: VideoRequest
    status: Status = "queued"
    created_at: float
    deadline_at: float
    expires_at: float | None = None
    completed_at: float | None = None
    progress: int = 0
    plan: Plan | None = None
    clips: dict[str, SubvideoState] = Field(default_factory=dict)
    stages: dict[int, StageDone] = Field(default_factory=dict)
    result: MergeReply | None = None
    error: VideoError | None = None
    timings: dict[str, float] = Field(default_factory=dict)
    #: The `traceparent` of the request that was accepted.
    trace: str = ""

    @property
    def is_terminal(self) -> bool:
        return self.status in TERMINAL

    @property
    def seconds(self) -> float:
        """The planned length; before the plan is made, what can be said of it."""
        return self.request.seams.seconds(self.plan) if self.plan else self.request.expected_seconds

    def to_wire(self) -> Video:
        request = self.request
        return Video(
            id=self.id,
            model=request.model,
            status=self.status,
            progress=self.progress,
            created_at=int(self.created_at),
            completed_at=None if self.completed_at is None else int(self.completed_at),
            expires_at=None if self.expires_at is None else int(self.expires_at),
            prompt=request.prompt,
            remixed_from_video_id=request.remixed_from,
            seconds=f"{round(self.seconds, 3):g}",
            size=request.size,
            error=self.error,
            plan=self.plan,
            subvideos=self._subvideos(),
            timings=self.timings,
        )

    def _subvideos(self) -> tuple[SubvideoState, ...]:
        if self.plan is None:
            return ()
        return tuple(self.clips.get(clip.id) or SubvideoState(clip=clip.id) for clip in self.plan.clips)
