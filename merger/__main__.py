"""`python -m merger`: the merger, configured by `MERGER_*`; finishes what is under way on SIGTERM."""

import argparse

import cv2
import uvicorn

from merger.app import VERSION, create_app
from merger.settings import MergerSettings
from shared.logs import configure_logging
from shared.tracing import configure_tracing
from shared.trust import server_options


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="merger",
        description=__doc__,
        epilog="Settings: " + ", ".join(f"MERGER_{name.upper()}" for name in MergerSettings.model_fields),
    )
    parser.add_argument("--version", action="version", version=VERSION)
    parser.parse_args()
    settings = MergerSettings()
    configure_logging("merger", settings)
    configure_tracing("merger", settings.traces)
    cv2.setNumThreads(1)  # the jobs are the parallelism
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=max(1, round(settings.drain_s)),
        **server_options(settings),
    )


if __name__ == "__main__":
    main()
