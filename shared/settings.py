"""Settings that every service has; each service subclasses this with its own prefix."""

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """Read once from the environment, in `__main__`, and passed on."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    host: str = "127.0.0.1"
    port: int = Field(0, ge=0, le=65535)
    redis_url: SecretStr = SecretStr("redis://127.0.0.1:6379/0")
    #: How long a subvideo that nobody asks for is kept.
    subvideo_ttl_s: float = Field(7 * 86_400, gt=0)
    #: The largest single stored object.
    subvideo_limit_bytes: int = Field(256 * 2**20, gt=0)
    #: Where large ones are stored instead of in Redis, the same for all services: a folder they share
    #: (`file:///srv/subvideos`) or S3-compatible storage (`s3://bucket/path`, see `shared.objects`).
    subvideo_objects_url: str | None = Field(None, pattern=r"^(file:///|s3://)\S+$", max_length=300)
    #: What counts as large.
    subvideo_object_bytes: int = Field(2**20, gt=0)
    body_limit_bytes: int = Field(2**20, gt=0)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"
    #: Where traces go, see `shared.tracing`.
    traces: Literal["none", "otlp", "console"] = Field("none", validation_alias="OTEL_TRACES_EXPORTER")
