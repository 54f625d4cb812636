"""`python -m gateway`: the REST API and the workers in one process, configured by `GATEWAY_*`."""

import argparse
import asyncio
import time

import uvicorn
from pydantic import TypeAdapter, ValidationError

from gateway.app import VERSION, create_app
from gateway.keys import Keys, Tenant
from gateway.settings import GatewaySettings
from shared.logs import configure_logging
from shared.store import connect
from shared.tracing import configure_tracing
from shared.trust import server_options


def main() -> None:
    arguments = parser().parse_args()
    settings = GatewaySettings()
    if arguments.command == "keys":
        asyncio.run(keys(arguments, settings))
    else:
        serve(settings)


def serve(settings: GatewaySettings) -> None:
    configure_logging("gateway", settings)
    configure_tracing("gateway", settings.traces)
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=75,  # longer than clients keep idle connections
        **server_options(settings),
    )


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m gateway",
        description="The REST API and the workers in one process.",
        epilog="Settings: " + ", ".join(f"GATEWAY_{name.upper()}" for name in GatewaySettings.model_fields),
    )
    parser.add_argument("--version", action="version", version=VERSION)
    commands = parser.add_subparsers(dest="command", title="instead of serving")
    actions = commands.add_parser(
        "keys",
        help="the tenants' API keys",
        description="Kept in the Redis of GATEWAY_REDIS_URL; GATEWAY_REQUIRE_KEYS asks callers for one.",
    ).add_subparsers(dest="action", required=True)
    create = actions.add_parser("create", help="make a key and print it; it cannot be shown again")
    revoke = actions.add_parser("revoke", help="refuse a key from now on")
    for action in (create, revoke):
        action.add_argument("tenant", type=_tenant, help="letters, digits and _.-, at most 63")
        action.add_argument("--name", default="default", help="tells the keys of a tenant apart")
    actions.add_parser("list", help="tenant, name and age of every key")
    return parser


async def keys(arguments: argparse.Namespace, settings: GatewaySettings) -> None:
    """Doing it again changes nothing."""
    async with connect(settings.redis_url.get_secret_value()) as redis:
        known = Keys(redis)
        if arguments.action == "create":
            key = await known.create(arguments.tenant, arguments.name)
            print(key or f"{arguments.tenant} has a key named {arguments.name}; revoke it to make another")
        elif arguments.action == "revoke":
            gone = await known.revoke(arguments.tenant, arguments.name)
            print("revoked" if gone else f"{arguments.tenant} has no key named {arguments.name}")
        else:
            for record in await known.all():
                made = time.strftime("%Y-%m-%d %H:%M", time.gmtime(record.created_at))
                print(f"{record.tenant:<30} {record.name:<20} {made}")


def _tenant(value: str) -> str:
    try:
        return TypeAdapter(Tenant).validate_python(value)
    except ValidationError:
        raise argparse.ArgumentTypeError("letters, digits and _.-, at most 63, are a tenant's name") from None


if __name__ == "__main__":
    main()
