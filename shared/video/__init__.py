"""The video codec: the only place that touches PyAV.

Colour order is RGB(A), uint8, frames are arrays (N, H, W, 3 or 4). Two forms travel through the store: H.264
MP4 whose parts join without re-encoding, and lossless FFV1 with alpha in Matroska for subjects on a key
colour.
"""

from shared.video.container import DecodeLimits, VideoInfo
from shared.video.decoding import Frames, decode, decode_frames, frames_at, probe
from shared.video.delivery import encode_gif, encode_webm, encode_webp
from shared.video.encoding import encode_lossless, encode_mp4
from shared.video.reference import make_ref
from shared.video.remuxing import concat_mp4, cut_mp4, key_frames, segment, signature

__all__ = [
    "DecodeLimits",
    "Frames",
    "VideoInfo",
    "concat_mp4",
    "cut_mp4",
    "decode",
    "decode_frames",
    "encode_gif",
    "encode_lossless",
    "encode_mp4",
    "encode_webm",
    "encode_webp",
    "frames_at",
    "key_frames",
    "make_ref",
    "probe",
    "segment",
    "signature",
]
