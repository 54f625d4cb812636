"""Everything, in order: pictures to shipped checkpoint. Stop it at any moment and start it again.

A stage that is finished is not repeated; delete its folder to do so.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from .places import WORK


def stages(work: Path, options: list[str], *, device: str) -> list[list[str]]:
    """Module and arguments of each stage."""
    return [
        ["autoencoder", "--steps", "3000", *options],
        ["autoencoder", "--decay", "2000", *options],
        ["reconstruction", "--work", str(work)],
        ["prior", "--steps", "6000", *options],
        ["prior", "--decay", "2000", *options],
        ["latents", "--steps", "20", *options],
        ["layout", "--decay", "2000", *options],
        ["denoiser", "--steps", "40000", *options],
        ["denoiser", "--decay", "10000", *options],
        ["mending", "--decay", "2500", *options],
        ["student", "--steps", "3000", *options],
        ["student", "--decay", "1000", *options],
        ["classifier", "--decay", "2500", *options],
        ["export", "--work", str(work), "--to", str(work / "export")],
        ["measure", "--work", str(work), "--device", device, "--model", str(work / "export")],
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--mirror", type=Path)
    parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1")
    parser.add_argument("--workers", type=int, default=0, help="processes that render pictures")
    options = parser.parse_args()
    common = ["--work", str(options.work), "--device", options.device, "--workers", str(options.workers)]
    common += ["--mirror", str(options.mirror)] if options.mirror else []
    for module, *arguments in stages(options.work, common, device=options.device):
        print(f"{module} {' '.join(arguments)}", flush=True)
        done = subprocess.run([sys.executable, "-m", f"training.expert.{module}", *arguments], check=False)
        if done.returncode:
            raise SystemExit(done.returncode)


if __name__ == "__main__":
    main()
