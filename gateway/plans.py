"""Plans on their way from the gate to the experts: timing, joining, and what each clip asks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from gateway.gate.motion import motion_of
from shared.errors import InvalidRequest
from shared.schemas import MAX_STAGES, Clip, Motion, Plan, Profile, Region, Stage, SubvideoSpec

ForcedMode = Literal["temporal", "spatial", "single"]


class Gate(Protocol):
    """The task decomposition gate: turns a prompt into a plan, always, and says how."""

    async def plan(self, prompt: str, *, mode: ForcedMode | None, seconds: float | None) -> Plan: ...

    async def forget(self, prompt: str, *, mode: ForcedMode | None) -> None: ...

    async def close(self) -> None: ...


@dataclass(frozen=True)
class Rendering:
    """What determines a video's pixels besides its plan."""

    model: str
    width: int
    height: int
    fps: int
    key_frames: int
    seed: int
    profile: Profile
    #: Of every clip, whatever the plan says.
    motion: Motion | None = None
    #: Not empty: shared with nobody who has another.
    nonce: str = ""


def timed(plan: Plan, *, seconds: float | None, stage_seconds: float) -> Plan:
    """The plan with `seconds` split equally over its stages, or `stage_seconds` for each."""
    each = stage_seconds if seconds is None else seconds / len(plan.stages)
    stages = tuple(stage.model_copy(update={"seconds": each}) for stage in plan.stages)
    return plan.model_copy(update={"stages": stages})


def extended(base: Plan, addition: Plan) -> Plan:
    """`base` followed by `addition`, with clip ids that say where they stand."""
    stages = (*base.stages, *addition.stages)
    if len(stages) > MAX_STAGES:
        raise InvalidRequest(f"the extended video would have {len(stages)} stages; at most {MAX_STAGES} fit")
    return addition.model_copy(update={"stages": _renumbered(stages)})


def _renumbered(stages: Sequence[Stage]) -> tuple[Stage, ...]:
    return tuple(
        stage.model_copy(
            update={
                "clips": tuple(
                    clip.model_copy(update={"id": f"s{s}c{c}"}) for c, clip in enumerate(stage.clips)
                )
            }
        )
        for s, stage in enumerate(stages)
    )


def stage_frames(stage: Stage, *, fps: int) -> int:
    return max(1, round(stage.seconds * fps))


def spec_of(clip: Clip, stage: Stage, rendering: Rendering) -> SubvideoSpec:
    """What an expert is asked for. Fields that change no pixel are left out, so that more is shared."""
    keyed = clip.role == "foreground"
    frames = stage_frames(stage, fps=rendering.fps)
    return SubvideoSpec(
        prompt=clip.prompt,
        subject=clip.subject if keyed else "",
        seed=rendering.seed,
        frames=min(rendering.key_frames, frames),
        seconds=stage.seconds,
        fps=rendering.fps,
        width=rendering.width,
        height=rendering.height,
        motion=rendering.motion or clip.motion or motion_of(clip.prompt, role=clip.role),
        profile=rendering.profile,
        keyed=keyed,
        region=None if keyed else _scene_region(stage),
        model=rendering.model,
        nonce=rendering.nonce,
    )


def _scene_region(stage: Stage) -> Region | None:
    """Where the scene's subject stands: as the plan says, or out of the way of a single foreground."""
    scene, *foregrounds = stage.clips
    if scene.region or len(foregrounds) != 1:
        return scene.region
    return "right" if foregrounds[0].region == "left" else "left"
