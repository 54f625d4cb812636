"""`/v1/models`: what `model` may be."""

from typing import Any

from fastapi import APIRouter

from gateway.parts import Parts, PartsDep
from shared.errors import ModelNotFound

router = APIRouter(prefix="/v1/models", tags=["models"])


@router.get("")
async def list_models(parts: PartsDep) -> dict[str, Any]:
    return {"object": "list", "data": [_model(name) for name in sorted(await _names(parts))]}


@router.get("/{name:path}")
async def retrieve_model(name: str, parts: PartsDep) -> dict[str, Any]:
    if name not in await _names(parts):
        raise ModelNotFound(f"no model {name[:200]!r}", param="model")
    return _model(name)


async def _names(parts: Parts) -> set[str]:
    return {parts.settings.default_model} | await parts.fleet.models()


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "edge-moe-video"}
