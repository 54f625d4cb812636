"""`python -m expert_node`: the expert node, configured by `EXPERT_*`."""

import argparse
import asyncio
from types import FrameType

import uvicorn
from fastapi import FastAPI

from expert_node.app import create_app
from expert_node.node import Node
from expert_node.settings import ExpertSettings
from shared.logs import configure_logging
from shared.schemas import ENGINE_VERSION
from shared.tracing import configure_tracing
from shared.trust import server_options


class Server(uvicorn.Server):
    """Leaves the registries as soon as it is told to stop, while open streams are still being finished."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    @property
    def broken(self) -> bool:
        """A node that cannot compute any more is better restarted than green and dead."""
        node: Node | None = getattr(self._app.state, "node", None)
        return node is not None and node.worker.fault is not None

    async def on_tick(self, counter: int) -> bool:
        return await super().on_tick(counter) or self.broken

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        node: Node | None = getattr(self._app.state, "node", None)
        if node is not None and not self.should_exit:
            node.leave_soon()
        super().handle_exit(sig, frame)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m expert_node",
        description=__doc__,
        epilog="Settings, from the environment:\n" + settings_table(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"engine {ENGINE_VERSION}")
    parser.parse_args()
    settings = ExpertSettings()
    configure_logging("expert_node", settings)
    configure_tracing("expert_node", settings.traces)
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=round(settings.shutdown_grace_s) + 5,
        **server_options(settings),
    )
    server = Server(config, app)
    asyncio.run(server.serve())
    if not server.started or server.broken:
        raise SystemExit(3)


def settings_table() -> str:
    """Every setting with its default, one a line."""
    rows = []
    for name, field in ExpertSettings.model_fields.items():
        default = "" if field.default is None else str(field.default)
        rows.append(f"  EXPERT_{name.upper():<24} {default}")
    return "\n".join(rows)


if __name__ == "__main__":
    main()
