"""The merger's settings, from the environment."""

from pydantic import Field, FilePath
from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class MergerSettings(ServiceSettings):
    """Prefix MERGER_."""

    model_config = SettingsConfigDict(env_prefix="MERGER_")

    port: int = Field(8201, ge=0, le=65535)
    #: Jobs that compute at once, each in a thread, and how many more wait before new ones are refused.
    workers: int = Field(2, ge=1, le=64)
    queue_limit: int = Field(16, ge=0, le=10_000)
    #: A job that computes longer is given up.
    job_limit_s: float = Field(110, gt=0)
    #: How long running work may go on after SIGTERM.
    drain_s: float = Field(10, ge=0)
    #: A U²-Net-style ONNX file for foregrounds that are on no key colour; without it, GrabCut serves them.
    segmentation_model: FilePath | None = None
    #: Decoding is refused beyond these: one frame's pixels; a part's frames, seconds and bytes in memory.
    limit_pixels: int = Field(2048 * 2048, ge=64 * 64)
    limit_frames: int = Field(3600, ge=1)
    limit_seconds: float = Field(61, gt=0)
    limit_decoded_bytes: int = Field(2**30, ge=2**20)
