"""Makes clips of a tagged prompt: each complete in itself, with the setting and style of the whole."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.gate.drafts import Draft, Token, cut
from gateway.gate.grammar import in_progress
from gateway.gate.phrases import bare
from gateway.gate.regions import place_clips
from gateway.gate.subjects import resolve
from gateway.gate.tags import Role, Start, Tag, Tagging
from gateway.gate.words import Word, join_words, strip_punctuation, uncapitalised
from shared.schemas import MAX_CLIP_PROMPT_CHARS, MAX_CLIPS, MAX_STAGES, Clip, Mode, Plan, Stage

#: A scene announced is another place; the announcement stands at the end of what was told before.
_ANNOUNCED = re.compile(r"\b(?:scene|shot|act|chapter)\W+\w+\W*$|\bcut to\W*$", re.I)
_LOOSE_ENDS = frozenset({"and", "or", "but", "then", "while", "with"})
#: After these, the place that was named before holds no longer.
_LEAVES = re.compile(
    r"\b(?:leaves?|exits?|outside|away|home|upstairs|downstairs|offstage|departs?|flees?|escapes?"
    r"|out of|off to|goes \w+ing)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Finished:
    """One clip's text and subject, before it has a place in the plan."""

    start: Start
    prompt: str
    subject: str
    raw: str


def compose(prompt: str, tagging: Tagging, *, mode: Mode | None = None) -> Plan:
    """The plan that the tags say; `mode` bends the shape to what the caller wants."""
    drafts = cut(_bent(tagging, mode))
    style = _style_of(tagging)
    setting = next((join_words(_words(draft.place)) for draft in drafts if draft.place), "")
    stages: tuple[Stage, ...] = (Stage(clips=(_whole(prompt, drafts[0]),)),)
    if len(drafts) > 1:
        resolve(drafts)
        _carry_places(drafts)
        finished = [_finish(draft, style) for draft in drafts]
        stages = _stages([clip for clip in finished if clip.prompt]) or stages
    return Plan(stages=stages, confidence=tagging.confidence, setting=setting[:300], style=style[:300])


def single_clip(prompt: str) -> tuple[Stage, ...]:
    """The whole prompt as one clip: what is always possible."""
    return (Stage(clips=(Clip(id="s0c0", prompt=_clipped(prompt)),)),)


def _bent(tagging: Tagging, mode: Mode | None) -> Tagging:
    starts = {
        "single": dict.fromkeys(Start, Start.NONE),
        "temporal": {Start.CLIP: Start.STAGE},
        "spatial": {Start.STAGE: Start.CLIP, Start.EARLIER: Start.CLIP},
    }.get(mode or "", {})
    tags = tuple(Tag(tag.role, starts.get(tag.start, tag.start), tag.phrase) for tag in tagging.tags)
    return Tagging(tagging.words, tags, tagging.confidence)


def _whole(prompt: str, draft: Draft) -> Clip:
    span = draft.subject_span
    subject = join_words(bare(draft.words(span))) if span else ""
    return Clip(id="s0c0", prompt=_clipped(prompt), subject=subject[:200])


def _style_of(tagging: Tagging) -> str:
    """The runs of style words, joined; "a watercolour of" is the style "watercolour"."""
    runs: list[list[Word]] = [[]]
    for word, tag in zip(tagging.words, tagging.tags, strict=True):
        if tag.role is Role.STYLE:
            runs[-1].append(word)
        elif runs[-1]:
            runs.append([])
    return ", ".join(filter(None, (_style_text(run) for run in runs)))


def _style_text(run: Sequence[Word]) -> str:
    words = strip_punctuation(list(run))
    if words and words[0].lower in {"a", "an"}:
        words = words[1:]
    while words and words[-1].lower in {"of", "showing", "depicting", "with"}:
        words = words[:-1]
    return join_words(words)


def _carry_places(drafts: Sequence[Draft]) -> None:
    """A clip that names no place happens where its stage does, or where the story was."""
    here = ""
    for index, draft in enumerate(drafts):
        own = join_words(_words(draft.place))
        if own:
            here = own
        elif (beside := _place_beside(drafts, index)) is not None:
            here = draft.carried_place = beside
        elif _LEAVES.search(draft.raw) or (index and _ANNOUNCED.search(drafts[index - 1].raw)):
            here = ""
        elif not _says_where(draft, here):
            draft.carried_place = here


