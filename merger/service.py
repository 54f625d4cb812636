"""The merger's work: from references to references, each result once."""

from merger.forms import deliver
from merger.jobs import Checkpoint, Jobs
from merger.model import SegmentationModel
from merger.parts import Notes, Part
from merger.scenes import scene_json
from merger.stages import compose, passes_through
from merger.videos import Merged, Preview, merge
from shared.errors import NotFound
from shared.schemas import (
    MAX_STAGES,
    FormRequest,
    MergeReply,
    MergeRequest,
    SceneRequest,
    SegmentReply,
    SegmentRequest,
    StageRequest,
    SubvideoRef,
    digest_of,
)
from shared.store import SubvideoStore
from shared.video import DecodeLimits, make_ref, probe, segment

MP4 = "video/mp4"


class Merger:
    """Fetches parts from the store, computes in threads, stores the results under the request's digest."""

    def __init__(
        self,
        store: SubvideoStore,
        jobs: Jobs,
        *,
        limits: DecodeLimits,
        model: SegmentationModel | None = None,
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._limits = limits
        self._model = model
        #: Part of the digests of what a model of the user's own may have cut out.
        self._variant = f":{model.name}" if model else ""
        self._whole_limits = _times(limits, MAX_STAGES)

    async def stage(self, request: StageRequest) -> SubvideoRef:
        digest = digest_of(request, salt=f"stage{self._variant}")
        if ref := await self._store.find(digest):
            return ref
        return await self._jobs.once(digest, lambda: self._make_stage(digest, request))

    async def segment(self, request: SegmentRequest) -> SegmentReply:
        media = digest_of(request, salt="segment")
        init = digest_of(request, salt="init")
        found = [await self._store.find(digest) for digest in (init, media)]
        if found[0] and found[1]:
            return SegmentReply(init=found[0], segment=found[1])
        return await self._jobs.once(media, lambda: self._make_segment(init, media, request))

    async def video(self, request: MergeRequest) -> MergeReply:
        digests = {kind: digest_of(request, salt=kind) for kind in ("video", "thumbnail", "spritesheet")}
        found = {kind: await self._store.find(digest) for kind, digest in digests.items()}
        if all(found.values()):
            return MergeReply.model_validate(found)
        return await self._jobs.once(digests["video"], lambda: self._make_video(digests, request))

    async def form(self, request: FormRequest) -> SubvideoRef:
        digest = digest_of(request, salt=f"form{self._variant}")
        if ref := await self._store.find(digest):
            return ref
        return await self._jobs.once(digest, lambda: self._make_form(digest, request))

    async def scene(self, request: SceneRequest) -> SubvideoRef:
        digest = digest_of(request, salt="scene")
        if ref := await self._store.find(digest):
            return ref
        stages = {stage.stage: await self._ref(stage.stage) for stage in request.stages}
        data = scene_json(request, stages)
        return await self._store.put(data, make_ref(digest, data, "application/json"))

    async def _make_form(self, digest: str, request: FormRequest) -> SubvideoRef:
        part = await self._fetch(request.source)

        def work(checkpoint: Checkpoint) -> tuple[bytes, str, Notes]:
            return deliver(
                part,
                request.form,
                keyed=request.keyed,
                limits=self._whole_limits,
                checkpoint=checkpoint,
                model=self._model,
            )

        data, media_type, notes = await self._jobs.compute("form", work)
        ref = _like(part.ref, make_ref(digest, data, media_type, notes=notes))
        return await self._store.put(data, ref)

    async def _make_stage(self, digest: str, request: StageRequest) -> SubvideoRef:
        parts = [await self._fetch(part.digest) for part in request.parts]

        def work(checkpoint: Checkpoint) -> tuple[bytes, SubvideoRef] | None:
            if passes_through(request, parts, limits=self._limits):
                return None
            data, notes = compose(
                request, parts, limits=self._limits, checkpoint=checkpoint, model=self._model
            )
            return data, make_ref(digest, data, MP4, probe(data), notes=notes)

        made = await self._jobs.compute("stage", work)
        return await self._store.put(*made) if made else parts[0].ref

    async def _make_segment(self, init: str, media: str, request: SegmentRequest) -> SegmentReply:
        part = await self._fetch(request.stage)

        def work(_: Checkpoint) -> tuple[bytes, bytes]:
            with part.named():
                return segment(
                    part.data,
                    start_frame=request.start_frame,
                    sequence=request.sequence,
                    limits=self._limits,
                )

        header, body = await self._jobs.compute("segment", work)
        return SegmentReply(
            init=await self._store.put(header, make_ref(init, header, MP4)),
            segment=await self._store.put(body, _like(part.ref, make_ref(media, body, "video/iso.segment"))),
        )

    async def _make_video(self, digests: dict[str, str], request: MergeRequest) -> MergeReply:
        parts = [await self._fetch(digest) for digest in request.stages]

        def work(checkpoint: Checkpoint) -> Merged:
            return merge(request, parts, limits=self._whole_limits, checkpoint=checkpoint)

        made = await self._jobs.compute("video", work)
        video = make_ref(digests["video"], made.video, MP4, made.info, notes=made.notes)
        return MergeReply(
            thumbnail=await self._put_preview(digests["thumbnail"], made.thumbnail),
            spritesheet=await self._put_preview(digests["spritesheet"], made.sheet),
            video=await self._store.put(made.video, video),
        )

    async def _fetch(self, digest: str) -> Part:
        data, ref = await self._store.get(digest)
        return Part(ref, data)

    async def _ref(self, digest: str) -> SubvideoRef:
        ref = await self._store.find(digest)
        if ref is None:
            raise NotFound(f"subvideo {digest} does not exist or has expired", code="subvideo_not_found")
        return ref

    async def _put_preview(self, digest: str, preview: Preview) -> SubvideoRef:
        ref = make_ref(digest, preview.data, preview.media_type)
        size = {"width": preview.width, "height": preview.height}
        return await self._store.put(preview.data, ref.model_copy(update=size))


def _times(limits: DecodeLimits, count: int) -> DecodeLimits:
    """The limits of a video of `count` parts."""
    return DecodeLimits(
        pixels=limits.pixels,
        frames=limits.frames * count,
        seconds=limits.seconds * count,
        size_bytes=limits.size_bytes,
        decoded_bytes=limits.decoded_bytes,
        time_s=limits.time_s,
    )


def _like(source: SubvideoRef, ref: SubvideoRef) -> SubvideoRef:
    fields = ("width", "height", "frames", "fps")
    return ref.model_copy(update={name: getattr(source, name) for name in fields})
