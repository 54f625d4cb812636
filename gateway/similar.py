"""Subvideos of nearly the same meaning, for requests that allow them (`reuse: similar`).

A candidate agrees with the wanted clip in everything its digest is made of but the prompt and the seed. Its
prompt must show the same by `gateway.meaning`, which compares words; of those, the one with the most similar
embedding is taken, if it is similar enough. Embeddings alone would not do: "a red car" and "a blue car" are
more alike to them than many paraphrases.

Keys:
    similar:<tenant>:<group>    stream: digest, prompt, subject of what was made, the newest `limit`; has
                                the time to live of subvideos

Every tenant has an index of its own, for a similar clip says what its prompt was.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import structlog

from gateway.embeddings import Embeddings
from gateway.meaning.normal import Token, normal_form
from gateway.meaning.same import agree
from shared.errors import Unavailable
from shared.schemas import SubvideoSpec, digest_of
from shared.store import RedisClient

log = structlog.get_logger(__name__)

_GROUPS_IN_MEMORY = 64
_PAGE = 1000


@dataclass(frozen=True)
class Similar:
    """A subvideo that was made, and the cosine of the embeddings of its prompt and the wanted one."""

    digest: str
    prompt: str
    similarity: float


@dataclass(frozen=True)
class _Known:
    prompt: str
    meaning: tuple[Token, ...]
    subject: tuple[Token, ...]


@dataclass
class _Group:
    """One stream, as far as it was read."""

    last: str = "0"
    known: OrderedDict[str, _Known] = field(default_factory=OrderedDict)


class SimilarSubvideos:
    """The index that all gateways share; each keeps what it has read of it."""

    def __init__(
        self, redis: RedisClient, embeddings: Embeddings, *, limit: int, least: float, ttl_s: float
    ) -> None:
        self._redis = redis
        self._embeddings = embeddings
        self._limit = limit
        self._least = least
        self._ttl_ms = int(ttl_s * 1000)
        self._groups: OrderedDict[str, _Group] = OrderedDict()

    async def add(self, spec: SubvideoSpec, *, tenant: str) -> None:
        """Make a finished subvideo known, unless it is nobody else's business."""
        if spec.nonce or not self._limit:
            return
        key = _key(spec, tenant)
        fields = {"digest": spec.digest, "prompt": spec.prompt, "subject": spec.subject}
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.xadd(key, cast(Any, fields), maxlen=self._limit, approximate=False)
            pipe.pexpire(key, self._ttl_ms)
            await pipe.execute()

    async def remove(self, spec: SubvideoSpec, *, tenant: str) -> None:
        key = _key(spec, tenant)
        rows = await cast(Any, self._redis.xrange(key))
        gone = [row_id for row_id, fields in rows if fields[b"digest"].decode() == spec.digest]
        if gone:
            await cast(Any, self._redis.xdel(key, *gone))

    async def find(self, spec: SubvideoSpec, *, tenant: str) -> list[Similar]:
        """What could take the place of the wanted subvideo, the most similar first."""
        group = await self._read(_key(spec, tenant))
        wanted = _known(spec.prompt, spec.subject)
        same = [(digest, known) for digest, known in group.known.items() if _same(known, wanted)]
        if not same:
            return []
        try:
            vectors = await self._embeddings.of({spec.prompt, *(known.prompt for _, known in same)})
        except Unavailable as error:
            log.warning("cannot compare meanings", error=error.message)
            return []
        found = [
            Similar(digest, known.prompt, round(float(vectors[spec.prompt] @ vectors[known.prompt]), 4))
            for digest, known in same
        ]
        close = [similar for similar in found if similar.similarity >= self._least]
        return sorted(close, key=lambda similar: -similar.similarity)

    async def _read(self, key: str) -> _Group:
        """The group, with what other gateways have added since it was last read."""
        group = self._groups.setdefault(key, _Group())
        self._groups.move_to_end(key)
        while len(self._groups) > _GROUPS_IN_MEMORY:
            self._groups.popitem(last=False)
        while rows := await cast(Any, self._redis.xrange(key, min=f"({group.last}", count=_PAGE)):
            known = await asyncio.to_thread(_read_rows, [fields for _, fields in rows])
            group.known.update(known)
            group.last = rows[-1][0].decode()
        while len(group.known) > self._limit:
            group.known.popitem(last=False)
        return group


def _read_rows(rows: Sequence[dict[bytes, bytes]]) -> dict[str, _Known]:
    return {
        row[b"digest"].decode(): _known(row[b"prompt"].decode(), row[b"subject"].decode()) for row in rows
    }


def _known(prompt: str, subject: str) -> _Known:
    return _Known(prompt, normal_form(prompt), normal_form(subject))


def _same(one: _Known, other: _Known) -> bool:
    return agree(one.meaning, other.meaning) and agree(one.subject, other.subject)


def _key(spec: SubvideoSpec, tenant: str) -> str:
    alike = spec.model_copy(update={"prompt": "", "subject": "", "seed": 0})
    return f"similar:{tenant}:{digest_of(alike)}"
