"""The optional prompt filter: a moderation endpoint of OpenAI's shape, asked before a prompt is accepted."""

from collections.abc import Sequence

import openai
import structlog

from gateway.settings import GatewaySettings
from shared.errors import InvalidRequest, Unavailable

log = structlog.get_logger(__name__)


class Moderation:
    """Lets everything through where no endpoint is configured; while it does not answer, nothing."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._model = settings.moderation_model
        self._client: openai.AsyncOpenAI | None = None
        if settings.moderation_base_url is not None:
            key = settings.moderation_api_key
            self._client = openai.AsyncOpenAI(
                base_url=settings.moderation_base_url,
                api_key=key.get_secret_value() if key else "unused",
                timeout=settings.moderation_timeout_s,
                max_retries=1,
            )

    async def check(self, texts: Sequence[str]) -> None:
        """Raises InvalidRequest for what the filter flags, Unavailable when it does not answer."""
        if self._client is None:
            return
        try:
            answer = await self._client.moderations.create(input=list(texts), model=self._model)
            flagged = [result for result in answer.results if result.flagged]
        except openai.OpenAIError as error:
            log.warning("the prompt filter did not answer", reason=type(error).__name__)
            raise Unavailable("the prompt filter does not answer", retry_after_s=5) from error
        if flagged:
            raise InvalidRequest(
                "the prompt filter refuses this prompt", param="prompt", code="moderation_blocked"
            )

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
