"""What a batch of clips is made with, and the profiles a checkpoint's choices come from."""

from dataclasses import dataclass, field
from typing import Literal

from pydantic import Field

from expert_node.engine.motion import WarpName, scaled
from expert_node.engine.solver import SolverName
from shared.schemas import Motion, Profile, SubvideoSpec, Wire

Precision = Literal["float32", "bfloat16", "float16"]


class ProfileSettings(Wire):
    """How one profile samples a checkpoint. Levels are shares of the steps, counted from the clean end."""

    solver: SolverName = "ddim"
    steps: int = Field(50, ge=1, le=200)
    guidance_scale: float = Field(7.5, ge=0, le=30)
    #: Guide later frames too, not only the anchor.
    guide_frames: bool = True
    #: The paper's t0 and t1 of 50 steps: where the warp happens, and up to where noise is put back.
    warp_level: float = Field(44 / 50, ge=-1, le=1)
    noise_level: float = Field(47 / 50, gt=0, le=1)
    warp: WarpName = "nearest"
    #: Share of the returned noise's variance that is the anchor's own; 0 in the paper. 1 repeats the anchor.
    shared_noise: float = Field(0.0, ge=0, le=1)
    #: What the spec's motion is multiplied by; small models lose their subject when it moves far.
    motion_scale: float = Field(1.0, ge=0, le=1)
    precision: Precision = "float32"


@dataclass(frozen=True)
class Recipe:
    """Everything the clips of a batch have in common."""

    height_px: int
    width_px: int
    frames: int
    solver: SolverName = "ddim"
    steps: int = 50
    guidance_scale: float = 7.5
    guide_frames: bool = True
    t0: int = 44
    t1: int = 47
    motion: Motion = field(default_factory=Motion)
    warp: WarpName = "nearest"
    shared_noise: float = 0.0
    precision: Precision = "float32"
    #: The profile whose own UNet is used; None is the checkpoint's.
    student: Profile | None = None

    def __post_init__(self) -> None:
        """`t0` and `t1` count steps from the end, as in the paper; t0 = -1 is the finished anchor."""
        assert -1 <= self.t0 < self.t1 < self.steps

    @property
    def noise_index(self) -> int:
        """Index of the first step that later frames take: the paper's t1."""
        return self.steps - 1 - self.t1

    @property
    def warp_index(self) -> int:
        """Number of steps the anchor has taken when it is warped: the paper's t0."""
        return self.steps - 1 - self.t0


def levels(settings: ProfileSettings, steps: int) -> tuple[int, int]:
    """t0 and t1 for a number of steps: the paper's 44 and 47 of 50, in proportion."""
    t1 = min(steps - 1, max(0, round(settings.noise_level * steps)))
    t0 = min(t1 - 1, max(-1, round(settings.warp_level * steps)))
    return t0, t1


def recipe_of(
    spec: SubvideoSpec, settings: ProfileSettings, *, width_px: int, height_px: int, student: Profile | None
) -> Recipe:
    """The recipe for a spec: what it leaves open, the profile decides."""
    steps = settings.steps if spec.steps is None else spec.steps
    scale = settings.guidance_scale if spec.guidance_scale is None else spec.guidance_scale
    t0, t1 = levels(settings, steps)
    return Recipe(
        height_px=height_px,
        width_px=width_px,
        frames=spec.frames,
        solver=settings.solver,
        steps=steps,
        guidance_scale=scale,
        guide_frames=settings.guide_frames,
        t0=t0,
        t1=t1,
        motion=scaled(spec.motion, settings.motion_scale),
        warp=settings.warp,
        shared_noise=settings.shared_noise,
        precision=settings.precision,
        student=student,
    )
