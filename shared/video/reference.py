"""The reference under which a piece of video is stored."""

import hashlib

from shared.schemas import SubvideoRef
from shared.video.container import VideoInfo


def make_ref(
    digest: str,
    data: bytes,
    media_type: str,
    info: VideoInfo | None = None,
    *,
    notes: dict[str, str | int | float | bool] | None = None,
) -> SubvideoRef:
    """`digest` names what the bytes are made from; the checksum is of the bytes. Pictures have no `info`."""
    return SubvideoRef(
        digest=digest,
        media_type=media_type,
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        width=info.width if info else 0,
        height=info.height if info else 0,
        frames=info.frames if info else 0,
        fps=info.fps if info else 0.0,
        notes=notes or {},
    )
