"""A gateway without the real gate: the plans come with the requests, and the gate is not measured."""

import uvicorn

from gateway.app import create_app
from gateway.settings import GatewaySettings
from shared.logs import configure_logging
from tests.gateway.doubles import RulesGate

if __name__ == "__main__":
    settings = GatewaySettings()
    configure_logging("gateway", settings)
    app = create_app(settings, lambda _: RulesGate())
    uvicorn.run(app, port=settings.port, log_config=None, access_log=False, timeout_keep_alive=75)
