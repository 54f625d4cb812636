"""Who calls: a tenant by its API key, or another service by the services' token."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from gateway.parts import PartsDep
from gateway.records import VideoRecord

#: The only tenant of a gateway that asks for no keys.
OPEN_TENANT = ""

_bearer = HTTPBearer(auto_error=False, description="An API key; none is needed where keys are off.")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


async def caller(parts: PartsDep, credentials: Credentials) -> str:
    """The tenant, whose request is counted. Raises Unauthenticated or RateLimited."""
    if not parts.settings.require_keys:
        return OPEN_TENANT
    tenant = await parts.keys.tenant_of(credentials.credentials if credentials else "")
    await parts.quotas.count_request(tenant)
    return tenant


async def service(parts: PartsDep, request: Request) -> None:
    """Raises Unauthenticated for who is no service of this cluster."""
    parts.tokens.check(request.headers.get("authorization", ""))


async def reader_of_the_fleet(parts: PartsDep, request: Request) -> None:
    """Raises Unauthenticated for a tenant: where the nodes are is not its business."""
    if parts.settings.require_keys:
        await service(parts, request)


CallerDep = Annotated[str, Depends(caller)]


async def own_video(video_id: str, tenant: CallerDep, parts: PartsDep) -> VideoRecord:
    """The video in the path. Raises NotFound for another tenant's as for one that never was."""
    return await parts.videos.get(video_id, tenant)


OwnVideo = Annotated[VideoRecord, Depends(own_video)]
