"""`python -m gateway`: the REST API and the workers in one process, configured by `GATEWAY_*`."""

import argparse

import uvicorn

from gateway.app import VERSION, create_app
from gateway.settings import GatewaySettings
from shared.logs import configure_logging
from shared.tracing import configure_tracing


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="gateway",
        description=__doc__,
        epilog="Settings: " + ", ".join(f"GATEWAY_{name.upper()}" for name in GatewaySettings.model_fields),
    )
    parser.add_argument("--version", action="version", version=VERSION)
    parser.parse_args()
    settings = GatewaySettings()
    configure_logging("gateway", settings)
    configure_tracing("gateway", settings.traces)
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=3,
        timeout_keep_alive=75,  # longer than clients keep idle connections
    )


if __name__ == "__main__":
    main()
