"""Large objects outside Redis: in a folder (`file:///srv/subvideos`) or S3-compatible storage (`s3://bucket/path`).

What S3 needs besides is read from the usual variables: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
`AWS_REGION`, `AWS_ENDPOINT`, and `AWS_ALLOW_HTTP=true` for storage without TLS.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, ObjectStore, from_url

from shared.errors import Unavailable


class Objects:
    """Bytes by name. Raises Unavailable when the storage does not answer."""

    def __init__(self, url: str) -> None:
        self._store: ObjectStore
        if urlsplit(url).scheme == "file":
            self._store = LocalStore(Path(urlsplit(url).path), mkdir=True)
        else:
            self._store = from_url(url)

    async def put(self, name: str, data: bytes) -> None:
        try:
            await obstore.put_async(self._store, name, data)
        except (BaseError, OSError) as error:
            raise _unavailable(error) from error

    async def get(self, name: str, span: tuple[int, int] | None = None) -> bytes | None:
        """The bytes, or those from the first to the last place of `span`, both inclusive; None if missing."""
        try:
            if span is not None:
                return bytes(await obstore.get_range_async(self._store, name, start=span[0], end=span[1] + 1))
            found = await obstore.get_async(self._store, name)
            return bytes(await found.bytes_async())
        except (NotFoundError, FileNotFoundError):
            return None
        except (BaseError, OSError) as error:
            raise _unavailable(error) from error

    async def delete(self, name: str) -> None:
        try:
            await obstore.delete_async(self._store, name)
        except (NotFoundError, FileNotFoundError):
            pass
        except (BaseError, OSError) as error:
            raise _unavailable(error) from error

    async def older_than(self, seconds: float) -> AsyncIterator[str]:
        """Names of what was written before that."""
        try:
            async for page in obstore.list(self._store):
                for entry in page:
                    if (datetime.now(UTC) - entry["last_modified"]).total_seconds() > seconds:
                        yield entry["path"]
        except (BaseError, OSError) as error:
            raise _unavailable(error) from error


def _unavailable(error: Exception) -> Unavailable:
    return Unavailable(f"the object storage does not answer: {str(error).splitlines()[0][:200]}")
