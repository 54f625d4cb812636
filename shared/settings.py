"""Settings that every service has; each service subclasses this with its own prefix."""

from typing import Literal, Self

from pydantic import Field, FilePath, SecretStr, field_validator, model_validator
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
    #: Let log records say what prompts say.
    log_prompts: bool = False

    #: What services show each other as `Authorization: Bearer`: several are separated by commas, of which the
    #: first is sent and all are accepted. Without it, nobody is asked.
    service_token: SecretStr | None = None
    #: Show `/metrics` to bearers of a service token only; else to everybody who reaches the port.
    metrics_need_token: bool = False
    #: Certificate chain and key (PEM): with them the service speaks TLS, and shows them where it is asked.
    tls_certificate: FilePath | None = None
    tls_key: FilePath | None = None
    #: The authority (PEM) that vouches for the other services, instead of the system's.
    tls_ca: FilePath | None = None
    #: "certified" answers callers with a certificate of `tls_ca` only (mutual TLS).
    tls_callers: Literal["any", "certified"] = "any"

    @field_validator("service_token")
    @classmethod
    def _check_token(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and any(len(part.strip()) < 16 for part in value.get_secret_value().split(",")):
            raise ValueError("every service token needs at least 16 characters")
        return value

    @model_validator(mode="after")
    def _check_metrics(self) -> Self:
        if self.metrics_need_token and self.service_token is None:
            raise ValueError("metrics_need_token needs a service_token")
        return self

    @model_validator(mode="after")
    def _check_tls(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key belong together")
        if self.tls_callers == "certified" and not (self.tls_certificate and self.tls_ca):
            raise ValueError("tls_callers=certified needs tls_certificate, tls_key and tls_ca")
        return self
