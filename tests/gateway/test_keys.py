"""API keys and the command that makes, lists and revokes them."""

import os
import subprocess
import sys

import pytest

from gateway.keys import Keys
from shared.errors import Unauthenticated
from shared.store import connect


async def test_a_key_is_stored_as_its_digest_and_revoked_for_good(redis_url: str) -> None:
    async with connect(redis_url) as redis:
        keys = Keys(redis)
        key = await keys.create("acme", "laptop")
        assert key is not None
        assert await keys.tenant_of(key) == "acme"
        stored = b"".join((await redis.hgetall("apikeys")).values()).decode()
        assert key.rsplit("_", 1)[1] not in stored
        for wrong in ("", key[:-1], key + "x", key.replace("emv", "xyz"), f"emv_{'0' * 16}_"):
            with pytest.raises(Unauthenticated):
                await keys.tenant_of(wrong)
        assert await keys.revoke("acme", "laptop")
        with pytest.raises(Unauthenticated):
            await keys.tenant_of(key)


def command(redis_url: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gateway", *words],
        env=os.environ | {"GATEWAY_REDIS_URL": redis_url},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_the_command_may_be_repeated(redis_url: str) -> None:
    key = command(redis_url, "keys", "create", "acme").stdout.strip()
    assert key.startswith("emv_")
    again = command(redis_url, "keys", "create", "acme")
    assert (again.returncode, "emv_" in again.stdout) == (0, False)
    listed = command(redis_url, "keys", "list").stdout
    assert listed.split()[:2] == ["acme", "default"]
    assert "revoked" in command(redis_url, "keys", "revoke", "acme").stdout
    assert command(redis_url, "keys", "revoke", "acme").returncode == 0
    assert command(redis_url, "keys", "list").stdout == ""
    assert "create" in command(redis_url, "keys", "--help").stdout
    assert command(redis_url, "keys", "create", "a tenant").returncode == 2
