"""API keys: who may call, as which tenant. Only their digests are stored.

A key is `emv_<id>_<secret>`. The secret has 256 random bits, so that guessing it from its SHA-256 is as hard
as guessing it: no slow hash is needed.

Keys:
    apikeys    hash: id → KeyRecord
"""

import hashlib
import hmac
import secrets
import time
from typing import Annotated, Any, cast

from pydantic import BaseModel, Field

from shared.errors import Unauthenticated
from shared.schemas import NodeName
from shared.store import RedisClient

Tenant = NodeName
_PREFIX = "emv"


class KeyRecord(BaseModel):
    tenant: Tenant
    #: Tells the keys of one tenant apart.
    name: Annotated[str, Field(min_length=1, max_length=100)]
    sha256: str
    created_at: float


_NOBODY = KeyRecord(tenant="nobody", name="-", sha256=hashlib.sha256(b"").hexdigest(), created_at=0)


class Keys:
    """The API keys of all gateways."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    async def create(self, tenant: str, name: str) -> str | None:
        """The new key, which cannot be shown again; None if the tenant has one of that name."""
        key_id, secret = _id(tenant, name), secrets.token_urlsafe(32)
        record = KeyRecord(tenant=tenant, name=name, sha256=_digest(secret), created_at=time.time())
        new = await cast(Any, self._redis.hsetnx("apikeys", key_id, record.model_dump_json()))
        return f"{_PREFIX}_{key_id}_{secret}" if new else None

    async def revoke(self, tenant: str, name: str) -> bool:
        """False if there is no such key. It is refused from now on."""
        return bool(await cast(Any, self._redis.hdel("apikeys", _id(tenant, name))))

    async def all(self) -> list[KeyRecord]:
        rows = await cast(Any, self._redis.hvals("apikeys"))
        records = [KeyRecord.model_validate_json(row) for row in rows]
        return sorted(records, key=lambda record: (record.tenant, record.name))

    async def tenant_of(self, key: str) -> str:
        """Raises Unauthenticated for what is no key, in a time that tells nothing of those that are."""
        prefix, key_id, secret = [*key.split("_", 2), "", ""][:3]
        stored = await cast(Any, self._redis.hget("apikeys", key_id)) if prefix == _PREFIX else None
        record = KeyRecord.model_validate_json(stored) if stored else _NOBODY
        right = hmac.compare_digest(record.sha256, _digest(secret))
        if stored is None or not right:
            raise Unauthenticated("the API key is missing or wrong: send Authorization: Bearer <key>")
        return record.tenant


def _id(tenant: str, name: str) -> str:
    return hashlib.sha256(f"{tenant}\n{name}".encode()).hexdigest()[:16]


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
