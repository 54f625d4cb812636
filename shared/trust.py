"""How services know each other: by a token, and by certificates where they are configured."""

import hmac
import ssl
from typing import Any

from shared.errors import Unauthenticated
from shared.settings import ServiceSettings


class ServiceTokens:
    """The tokens that services accept from each other; without any, everybody is accepted."""

    def __init__(self, settings: ServiceSettings) -> None:
        value = settings.service_token.get_secret_value() if settings.service_token else ""
        self._tokens = [token.strip() for token in value.split(",") if token.strip()]

    @property
    def headers(self) -> dict[str, str]:
        """What a call to another service carries."""
        return {"authorization": f"Bearer {self._tokens[0]}"} if self._tokens else {}

    def check(self, authorization: str) -> None:
        """Raises Unauthenticated unless the header carries a token, in a time that tells nothing of it."""
        scheme, _, shown = authorization.partition(" ")
        known = [hmac.compare_digest(shown.strip().encode(), token.encode()) for token in self._tokens]
        if self._tokens and not (scheme.lower() == "bearer" and any(known)):
            raise Unauthenticated("the services' token is missing or wrong")


def metrics_tokens(settings: ServiceSettings) -> ServiceTokens | None:
    """For reading metrics; None where everybody may."""
    return ServiceTokens(settings) if settings.metrics_need_token else None


def client_options(settings: ServiceSettings) -> dict[str, Any]:
    """For an httpx client that calls other services: it shows token and certificate, and stays with them."""
    return {
        "headers": ServiceTokens(settings).headers,
        "verify": _client_context(settings),
        "follow_redirects": False,
        "trust_env": False,
    }


def server_options(settings: ServiceSettings) -> dict[str, Any]:
    """For uvicorn."""
    if settings.tls_certificate is None:
        return {}
    certified = settings.tls_callers == "certified"
    return {
        "ssl_certfile": settings.tls_certificate,
        "ssl_keyfile": settings.tls_key,
        "ssl_ca_certs": settings.tls_ca if certified else None,
        "ssl_cert_reqs": ssl.CERT_REQUIRED if certified else ssl.CERT_NONE,
    }


def _client_context(settings: ServiceSettings) -> ssl.SSLContext | bool:
    if settings.tls_ca is None and settings.tls_certificate is None:
        return True
    context = ssl.create_default_context(cafile=settings.tls_ca)
    if settings.tls_certificate is not None:
        context.load_cert_chain(settings.tls_certificate, settings.tls_key)
    return context
