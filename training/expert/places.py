"""Where training keeps what it downloads and what it makes; both folders are ignored by git."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Archives of public packages, by checksum.
DOWNLOADS = ROOT / ".cache" / "training"
#: Checkpoints, latents, logs, contact sheets.
WORK = ROOT / ".training"
