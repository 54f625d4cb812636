"""`POST /v1/plans`: the gate alone, and on request what the second gate would do with its plan."""

from fastapi import APIRouter, Request

from gateway.api import forms
from gateway.api.videos import check_prompt, check_size
from gateway.generation import job_of
from gateway.parts import Parts, PartsDep
from gateway.plans import Rendering, spec_of, timed
from shared.schemas import ClipRoute, Plan, PlanReply, PlanRequest

router = APIRouter(prefix="/v1/plans", tags=["plans"])


@router.post("", response_model=Plan | PlanReply, openapi_extra=forms.documented(PlanRequest))
async def make_plan(request: Request, parts: PartsDep) -> Plan:
    settings, body = parts.settings, await forms.read(request, PlanRequest)
    prompt = check_prompt(body.prompt, settings)
    await parts.moderation.check([prompt])
    plan = await parts.gate.plan(prompt, mode=body.mode, seconds=None)
    plan = timed(plan, seconds=None, stage_seconds=settings.default_stage_seconds)
    if not body.route:
        return plan
    return PlanReply.model_validate(plan.model_dump() | {"routes": await _routes(plan, parts)})


async def _routes(plan: Plan, parts: Parts) -> dict[str, ClipRoute]:
    """Each clip by itself, as if it were the next to be dispatched."""
    settings = parts.settings
    width, height = check_size(settings.default_size, settings)
    rendering = Rendering(
        model=settings.default_model,
        width=width,
        height=height,
        fps=settings.default_fps,
        key_frames=settings.key_frames,
        seed=0,
        profile="balanced",
    )
    routes = {}
    for stage in plan.stages:
        for clip in stage.clips:
            spec = spec_of(clip, stage, rendering)
            choice = await parts.dispatcher.route(job_of(spec))
            expert = choice.node.name if choice.node else None
            routes[clip.id] = ClipRoute(expert=expert, possible=choice.possible, verdicts=choice.verdicts)
    return routes
