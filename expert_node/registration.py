"""Registration with the gateways: a task on the event loop, so that computing never delays a heartbeat."""

import asyncio
import contextlib
from collections.abc import Callable

import httpx
import structlog

from expert_node import metrics
from shared.schemas import ExpertRegistration, RegistrationReply

log = structlog.get_logger(__name__)

_FIRST_RETRY_S = 0.5
_LAST_RETRY_S = 15.0
#: Changes of state renew a registration at once, but not more often than this.
_SPACING_S = 0.25


class Registration:
    """Keeps the node registered with one gateway."""

    def __init__(
        self, gateway_url: str, describe: Callable[[], ExpertRegistration], *, client: httpx.AsyncClient
    ) -> None:
        """`describe` tells the node's present state; it is asked at every heartbeat."""
        self._gateway_url = gateway_url.rstrip("/")
        self._describe = describe
        self._client = client
        self._changed = asyncio.Event()
        self._registered = False

    @property
    def _url(self) -> str:
        return f"{self._gateway_url}/v1/experts/{self._describe().status.name}"

    def renew_soon(self) -> None:
        """The node's state changed; tell the gateway before the next heartbeat is due. On the loop only."""
        self._changed.set()

    async def run(self) -> None:
        """Register, renew, and retry for ever; on cancellation deregister."""
        retry_s = _FIRST_RETRY_S
        try:
            while True:
                try:
                    pause_s = await self._put()
                    metrics.HEARTBEATS.labels("sent").inc()
                    retry_s = _FIRST_RETRY_S
                except (httpx.HTTPError, ValueError) as error:
                    metrics.HEARTBEATS.labels("failed").inc()
                    self._note(registered=False, reason=str(error) or type(error).__name__)
                    pause_s, retry_s = retry_s, min(retry_s * 2, _LAST_RETRY_S)
                await self._wait(pause_s)
        finally:
            await self._delete()

    async def _put(self) -> float:
        """One heartbeat; the seconds until the next."""
        response = await self._client.put(self._url, json=self._describe().model_dump(mode="json"))
        response.raise_for_status()
        self._note(registered=True)
        return RegistrationReply.model_validate_json(response.content).heartbeat_s

    async def _wait(self, pause_s: float) -> None:
        await asyncio.sleep(min(pause_s, _SPACING_S))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), max(0.0, pause_s - _SPACING_S))
        self._changed.clear()

    async def _delete(self) -> None:
        if not self._registered:
            return
        try:
            await self._client.delete(self._url)
        except httpx.HTTPError as error:  # its missing heartbeats will tell
            log.info("could not deregister", gateway=self._gateway_url, reason=str(error))
        else:
            log.info("deregistered", gateway=self._gateway_url)

    def _note(self, *, registered: bool, reason: str = "") -> None:
        if registered != self._registered:
            log.info(
                "registered" if registered else "registration lost", gateway=self._gateway_url, reason=reason
            )
        self._registered = registered
