"""Webhooks in the Standard Webhooks form: signed, to public addresses only, tried again when they fail."""

import asyncio
import ipaddress
import json
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import SplitResult, urlsplit

import httpx
import structlog
from docket import Retry
from standardwebhooks.webhooks import Webhook

from gateway import metrics
from gateway.videos import Videos
from shared.errors import InvalidRequest

log = structlog.get_logger(__name__)

#: Makes sure that the delivery task of this video exists.
Enqueue = Callable[[str], Awaitable[None]]

_LONGEST_PAUSE_S = 600.0


class Webhooks:
    """Delivers `video.completed` and `video.failed`; a dead receiver holds up nothing else."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        videos: Videos,
        enqueue: Enqueue,
        *,
        secret: str | None,
        timeout_s: float,
        backoff_s: float,
        tries: int,
        allow_private: bool,
    ) -> None:
        self._http = http
        self._videos = videos
        self._enqueue = enqueue
        self._signer = Webhook(secret) if secret else None
        self._timeout_s = timeout_s
        self._backoff_s = backoff_s
        self._tries = tries
        self._allow_private = allow_private

    def check(self, url: str) -> None:
        """Raises InvalidRequest for an address that is no webhook, before a video is accepted."""
        if self._signer is None:
            raise InvalidRequest("webhooks are not configured on this server", param="webhook_url")
        parts = _parts(url)
        try:
            address = ipaddress.ip_address(parts.hostname or "")
        except ValueError:
            return  # a name; looked up at delivery
        self._check_address(str(address))

    async def hand_over(self, video_id: str) -> None:
        """Queue the delivery for a video that ended, if it wants one."""
        if await self._videos.wants_webhook(video_id):
            await self._enqueue(video_id)
            await self._videos.webhook_handed_over(video_id)

    async def deliver_webhook(self, video_id: str, retry: Retry = Retry(attempts=None)) -> None:  # noqa: B008
        """Durable task: one delivery, tried again with growing pauses."""
        record = await self._videos.find(video_id)
        if record is None or not record.is_terminal or not record.request.webhook_url:
            return
        body = json.dumps(
            {
                "type": f"video.{record.status}",
                "timestamp": datetime.now(UTC).isoformat(),
                "data": record.to_wire().model_dump(mode="json"),
            }
        )
        try:
            await self._post(record.request.webhook_url, f"evt_{video_id}", body)
        except (httpx.HTTPError, InvalidRequest, OSError) as error:
            metrics.WEBHOOKS.labels("failed").inc()
            log.warning("webhook failed", video_id=video_id, tries=retry.attempt, error=str(error))
            if retry.attempt < self._tries:
                pause_s = min(self._backoff_s * 2 ** (retry.attempt - 1), _LONGEST_PAUSE_S)
                retry.after(timedelta(seconds=pause_s))
        else:
            metrics.WEBHOOKS.labels("delivered").inc()

    async def _post(self, url: str, name: str, body: str) -> None:
        assert self._signer is not None
        parts = _parts(url)
        address = await self._resolve(parts)
        now = datetime.now(UTC)
        headers = {
            "host": parts.netloc.rpartition("@")[2],
            "content-type": "application/json",
            "webhook-id": name,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(name, now, body),
        }
        # The address that was checked is the address that is called, whatever the name resolves to next.
        target = httpx.URL(url).copy_with(host=address)
        extensions = {"sni_hostname": parts.hostname or ""}
        async with self._http.stream(
            "POST",
            target,
            content=body,
            headers=headers,
            timeout=self._timeout_s,
            follow_redirects=False,
            extensions=extensions,
        ) as response:
            if not response.is_success:
                raise httpx.HTTPStatusError(
                    f"answered {response.status_code}", request=response.request, response=response
                )

    async def _resolve(self, parts: SplitResult) -> str:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        loop = asyncio.get_running_loop()
        rows = await loop.getaddrinfo(parts.hostname or "", port, type=socket.SOCK_STREAM)
        addresses = [str(row[4][0]) for row in rows]
        for address in addresses:
            self._check_address(address)
        return addresses[0]

    def _check_address(self, address: str) -> None:
        if not self._allow_private and not is_public(address):
            raise InvalidRequest("webhook_url is not a public address", param="webhook_url")


def is_public(address: str) -> bool:
    """Whether it is one host's on the internet: no group's, and none that wraps another (6to4, NAT64)."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address) and (ip.sixtofour or ip.teredo or ip.is_site_local):
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved)


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        valid = False
    if not valid or len(url) > 2000:
        raise InvalidRequest("webhook_url must be an http or https URL", param="webhook_url")
    return parts
