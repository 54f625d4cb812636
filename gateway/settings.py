"""The gateway's settings: one frozen object, read from `GATEWAY_*` in `__main__` and passed on."""

from typing import Annotated, Self

from pydantic import BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from gateway.gate.settings import GateSettings
from gateway.quotas import TenantLimits


def _comma_list(value: object) -> object:
    if isinstance(value, str):
        return tuple(item.strip().rstrip("/") for item in value.split(",") if item.strip())
    return value


CommaList = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_comma_list)]


class GatewaySettings(GateSettings):
    """Limits, defaults and addresses of one gateway process; replicas share them."""

    model_config = SettingsConfigDict(
        env_prefix="GATEWAY_", frozen=True, extra="ignore", env_ignore_empty=True
    )

    port: int = Field(8000, ge=0, le=65535)
    merger_urls: CommaList = ("http://127.0.0.1:8201",)

    # What a request may ask for, and what it gets when it does not say.
    default_model: str = Field("embedded", min_length=1, max_length=200)
    default_size: str = Field("256x256", pattern=r"^\d{2,4}x\d{2,4}$")
    min_side_px: int = Field(64, ge=64, le=2048)
    max_side_px: int = Field(1024, ge=64, le=2048)
    default_fps: int = Field(24, ge=1, le=60)
    #: Generated frames a clip; the rest are interpolated.
    key_frames: int = Field(8, ge=1, le=128)
    max_video_seconds: float = Field(60.0, gt=0, le=480)
    prompt_limit_chars: int = Field(4000, ge=1, le=100_000)

    # Jobs.
    #: From acceptance; whatever is not completed by then has failed.
    video_deadline_s: float = Field(900.0, gt=0, le=86_400)
    #: How long a finished video is listed and can be downloaded.
    retention_s: float = Field(7 * 86_400, gt=0)
    video_concurrency: int = Field(256, ge=1, le=10_000)
    subvideo_concurrency: int = Field(256, ge=1, le=10_000)
    #: A task whose gateway has not renewed it for this long is taken over by another.
    redelivery_s: float = Field(6.0, ge=0.2)
    #: How long running work may go on after SIGTERM before it is left to another replica.
    drain_s: float = Field(5.0, ge=0)
    #: What `openai-poll-after-ms` tells pollers.
    poll_after_ms: int = Field(500, ge=10)

    #: No more videos are accepted while the work that waits would take longer than this.
    admission_limit_s: float = Field(600.0, gt=0)

    # Tenants.
    #: Answer only callers with an API key (`python -m gateway keys`); without, everybody is one tenant.
    require_keys: bool = False
    #: With keys: every tenant's limits, and what is different for some of them, both as JSON.
    limits: TenantLimits = TenantLimits()
    tenant_limits: dict[str, TenantLimits] = Field(default_factory=dict)
    #: Tenants' shares of the experts while there is too much to do, as JSON; everybody else has 1.
    tenant_weights: dict[str, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)

    # `reuse: similar`.
    #: Subvideos of one size, length and model among which one of the same meaning is looked for; 0: none.
    similar_limit: int = Field(2000, ge=0, le=100_000)
    #: Cosine of the sentence embeddings of two prompts that say the same, at least.
    similar_least: float = Field(0.75, ge=0, le=1)

    # The prompt filter: an OpenAI-compatible server with `/moderations`; without it, none is asked.
    moderation_base_url: str | None = None
    moderation_model: str = "omni-moderation-latest"
    moderation_api_key: SecretStr | None = None
    moderation_timeout_s: float = Field(5.0, gt=0)

    # Experts.
    #: Networks (CIDR) and names (`*.experts.internal`) that experts may be at, separated by commas; empty
    #: is anywhere but link-local addresses.
    node_addresses: CommaList = ()
    heartbeat_s: float = Field(2.0, gt=0)
    #: Faults a clip may cause before it is failed.
    tries_per_clip: int = Field(3, ge=1, le=10)
    expert_connect_s: float = Field(3.0, gt=0)
    #: Until an expert begins to answer: it does so before it computes.
    expert_answer_s: float = Field(15.0, gt=0)
    #: The longest time without progress; an expert that gives no sign of life is left after ten seconds.
    expert_stall_s: float = Field(120.0, gt=0)
    #: How long a dispatched clip keeps its place on a node without the gateway renewing it.
    dispatch_lease_s: float = Field(10.0, gt=0)

    # Choosing experts: weights are in typical jobs, see `gateway.router`.
    route_top_k: int = Field(1, ge=1, le=64)
    route_quality_jobs: float = Field(2.0, ge=0, le=100)
    route_cost_jobs: float = Field(0.25, ge=0, le=100)
    route_energy_jobs: float = Field(0.0, ge=0, le=100)
    #: Let observed deviations from the predicted times correct the next predictions.
    route_learn: bool = True

    #: Share of all work that may be spent on starting late clips on a second node; 0 turns that off.
    hedge_share: float = Field(0.03, ge=0, le=1)

    # The merger.
    merger_timeout_s: float = Field(120.0, gt=0)

    # Webhooks: refused until a secret is set (Standard Webhooks form, `whsec_…`).
    webhook_secret: SecretStr | None = None
    webhook_tries: int = Field(8, ge=1, le=50)
    webhook_backoff_s: float = Field(1.0, gt=0)
    webhook_timeout_s: float = Field(10.0, gt=0)
    #: Deliver to loopback and private addresses too.
    webhook_allow_private: bool = False

    @model_validator(mode="after")
    def _check_registration(self) -> Self:
        if self.require_keys and self.service_token is None:
            raise ValueError("require_keys needs a service_token: else anybody could register as an expert")
        return self

    #: Origins that browsers may fetch videos, playlists and segments from.
    cors_origins: CommaList = ("*",)
