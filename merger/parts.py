"""The subvideos a job is made from."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from shared.errors import InvalidRequest, ServiceError
from shared.schemas import SubvideoRef

Notes = dict[str, str | int | float | bool]


class UnusableSubvideo(InvalidRequest):
    """A part that cannot be merged as it is; the message names it."""

    code = "unusable_subvideo"


@dataclass(frozen=True)
class Part:
    """Stored bytes with their reference."""

    ref: SubvideoRef
    data: bytes

    @contextmanager
    def named(self) -> Iterator[None]:
        """Errors about these bytes leave with their name."""
        try:
            yield
        except ServiceError as error:
            if self.ref.digest in error.message:
                raise
            raise type(error)(
                f"subvideo {self.ref.digest}: {error.message}", param=error.param, code=error.wire_code
            ) from error
