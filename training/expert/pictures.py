"""Training pictures: a subject put into a setting, or on a key colour, with a caption and labels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from . import sprites
from .canvas import Canvas, Colour, Pixels, laid_over
from .captions import Wording, article
from .scenes import SETTINGS
from .sprites import Sprite
from .stage import Stage
from .subjects import Look, Subject, shares, subjects

KEYS: dict[str, Colour] = {
    "green": (0.0, 0.694, 0.251),
    "blue": (0.0, 0.278, 0.733),
    "magenta": (0.9, 0.1, 0.75),
    "grey": (0.5, 0.5, 0.5),
    "white": (1.0, 1.0, 1.0),
    "black": (0.0, 0.0, 0.0),
    "red": (0.85, 0.1, 0.12),
    "yellow": (0.98, 0.85, 0.15),
}
KEY_SHARES = (0.36, 0.16, 0.12, 0.08, 0.1, 0.06, 0.06, 0.06)
FLOATING = Stage(ground=None)


@dataclass(frozen=True)
class Picture:
    """`pixels` uint8 (256, 256, 3) RGB; `subject` and `setting` are None where there is none."""

    pixels: Pixels
    caption: str
    subject: str | None
    setting: str | None
    key: str | None = None
    count: int = 1
    #: The subject by itself, and where: x of the middle, the lower edge and the longer side of each.
    sprite: Sprite | None = None
    places: tuple[tuple[float, float, float], ...] = ()


@dataclass(frozen=True)
class Mix:
    """Shares of the kinds of pictures; `several` scales how often there are more than one."""

    keyed: float = 0.2
    empty: float = 0.05
    several: float = 1.0


def picture(rng: np.random.Generator, mix: Mix = Mix()) -> Picture:
    """One random picture; the same generator state gives the same picture."""
    subject = list(subjects().values())[int(rng.choice(len(subjects()), p=shares()))]
    kind = rng.random()
    if kind < mix.keyed:
        return keyed(rng, subject, str(rng.choice(list(KEYS), p=KEY_SHARES)), mix)
    setting = list(SETTINGS)[int(rng.integers(len(SETTINGS)))]
    if kind < mix.keyed + mix.empty:
        return empty(rng, setting)
    return scene(rng, subject, setting, mix)


def scene(rng: np.random.Generator, subject: Subject, setting: str, mix: Mix = Mix()) -> Picture:
    canvas, words = Canvas(rng), Wording(rng)
    stage = SETTINGS[setting].paint(canvas)
    canvas.blurred(canvas.between(0, 1.1))
    count, who = _cast(rng, subject, words, mix)
    places = _compose(canvas, subject, [look for _, look in who], stage)
    caption, sprite = words.scene(who[0][0], setting), who[0][1].sprite
    return Picture(canvas.pixels, caption, subject.name, setting, count=count, sprite=sprite, places=places)


def keyed(rng: np.random.Generator, subject: Subject, key: str, mix: Mix = Mix()) -> Picture:
    canvas, words = Canvas(rng), Wording(rng)
    colour = canvas.near(KEYS[key], 0.01)
    canvas.gradient(colour, colour)
    count, who = _cast(rng, subject, words, mix)
    places = _compose(canvas, subject, [look for _, look in who], FLOATING, tilt=0, steady=True)
    caption, sprite = words.keyed(who[0][0], key), who[0][1].sprite
    return Picture(
        canvas.pixels, caption, subject.name, None, key=key, count=count, sprite=sprite, places=places
    )


@dataclass(frozen=True)
class Told:
    """A caption, and of the subject it speaks of the noun phrase and the picture."""

    caption: str
    phrase: str
    sprite: Sprite | None


def told(rng: np.random.Generator, mix: Mix = Mix()) -> Told:
    """As of a random picture, but without painting it."""
    subject = list(subjects().values())[int(rng.choice(len(subjects()), p=shares()))]
    setting, words, kind = list(SETTINGS)[int(rng.integers(len(SETTINGS)))], Wording(rng), rng.random()
    if kind < mix.empty:
        return Told(words.empty(setting), "nothing", None)
    _, who = _cast(rng, subject, words, mix)
    phrase, look = who[0]
    if kind < mix.empty + mix.keyed:
        return Told(words.keyed(phrase, str(rng.choice(list(KEYS), p=KEY_SHARES))), phrase, look.sprite)
    return Told(words.scene(phrase, setting), phrase, look.sprite)


def named(rng: np.random.Generator, things: Sequence[str]) -> Told:
    """A caption about anything that has a name; how it looks is not told."""
    setting, words = list(SETTINGS)[int(rng.integers(len(SETTINGS)))], Wording(rng)
    thing = words.pick(things)
    phrase = f"{article(thing)} {thing}"
    caption = (
        words.keyed(phrase, words.pick(list(KEYS))) if words.chance(0.2) else words.scene(phrase, setting)
    )
    return Told(caption, phrase, None)


def empty(rng: np.random.Generator, setting: str) -> Picture:
    canvas = Canvas(rng)
    SETTINGS[setting].paint(canvas)
    canvas.blurred(canvas.between(0, 0.8))
    return Picture(canvas.pixels, Wording(rng).empty(setting), None, setting, count=0)


def _cast(
    rng: np.random.Generator, subject: Subject, words: Wording, mix: Mix
) -> tuple[int, list[tuple[str, Look]]]:
    """How many there are, and each look with the noun phrase that names them all."""
    count = int(rng.integers(2, 4)) if subject.plurals and rng.random() < mix.several * subject.crowd else 1
    looks = [subject.look(rng) for _ in range(count)]
    if count == 1:
        return 1, [(words.one(subject, looks[0]), looks[0])]
    alike = [look for look in looks if look.activities == looks[0].activities]
    looks = (alike * 3)[:count]
    return count, [(words.several(subject, count, looks[0]), look) for look in looks]


def _compose(
    canvas: Canvas,
    subject: Subject,
    looks: list[Look],
    stage: Stage,
    *,
    tilt: float = 12,
    steady: bool = False,
) -> tuple[tuple[float, float, float], ...]:
    """Draws them; where each is, as in `Picture.places`."""
    crowd, places = len(looks), []
    shrink = (1, 0.74, 0.6)[crowd - 1] * canvas.between(0.88, 1.06)
    tint = [canvas.between(0.97, 1.03) * v for v in stage.tint]
    base = _base(canvas, subject, stage, steady=steady)
    for place, look in enumerate(looks):
        x = canvas.between(0.36, 0.64) if crowd == 1 else (place + 0.5) / crowd + canvas.between(-0.04, 0.04)
        sprite = look.sprite
        floats = stage.ground is None or subject.section == "flying"
        if floats and tilt and subject.section not in ("portraits", "heads"):
            sprite = sprites.rotated(sprite, canvas.between(-tilt, tilt))
        sprite = _fitted(sprite, subject.size * shrink, crowd)
        _put(canvas, subject, sprite, x, base, tint=tint, stage=stage)
        places.append((x, base, max(sprite.shape[:2]) / canvas.side))
    return tuple(places)


def _base(canvas: Canvas, subject: Subject, stage: Stage, *, steady: bool) -> float:
    """The height at which the subject's foot is."""
    if subject.section == "portraits":
        return 1.005
    if subject.section == "heads":
        return canvas.between(1.0, 1.05)
    if steady:
        return canvas.between(0.5, 0.54) + subject.size / 2
    if stage.ground is None or subject.section == "flying":
        return min(canvas.between(0.46, 0.6) + subject.size / 2, 0.97)
    return canvas.between(*stage.ground)


def _fitted(sprite: Sprite, height: float, crowd: int) -> Sprite:
    """Scaled to a share of the picture's height, but no wider than its share of the width."""
    wide = sprite.shape[1] / sprite.shape[0] * height
    widest = 0.95 / crowd**0.75
    return sprites.scaled(sprite, max(8, round(min(height, height * widest / wide) * 256)))


def _put(
    canvas: Canvas, subject: Subject, sprite: Sprite, x: float, base: float, *, tint: Colour, stage: Stage
) -> None:
    width = sprite.shape[1] / canvas.side
    if stage.ground and subject.section in ("figures", "people", "standing"):
        canvas.shade(x, base - 0.008, width * 0.6, 0.035, stage.shadow)
        canvas.shade(x, base - 0.006, width * 0.42, 0.014, stage.shadow)
    elif stage.ground and subject.section == "flying":
        canvas.shade(x, 0.95, width * 0.45, 0.03, stage.shadow * 0.5)
    left = round(x * canvas.side - sprite.shape[1] / 2)
    laid_over(canvas.pixels, sprite, left, round(base * canvas.side) - sprite.shape[0], tint=tint)
