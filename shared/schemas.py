"""The wire schemas: what clients and services send each other.

Read top to bottom for the life of a video: `Plan`, `SubvideoSpec`, `SubvideoRef`, stage, `Video`.
"""

import hashlib
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    computed_field,
    model_validator,
)

#: Part of every digest. Raise it when the engine's output for an unchanged spec changes.
ENGINE_VERSION = "4"
#: Part of every stage's and video's digest. Raise it when the merger's output for unchanged inputs changes.
MERGER_VERSION = "4"

MAX_STAGES = 8
MAX_CLIPS = 4
MAX_CLIP_PROMPT_CHARS = 1000

Mode = Literal["single", "temporal", "spatial", "hybrid"]
Profile = Literal["fast", "balanced", "exact"]
Region = Literal["left", "center", "right"]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
#: A name that is safe in URLs, Redis keys and log lines.
NodeName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")]


def _one_line(value: object) -> object:
    return " ".join(value.split()) if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_one_line)]


class Wire(BaseModel):
    """Immutable, and strict about unknown fields, so that a typo is an error and not a default."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null")


def digest_of(value: BaseModel, *, salt: str = "") -> str:
    """SHA-256 (hex) of the canonical JSON of `value`: fields as declared, no white space, UTF-8."""
    return hashlib.sha256((salt + value.model_dump_json()).encode()).hexdigest()


# --- The plan: what the task decomposition gate makes of a prompt (Liu et al. 2024, section IV-A) ---


class Motion(Wire):
    """Global motion of the latents between generated frames (Khachatryan et al. 2023, section 3.3.1)."""

    #: Where the camera goes per frame, to the right and down, in pixels of a 512-pixel-wide picture; what is
    #: seen goes to the left and up. The paper has 12 in both.
    x: float = Field(12.0, ge=-64, le=64)
    y: float = Field(12.0, ge=-64, le=64)
    #: Relative growth per frame; 0.02 zooms in by two per cent a frame.
    zoom: float = Field(0.0, ge=-0.2, le=0.2)
    #: Degrees per frame, counter-clockwise.
    rotation: float = Field(0.0, ge=-15, le=15)
    easing: Literal["linear", "in_out"] = "linear"


class Clip(Wire):
    """One sub-prompt, complete in itself, and its place in the picture."""

    id: str = Field(pattern=r"^s\d{1,2}c\d{1,2}$")
    prompt: Text = Field(min_length=1, max_length=MAX_CLIP_PROMPT_CHARS)
    subject: Text = Field("", max_length=200)
    role: Literal["scene", "foreground"] = "scene"
    region: Region | None = None
    #: None: chosen from the prompt.
    motion: Motion | None = None


class Stage(Wire):
    """Clips that happen at once: the first is the scene with its background, the others are foregrounds."""

    clips: tuple[Clip, ...] = Field(min_length=1, max_length=MAX_CLIPS)
    seconds: float = Field(2.0, gt=0, le=60)


class GateInfo(Wire):
    """Which gate made the plan, and how."""

    backend: Literal["openai", "embedded", "fallback", "client"]
    model: str = ""
    rung: str = ""
    latency_ms: float = 0.0
    #: Why a better gate did not answer, if one was configured and did not.
    degraded: str = ""


class Plan(Wire):
    """A sequence of stages; the clips of one stage happen at once."""

    stages: tuple[Stage, ...] = Field(min_length=1, max_length=MAX_STAGES)
    confidence: float = Field(1.0, ge=0, le=1)
    setting: Text = Field("", max_length=300)
    style: Text = Field("", max_length=300)
    gate: GateInfo = GateInfo(backend="client")

    @model_validator(mode="wrap")
    @classmethod
    def _check_mode(cls, value: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Accept a plan as it is written out, with its mode, if that is what its shape says."""
        stated = value.get("mode") if isinstance(value, dict) else None
        if isinstance(value, dict):
            value = {key: item for key, item in value.items() if key != "mode"}
        plan = handler(value)
        if stated is not None and stated != plan.mode:
            raise ValueError(f"mode is {stated!r}, but the stages are {plan.mode}")
        ids = [clip.id for clip in plan.clips]
        if len(set(ids)) != len(ids):
            raise ValueError("clip ids must differ")
        return plan

    @computed_field  # type: ignore[prop-decorator]
    @property
    def mode(self) -> Mode:
        """Follows from the shape of the plan, so the two cannot disagree."""
        if len(self.stages) == 1:
            return "single" if len(self.stages[0].clips) == 1 else "spatial"
        return "temporal" if all(len(stage.clips) == 1 for stage in self.stages) else "hybrid"

    @property
    def clips(self) -> tuple[Clip, ...]:
        return tuple(clip for stage in self.stages for clip in stage.clips)

    @property
    def seconds(self) -> float:
        return sum(stage.seconds for stage in self.stages)


