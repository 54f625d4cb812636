"""Show that the committed compose file makes a video: build, start, generate, download, stop.

python -m deploy.compose_check                      with `docker compose`
COMPOSE="podman-compose" python -m deploy.compose_check
"""

import argparse
import os
import secrets
import shlex
import subprocess
import sys
import time
from pathlib import Path

from deploy import cluster, demo


def main() -> None:
    parser = argparse.ArgumentParser(prog="deploy.compose_check", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--prompt", default=demo.PROMPT)
    parser.add_argument("--keep", action="store_true", help="leave the cluster running")
    arguments = parser.parse_args()
    port = cluster.free_ports(1)[0]
    compose, environment = command(), environment_on(port)
    started = time.monotonic()
    try:
        subprocess.run([*compose, "build"], env=environment, check=True)
        print(f"Images built after {time.monotonic() - started:.0f} s.", flush=True)
        subprocess.run([*compose, "up", "-d"], env=environment, check=True)
        cluster.wait_until_answering(f"http://127.0.0.1:{port}", experts=2)
        request = demo.parser().parse_args([arguments.prompt, "--out", str(Path("out/compose"))])
        demo.make_video(f"http://127.0.0.1:{port}", request)
    except (cluster.ClusterError, demo.DemoError, subprocess.CalledProcessError) as exc:
        subprocess.run([*compose, "logs"], env=environment, check=False)
        sys.exit(f"error: {exc}")
    finally:
        if not arguments.keep:
            subprocess.run([*compose, "down", "-v"], env=environment, check=False)


def command() -> list[str]:
    return [*shlex.split(os.environ.get("COMPOSE") or "docker compose"), "-f", "docker-compose.yml"]


def environment_on(port: int) -> dict[str, str]:
    """With new secrets."""
    return {
        **os.environ,
        "PORT": str(port),
        "REDIS_GATEWAY_PASSWORD": secrets.token_hex(16),
        "REDIS_NODE_PASSWORD": secrets.token_hex(16),
        "SERVICE_TOKEN": secrets.token_hex(16),
    }


if __name__ == "__main__":
    main()