def _says_where(draft: Draft, place: str) -> bool:
    """Does it name a place of the same kind? "A runner in the snow, a surfer in the sun"."""
    at = place.partition(" ")[0].lower()
    return draft.start is Start.CLIP and any(token.word.lower == at for token in draft.tokens)


def _place_beside(drafts: Sequence[Draft], index: int) -> str | None:
    """The place that a later clip of the same stage names."""
    for other in drafts[index + 1 :]:
        if other.start is not Start.CLIP:
            return None
        if other.place:
            return join_words(_words(other.place))
    return None


def _finish(draft: Draft, style: str) -> Finished:
    text = join_words(_tidied(_place_last(draft.tokens)))
    if not text:
        return Finished(draft.start, "", "", draft.raw)
    if draft.carried_place and draft.carried_place.lower() not in text.lower():
        text = f"{text} {uncapitalised(draft.carried_place)}"
    if style and style.lower() not in text.lower():
        text = f"{text}, {style}"
    return Finished(
        draft.start, _clipped(uncapitalised(text)), join_words(bare(draft.subject))[:200], draft.raw
    )


def _place_last(tokens: Sequence[Token]) -> list[Word]:
    """ "In a kitchen, a chef cooks" as a caption: "a chef cooks in a kitchen"."""
    end = 0
    while end < len(tokens) and (tokens[end].role is Role.PLACE or tokens[end].word.is_punctuation):
        end += 1
    place = strip_punctuation(_words(tokens[:end]))
    if place:
        place[0] = Word(uncapitalised(place[0].text))
    return [*strip_punctuation(_words(tokens[end:])), *place]


def _tidied(words: list[Word]) -> list[Word]:
    """Without what a cut leaves loose: signs and conjunctions at the ends, doubled signs inside."""
    words = strip_punctuation(words)
    while words and words[-1].lower in _LOOSE_ENDS:
        words = strip_punctuation(words[:-1])
    kept: list[Word] = []
    for word in in_progress(words):
        if not (kept and word.text in {",", ".", ";"} and kept[-1].text in {",", ".", ";"}):
            kept.append(word)
    return kept


def _stages(finished: Sequence[Finished]) -> tuple[Stage, ...]:
    order: list[list[Finished]] = []
    current = -1
    for clip in finished:
        if clip.start is Start.CLIP and order:
            order[current].append(clip)
            continue
        current = len(order) - 1 if clip.start is Start.EARLIER and order else len(order)
        order.insert(current, [clip])
        current = current if clip.start is Start.EARLIER else len(order) - 1
    return tuple(_stage(index, clips) for index, clips in enumerate(_within_limit(order)))


def _within_limit(order: list[list[Finished]]) -> list[list[Finished]]:
    """Never more stages than a plan may have: what is too much happens in the last one, in order."""
    if len(order) <= MAX_STAGES:
        return order
    rest = [clip for clips in order[MAX_STAGES - 1 :] for clip in clips]
    return [*order[: MAX_STAGES - 1], [_merged(rest, ", then ")]]


def _stage(index: int, clips: Sequence[Finished]) -> Stage:
    regions = place_clips([clip.raw for clip in clips])
    if len(clips) > MAX_CLIPS:
        clips = [*clips[: MAX_CLIPS - 1], _merged(clips[MAX_CLIPS - 1 :], " and ")]
    return Stage(
        clips=tuple(
            Clip(
                id=f"s{index}c{position}",
                prompt=clip.prompt,
                subject=clip.subject,
                role="foreground" if position else "scene",
                region=regions[position],
            )
            for position, clip in enumerate(clips)
        )
    )


def _merged(clips: Sequence[Finished], joint: str) -> Finished:
    first = clips[0]
    return Finished(
        first.start, _clipped(joint.join(clip.prompt for clip in clips)), first.subject, first.raw
    )


def _words(tokens: Sequence[Token]) -> list[Word]:
    return [token.word for token in tokens]


def _clipped(text: str) -> str:
    """At most as long as a clip's prompt may be, cut at a word."""
    text = " ".join(text.split())
    if len(text) <= MAX_CLIP_PROMPT_CHARS:
        return text
    return text[:MAX_CLIP_PROMPT_CHARS].rsplit(" ", 1)[0] or text[:MAX_CLIP_PROMPT_CHARS]