# --- Subvideos: what an expert makes of a clip ---


class SubvideoSpec(Wire):
    """All that determines a subvideo's pixels. Equal specs are equal subvideos: the digest is the name."""

    prompt: Text = Field(min_length=1, max_length=MAX_CLIP_PROMPT_CHARS)
    negative_prompt: Text = Field("", max_length=MAX_CLIP_PROMPT_CHARS)
    #: The word of the prompt that names the foreground, for the matte of a keyed clip.
    subject: Text = Field("", max_length=200)
    seed: int = Field(0, ge=0, lt=2**32)
    #: Generated key frames; the delivered `round(seconds * fps)` frames are interpolated from them.
    frames: int = Field(8, ge=1, le=128)
    seconds: float = Field(2.0, gt=0, le=60)
    fps: int = Field(8, ge=1, le=60)
    #: Delivered size in pixels. The engine generates at the checkpoint's own resolution and scales.
    width: int = Field(256, ge=64, le=2048, multiple_of=8)
    height: int = Field(256, ge=64, le=2048, multiple_of=8)
    #: None leaves the choice to the profile of the expert's checkpoint.
    steps: int | None = Field(None, ge=1, le=200)
    guidance_scale: float | None = Field(None, ge=0, le=30)
    motion: Motion = Motion()
    profile: Profile = "balanced"
    #: Generate the subject on a plain key colour, for the merger to key out.
    keyed: bool = False
    #: Where its subject stands, to leave room for others; checkpoints with a prior follow it. None: anywhere.
    region: Region | None = None
    model: str = Field("embedded", min_length=1, max_length=200)
    #: Changes no pixel; whoever sets it gets a subvideo that is shared with nobody else.
    nonce: str = Field("", max_length=100)
    engine_version: str = ENGINE_VERSION

    @property
    def digest(self) -> str:
        return digest_of(self)

    @property
    def delivered_frames(self) -> int:
        return max(1, round(self.seconds * self.fps))


class SubvideoRef(Wire):
    """A stored piece of video, by reference: bytes never travel between services, only through the store."""

    digest: Digest
    media_type: str
    size_bytes: int = Field(ge=0)
    sha256: Digest
    width: int = 0
    height: int = 0
    frames: int = 0
    fps: float = 0.0
    #: What its maker wants known, such as the resolution generated at or the merge that was done.
    notes: dict[str, str | int | float | bool] = Field(default_factory=dict)

    @property
    def seconds(self) -> float:
        return self.frames / self.fps if self.fps else 0.0


# What `POST /v1/subvideos` of an expert streams, one JSON object a line (application/x-ndjson).

#: While there is nothing to tell, the expert sends an empty line so often, and says so in this header.
ALIVE_EVERY_S = 2.0
ALIVE_HEADER = "alive-every-s"


class Queued(Wire):
    type: Literal["queued"] = "queued"
    position: int


class Progress(Wire):
    type: Literal["progress"] = "progress"
    step: int
    steps: int


class Completed(Wire):
    type: Literal["completed"] = "completed"
    subvideo: SubvideoRef
    #: Seconds of computation, without waiting.
    seconds: float


class Failed(Wire):
    type: Literal["failed"] = "failed"
    code: str
    message: str
    retryable: bool


ExpertMessage = Annotated[Queued | Progress | Completed | Failed, Field(discriminator="type")]


# --- The registry ---


