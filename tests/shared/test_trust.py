"""TLS and tokens between services, with a throwaway authority: who is let in, and who is believed."""

import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis as blocking_redis
import trustme
from fastapi import FastAPI
from pydantic import ValidationError

import expert_node.app
import gateway.app
import merger.app
from deploy.cluster import redis_executable
from expert_node.settings import ExpertSettings
from gateway.settings import GatewaySettings
from merger.settings import MergerSettings
from shared.errors import Unauthenticated
from shared.http import create_service
from shared.settings import ServiceSettings
from shared.store import connect
from shared.trust import ServiceTokens, client_options, server_options
from tests.conftest import free_port
from tests.gateway.doubles import serving

FIRST, SECOND = "first-token-of-the-services", "second-token-of-the-services"


@dataclass(frozen=True)
class Papers:
    """Certificate, key and authority in files."""

    certificate: Path
    key: Path
    ca: Path

    def settings(self, **changes: Any) -> ServiceSettings:
        values = {"tls_certificate": self.certificate, "tls_key": self.key, "tls_ca": self.ca}
        return ServiceSettings(**values | changes)


def papers(authority: trustme.CA, folder: Path, ca: trustme.CA | None = None) -> Papers:
    folder.mkdir()
    made = Papers(folder / "cert.pem", folder / "key.pem", folder / "ca.pem")
    certificate = authority.issue_cert("127.0.0.1", "localhost")
    for blob in certificate.cert_chain_pems:
        blob.write_to_path(made.certificate, append=True)
    certificate.private_key_pem.write_to_path(made.key)
    (ca or authority).cert_pem.write_to_path(made.ca)
    return made


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ours(authority: trustme.CA, tmp_path: Path) -> Papers:
    return papers(authority, tmp_path / "ours")


@asynccontextmanager
async def service(settings: ServiceSettings) -> AsyncIterator[str]:
    """A service as `__main__` runs it."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield

    async def ready() -> None:
        pass

    app = create_service(
        "test",
        version="1",
        lifespan=lifespan,
        ready=ready,
        body_limit_bytes=1000,
        tokens=ServiceTokens(settings),
    )
    app.add_api_route("/v1/thing", lambda: {"ok": True})
    async with serving(app, **server_options(settings)) as url:
        yield url


async def test_mutual_tls_lets_in_the_certified_only(
    ours: Papers, authority: trustme.CA, tmp_path: Path
) -> None:
    stranger = papers(trustme.CA(), tmp_path / "stranger", ca=authority)
    async with service(ours.settings(tls_callers="certified")) as url:
        async with httpx.AsyncClient(**client_options(ours.settings())) as http:
            answer = await http.get(f"{url}/v1/thing")
            assert answer.json() == {"ok": True}
            assert "strict-transport-security" in answer.headers
        for settings in (stranger.settings(), ServiceSettings(tls_ca=ours.ca)):
            async with httpx.AsyncClient(**client_options(settings)) as http:
                with pytest.raises(httpx.TransportError):
                    await http.get(f"{url}/v1/thing")


async def test_a_server_of_another_authority_is_not_believed(ours: Papers, tmp_path: Path) -> None:
    false = papers(trustme.CA(), tmp_path / "false")
    async with (
        service(false.settings()) as url,
        httpx.AsyncClient(**client_options(ours.settings())) as http,
    ):
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await http.get(f"{url}/v1/thing")


async def test_without_papers_it_is_plain_http(ours: Papers) -> None:
    async with service(ServiceSettings()) as url, httpx.AsyncClient() as http:
        answer = await http.get(f"{url}/v1/thing")
        assert answer.status_code == 200
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    with pytest.raises(ValueError, match="belong together"):
        ServiceSettings(tls_certificate=ours.certificate)
    with pytest.raises(ValueError, match="certified"):
        ServiceSettings(tls_callers="certified")


async def test_only_services_with_a_token_are_answered() -> None:
    async with service(ServiceSettings(service_token=f"{FIRST},{SECOND}")) as url:
        for token, status in ((FIRST, 200), (SECOND, 200), ("wrong-token-of-somebody", 401), (None, 401)):
            options = client_options(ServiceSettings(service_token=token))
            async with httpx.AsyncClient(base_url=url, **options) as http:
                assert (await http.get("/v1/thing")).status_code == status
                refused = await http.get("/v1/nothing")
                assert refused.status_code == (401 if status == 401 else 404)
                assert (await http.get("/healthz")).status_code == 200
                assert refused.headers["x-content-type-options"] == "nosniff"


def test_tokens_are_compared_whole() -> None:
    tokens = ServiceTokens(ServiceSettings(service_token=FIRST))
    tokens.check(f"bearer {FIRST}")
    for wrong in ("", FIRST, f"Basic {FIRST}", f"Bearer {FIRST[:-1]}", f"Bearer {FIRST}x", "Bearer "):
        with pytest.raises(Unauthenticated):
            tokens.check(wrong)


@pytest.fixture
def redis_with_tls(ours: Papers, tmp_path: Path) -> Iterator[str]:
    port = free_port()
    options = {
        "--port": "0",
        "--tls-port": str(port),
        "--tls-cert-file": str(ours.certificate),
        "--tls-key-file": str(ours.key),
        "--tls-ca-cert-file": str(ours.ca),
        "--save": "",
        "--dir": str(tmp_path),
    }
    command = [redis_executable(), *(word for pair in options.items() for word in pair)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if "eady to accept connections" in line:
                break
        else:
            pytest.skip("this redis-server is built without TLS")
        yield f"rediss://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


async def test_redis_by_mutual_tls(redis_with_tls: str, ours: Papers) -> None:
    shown = f"ssl_ca_certs={ours.ca}&ssl_certfile={ours.certificate}&ssl_keyfile={ours.key}"
    async with connect(f"{redis_with_tls}?{shown}") as redis:
        assert await redis.ping()
    with (
        blocking_redis.Redis.from_url(f"{redis_with_tls}?ssl_ca_certs={ours.ca}") as anonymous,
        pytest.raises((blocking_redis.ConnectionError, ssl.SSLError, OSError)),
    ):
        anonymous.ping()


@pytest.mark.parametrize("name", ["gateway", "merger", "expert_node"])
async def test_metrics_are_everybodys_or_the_services_own(name: str) -> None:
    create, kind = {
        "gateway": (gateway.app.create_app, GatewaySettings),
        "merger": (merger.app.create_app, MergerSettings),
        "expert_node": (expert_node.app.create_app, ExpertSettings),
    }[name]
    with pytest.raises(ValidationError, match="needs a service_token"):
        kind(metrics_need_token=True)
    token = {"authorization": f"Bearer {FIRST}"}
    for needed, headers, status in ((False, {}, 200), (True, {}, 401), (True, token, 200)):
        transport = httpx.ASGITransport(create(kind(service_token=FIRST, metrics_need_token=needed)))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            assert (await http.get("/metrics", headers=headers)).status_code == status
            assert (await http.get("/healthz")).status_code == 200, "of no use to a scraper"
