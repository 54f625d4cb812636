"""Every error that crosses a service boundary, as one tree.

ServiceError
├── InvalidRequest            400  the caller must change `param`
│   ├── ModelNotFound         404  no such model
│   └── PayloadTooLarge       413
├── Unauthenticated           401  no key or token, or a wrong one
├── NotFound                  404
├── Conflict                  409
├── RangeNotSatisfiable       416
├── RateLimited               429  retry after `retry_after_s`
├── Overloaded                503  no capacity now; not a fault
├── Unavailable               503  a dependency is not reachable
├── UpstreamFault             502  another service failed
│   ├── ExpertFault                an expert failed or broke the connection
│   └── MergerFault                the merger failed or broke the connection
├── CorruptSubvideo           502  stored bytes do not match their checksum or do not decode
├── DeadlineExceeded          504
└── Cancelled                 409  the job was cancelled

One handler turns them into `{"error": {message, type, param, code}}`, the shape of the OpenAI API;
`from_wire` turns that back into the same class on the calling side.
"""

from typing import Any, ClassVar


class ServiceError(Exception):
    """An error with a place in the API: `code` names it, `param` names the request field at fault."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.wire_code = code or self.code
        self.retry_after_s = retry_after_s

    @property
    def type(self) -> str:
        return "invalid_request_error" if self.status < 500 else "server_error"

    def to_wire(self) -> dict[str, Any]:
        return {
            "error": {
                "message": self.message,
                "type": self.type,
                "param": self.param,
                "code": self.wire_code,
            },
        }


class InvalidRequest(ServiceError):
    code = "invalid_value"
    status = 400


class ModelNotFound(InvalidRequest):
    code = "model_not_found"
    status = 404


class PayloadTooLarge(InvalidRequest):
    code = "payload_too_large"
    status = 413


class Unauthenticated(ServiceError):
    code = "invalid_api_key"
    status = 401


class NotFound(ServiceError):
    code = "not_found"
    status = 404


class Conflict(ServiceError):
    code = "conflict"
    status = 409


class RangeNotSatisfiable(ServiceError):
    code = "range_not_satisfiable"
    status = 416


class RateLimited(ServiceError):
    code = "rate_limit_exceeded"
    status = 429
    retryable = True


class Overloaded(ServiceError):
    code = "overloaded"
    status = 503
    retryable = True


class Unavailable(ServiceError):
    code = "unavailable"
    status = 503
    retryable = True


class UpstreamFault(ServiceError):
    code = "upstream_fault"
    status = 502
    retryable = True


class ExpertFault(UpstreamFault):
    code = "expert_fault"


class MergerFault(UpstreamFault):
    code = "merger_fault"


class CorruptSubvideo(ServiceError):
    code = "corrupt_subvideo"
    status = 502
    retryable = True


class DeadlineExceeded(ServiceError):
    code = "deadline_exceeded"
    status = 504


class Cancelled(ServiceError):
    code = "cancelled"
    status = 409


def _tree(root: type[ServiceError]) -> list[type[ServiceError]]:
    return [root] + [leaf for child in root.__subclasses__() for leaf in _tree(child)]


def from_wire(status: int, body: object, *, retry_after_s: float | None = None) -> ServiceError:
    """The error another service answered with; an unknown code becomes an `UpstreamFault` that quotes it."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return UpstreamFault(f"answered {status} without an error object")
    code, message = str(error.get("code")), str(error.get("message"))
    param = error.get("param")
    for cls in _tree(ServiceError):
        if cls.code == code:
            return cls(message, param=param, retry_after_s=retry_after_s)
    if status == NotFound.status:
        return NotFound(message, param=param, code=code)
    if 400 <= status < 500:
        return InvalidRequest(message, param=param, code=code)
    return UpstreamFault(f"{status} {code}: {message}", retry_after_s=retry_after_s)
