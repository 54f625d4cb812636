"""`/v1/experts`: nodes register themselves here and renew by heartbeat."""

import ipaddress
import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Path, Request, Response

from gateway.api import callers, forms
from gateway.parts import PartsDep
from shared.errors import InvalidRequest
from shared.schemas import ExpertRecord, ExpertRegistration, NodeName, RegistrationReply

router = APIRouter(prefix="/v1/experts", tags=["experts"])

_HOST = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?)*\.?"
)
Name = Annotated[NodeName, Path()]


@router.get("", dependencies=[Depends(callers.reader_of_the_fleet)])
async def list_experts(parts: PartsDep) -> dict[str, ExpertRecord]:
    return await parts.fleet.records()


@router.put(
    "/{name}", dependencies=[Depends(callers.service)], openapi_extra=forms.documented(ExpertRegistration)
)
async def register_expert(name: Name, request: Request, parts: PartsDep) -> RegistrationReply:
    body = await forms.read(request, ExpertRegistration)
    check_address(body.url, parts.settings.node_addresses)
    if body.status.name != name:
        raise InvalidRequest("status.name is not the name in the path", param="status.name")
    await parts.fleet.register(name, body)
    return RegistrationReply(heartbeat_s=parts.settings.heartbeat_s)


@router.delete("/{name}", status_code=204, dependencies=[Depends(callers.service)])
async def unregister_expert(name: Name, parts: PartsDep) -> Response:
    await parts.fleet.unregister(name)
    return Response(status_code=204)


def check_address(url: str, allowed: Sequence[str] = ()) -> None:
    """Raises InvalidRequest for an address that no expert can have, such as a cloud's metadata service.

    `allowed`, unless empty, are the only networks (CIDR) and names (with wildcards) there can be experts at.
    """
    try:
        parts = urlsplit(url)
        host, valid = parts.hostname or "", (parts.port is None or parts.port > 0) and not parts.username
    except ValueError:
        host, valid = "", False
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        valid = valid and bool(_HOST.fullmatch(host))
    else:
        valid = valid and not (address.is_link_local or address.is_multicast or address.is_unspecified)
    if not valid or parts.query or parts.fragment:
        raise InvalidRequest("url must be http(s)://host[:port] of a reachable node", param="url")
    if allowed and not any(_matches(host, each) for each in allowed):
        raise InvalidRequest(
            "url is not where this gateway lets experts be", param="url", code="address_refused"
        )


def _matches(host: str, allowed: str) -> bool:
    """A name is not looked up: who allows a name trusts whoever says where it leads."""
    try:
        network = ipaddress.ip_network(allowed, strict=False)
    except ValueError:
        return fnmatchcase(host.lower(), allowed.lower())
    try:
        return ipaddress.ip_address(host) in network
    except ValueError:
        return False