class ExpertStatus(Wire):
    """What a node says of itself, at `GET /v1/status` and in every heartbeat."""

    name: NodeName
    model: str
    device: str
    dtype: str
    #: Subvideos the node computes at once, and how many more it holds waiting.
    capacity: int = Field(1, ge=1)
    queue_limit: int = Field(1, ge=0)
    running: int = Field(0, ge=0)
    queued: int = Field(0, ge=0)
    #: Measured megapixels of generated frames per second of computation, by profile; empty before the first.
    speed: dict[Profile, float] = Field(default_factory=dict)
    #: Subjects the checkpoint is good at, in words; empty means anything.
    specialities: tuple[Annotated[str, Field(max_length=300)], ...] = Field((), max_length=32)
    #: Can do nothing but its specialities.
    exclusive: bool = False
    #: What a megapixel of generated frames costs on this node, in any unit that all nodes share.
    cost_per_mp: float = Field(0.0, ge=0, allow_inf_nan=False)
    #: Electrical power while it computes.
    power_w: float = Field(0.0, ge=0, allow_inf_nan=False)
    profiles: tuple[Profile, ...] = ("fast", "balanced", "exact")
    max_pixels: int = 1024 * 1024
    ready: bool = False
    engine_version: str = ENGINE_VERSION


class ExpertRegistration(Wire):
    """Body of `PUT /v1/experts/{name}`: registers a node and, repeated, renews it."""

    url: str = Field(pattern=r"^https?://[^\s/]+/?$", max_length=300)
    status: ExpertStatus


class ExpertRecord(ExpertRegistration):
    """A registered node as the gateway knows it."""

    registered_at: float
    heartbeat_at: float


class RegistrationReply(Wire):
    #: Renew this often; three missed heartbeats take the node out.
    heartbeat_s: float


# --- The merger ---


class StagePart(Wire):
    digest: Digest
    role: Literal["scene", "foreground"]
    region: Region | None = None


class StageRequest(Wire):
    """`POST /v1/stages`: key the foregrounds over the scene. One part passes through unchanged."""

    parts: tuple[StagePart, ...] = Field(min_length=1, max_length=MAX_CLIPS)
    width: int = Field(ge=64, le=2048, multiple_of=8)
    height: int = Field(ge=64, le=2048, multiple_of=8)
    fps: int = Field(ge=1, le=60)
    seconds: float = Field(gt=0, le=60)
    merger_version: str = MERGER_VERSION


class SegmentRequest(Wire):
    """`POST /v1/segments`: one stage as a fragmented-MP4 media segment that starts at `start_frame`."""

    stage: Digest
    start_frame: int = Field(ge=0, le=1_000_000)
    sequence: int = Field(ge=0, le=1_000_000)
    merger_version: str = MERGER_VERSION


class SegmentReply(Wire):
    init: SubvideoRef
    segment: SubvideoRef


class MergeRequest(Wire):
    """`POST /v1/videos`: join finished stages, in order, to the video and its previews.

    The defaults change no frame; only what a seam changes is encoded again.
    """

    stages: tuple[Digest, ...] = Field(min_length=1, max_length=MAX_STAGES)
    width: int = Field(ge=64, le=2048, multiple_of=8)
    height: int = Field(ge=64, le=2048, multiple_of=8)
    fps: int = Field(ge=1, le=60)
    #: Neighbouring stages overlap for so long, one fading into the other.
    crossfade_s: float = Field(0, ge=0, le=5)
    #: Each stage starts with the colours its predecessor ends with, and has its own after so long.
    match_colours_s: float = Field(0, ge=0, le=5)
    #: The last frame stays for so long.
    hold_s: float = Field(0, ge=0, le=30)
    merger_version: str = MERGER_VERSION


class MergeReply(Wire):
    video: SubvideoRef
    thumbnail: SubvideoRef
    spritesheet: SubvideoRef


#: How a video, or a foreground alone, is delivered: H.264 MP4; colour above its matte in one MP4; WebM with
#: alpha for Unity (VP8) and browsers (VP9); animated pictures; first frame; sheet of frames; PNGs in a ZIP.
FormName = Literal[
    "mp4", "stacked", "webm_vp8", "webm_vp9", "webp", "gif", "first_frame", "spritesheet", "png_zip"
]
AlphaMode = Literal["none", "straight", "stacked", "binary"]


