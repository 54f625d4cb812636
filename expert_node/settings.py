"""The expert node's settings, read from `EXPERT_…` environment variables in `__main__`."""

import socket
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from shared.schemas import NodeName
from shared.settings import ServiceSettings

CommaList = Annotated[tuple[str, ...], NoDecode]


class ExpertSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="EXPERT_")

    port: int = Field(8101, ge=0, le=65535)
    #: The node's name in the registry; the default is made of the host's name and the port.
    name: NodeName | None = None
    #: Where gateways reach the node; the default is made of host and port.
    advertised_url: str | None = Field(None, pattern=r"^https?://[^\s/]+/?$")
    #: Gateways to register with, separated by commas; none means that the node is called directly.
    gateway_urls: CommaList = ()
    #: "embedded", a hub id or a local folder in the Stable Diffusion 1.x layout, or one .safetensors file.
    model: str = "embedded"
    #: Hub id or folder whose configurations and tokenizer belong to a model that is one file.
    layout: str = "stable-diffusion-v1-5/stable-diffusion-v1-5"
    #: LoRA adapters to fuse in, separated by commas, each "source" or "source@scale".
    loras: CommaList = ()
    #: "auto" is the first GPU, or else the CPU.
    device: str = Field("auto", pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$")
    #: "auto" leaves the precision to each profile.
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    #: Threads of a CPU node's computation; 0 is one per core. Nodes on one machine should share its cores.
    threads: int = Field(0, ge=0, le=512)
    #: Subjects the checkpoint is good at, in words, separated by commas; empty is anything.
    specialities: CommaList = ()
    #: Make nothing but the specialities.
    exclusive: bool = False
    #: What a megapixel of generated frames costs here, in any unit that all nodes share.
    cost_per_mp: float = Field(0.0, ge=0, allow_inf_nan=False)
    #: Electrical power while it computes, in watts.
    power_w: float = Field(0.0, ge=0, allow_inf_nan=False)
    #: Subvideos computed at once, in one batch.
    capacity: int = Field(1, ge=1, le=64)
    #: Subvideos that may wait besides.
    queue_limit: int = Field(4, ge=0, le=1024)
    #: How long a batch that is not full waits for compatible company.
    batch_window_s: float = Field(0.05, ge=0, le=5)
    #: Largest delivered picture, in pixels.
    max_pixels: int = Field(1024 * 1024, ge=64 * 64)
    #: Later frames computed at once; decides memory and latency, not the result.
    chunk: int = Field(8, ge=1, le=128)
    #: Memory for anchors of earlier clips, which are then extended or moved differently at less cost.
    anchor_bytes: int = Field(64 * 2**20, ge=0)
    #: How long running work may take to finish after SIGTERM before it is cancelled.
    shutdown_grace_s: float = Field(20.0, ge=0, le=600)
    #: Where the text encoder of the embedded checkpoint is unpacked.
    cache_dir: Path = Path("~/.cache/edge-moe-video")

    @field_validator("gateway_urls", "specialities", "loras", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return (
            tuple(part.strip() for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("cache_dir")
    @classmethod
    def _expand(cls, value: Path) -> Path:
        return value.expanduser()

    @property
    def node_name(self) -> str:
        host = "".join(c if c.isalnum() or c in "_.-" else "-" for c in socket.gethostname())[:50]
        return self.name or f"{host or 'expert'}-{self.port}"

    @property
    def model_name(self) -> str:
        """What specs call the model: an adapted checkpoint is another model, with clips of its own."""
        return "+".join((self.model, *self.loras))[:200]

    @property
    def node_url(self) -> str:
        scheme = "https" if self.tls_certificate else "http"
        return self.advertised_url or f"{scheme}://{self.host}:{self.port}"
