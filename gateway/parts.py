"""The parts of a gateway process, built once by `gateway.app` and handed to every route."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from gateway.admission import Admission
from gateway.dispatcher import Dispatcher
from gateway.fleet import Fleet
from gateway.jobs import VideoJobs
from gateway.keys import Keys
from gateway.moderation import Moderation
from gateway.notifier import Notifier
from gateway.plans import Gate
from gateway.quotas import Quotas
from gateway.settings import GatewaySettings
from gateway.videos import Videos
from gateway.webhooks import Webhooks
from gateway.workers import Workers
from shared.store import RedisClient, SubvideoStore
from shared.trust import ServiceTokens


@dataclass(frozen=True)
class Parts:
    settings: GatewaySettings
    redis: RedisClient
    keys: Keys
    quotas: Quotas
    tokens: ServiceTokens
    store: SubvideoStore
    notifier: Notifier
    videos: Videos
    fleet: Fleet
    dispatcher: Dispatcher
    admission: Admission
    gate: Gate
    moderation: Moderation
    workers: Workers
    jobs: VideoJobs
    webhooks: Webhooks


def _parts(request: Request) -> Parts:
    parts = request.app.state.parts
    assert isinstance(parts, Parts)
    return parts


PartsDep = Annotated[Parts, Depends(_parts)]