class FormRequest(Wire):
    """`POST /v1/forms`: a stored subvideo, stage or video in another form."""

    source: Digest
    form: FormName
    #: Cut the subject out of its key colour first; otherwise the picture is opaque.
    keyed: bool = False
    merger_version: str = MERGER_VERSION


class SceneLayer(Wire):
    """One clip of a stage, for `scene.json`."""

    id: str = Field(pattern=r"^s\d{1,2}c\d{1,2}$")
    prompt: Text = Field(max_length=MAX_CLIP_PROMPT_CHARS)
    digest: Digest
    role: Literal["scene", "foreground"]


class SceneStage(Wire):
    #: What `POST /v1/stages` answered with; its notes say where the foregrounds stand.
    stage: Digest
    layers: tuple[SceneLayer, ...] = Field(min_length=1, max_length=MAX_CLIPS)
    seconds: float = Field(gt=0, le=60)


class SceneRequest(Wire):
    """`POST /v1/scenes`: what a finished video consists of, as the bytes of its `scene.json`."""

    stages: tuple[SceneStage, ...] = Field(min_length=1, max_length=MAX_STAGES)
    width: int = Field(ge=64, le=2048, multiple_of=8)
    height: int = Field(ge=64, le=2048, multiple_of=8)
    fps: int = Field(ge=1, le=60)
    merger_version: str = MERGER_VERSION


# --- The video, as clients see it (the OpenAI videos API and our additions) ---


class VideoError(Wire):
    code: str
    message: str


class NodeVerdict(Wire):
    """What the router thought of one node for one clip."""

    node: str
    #: Lower is better: predicted seconds until the clip is there, and what else counts, in seconds.
    score_s: float | None = None
    #: Why the node was passed over.
    reason: str = ""


class SimilarClip(Wire):
    """A subvideo of nearly the same meaning that was taken because the request allows that."""

    prompt: str
    #: Cosine of the sentence embeddings of the two prompts.
    similarity: float


class SubvideoState(Wire):
    """One clip of a video's plan, on its way."""

    clip: str
    state: Literal["queued", "in_progress", "completed", "failed"] = "queued"
    progress: int = Field(0, ge=0, le=100)
    digest: Digest | None = None
    #: The node that made it, or is making it.
    expert: str | None = None
    #: True if it existed or was being made for someone else.
    shared: bool = False
    #: What was asked for in other words; `digest` is that of this subvideo.
    similar: SimilarClip | None = None
    #: Seconds from asking to having.
    seconds: float | None = None
    #: The choice of its expert.
    route: tuple[NodeVerdict, ...] = ()


class Video(Wire):
    """The Video object of the API."""

    id: str
    object: Literal["video"] = "video"
    model: str
    status: Literal["queued", "in_progress", "completed", "failed"] = "queued"
    progress: int = Field(0, ge=0, le=100)
    created_at: int
    completed_at: int | None = None
    expires_at: int | None = None
    prompt: str | None = None
    remixed_from_video_id: str | None = None
    seconds: str
    size: str
    error: VideoError | None = None
    plan: Plan | None = None
    subvideos: tuple[SubvideoState, ...] = ()
    #: While it is open: how many videos were accepted before it and are open too, and about how many seconds
    #: the work takes that waits now.
    position: int | None = None
    estimate_s: float | None = None
    #: Seconds spent per step: queued, gate, generate, merge, total.
    timings: dict[str, float] = Field(default_factory=dict)


class VideoDeleted(Wire):
    id: str
    object: Literal["video.deleted"] = "video.deleted"
    deleted: bool = True


class VideoList(Wire):
    object: Literal["list"] = "list"
    data: tuple[Video, ...]
    has_more: bool
    first_id: str | None
    last_id: str | None


class ClipRoute(Wire):
    #: None: there is no node that could take it now.
    expert: str | None
    #: False: no registered node can ever make it.
    possible: bool
    verdicts: tuple[NodeVerdict, ...]


class PlanRequest(Wire):
    prompt: str
    mode: Literal["temporal", "spatial", "single"] | None = None
    #: Also say which experts would be chosen, and why.
    route: bool = False


class PlanReply(Plan):
    """A plan and, for each clip, the node that would make it and what was thought of every node."""

    routes: dict[str, ClipRoute]
