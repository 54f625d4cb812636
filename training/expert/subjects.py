"""The subjects by name, out of `subjects.toml`: their renders, names and activities."""

import tomllib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import sprites
from .sprites import TONES, Sprite

#: How often a subject is shown, in relation to others, by section of the table.
WEIGHTS = {"portraits": 1.5, "figures": 1.5, "people": 1.5, "heads": 1.0, "standing": 1.0, "flying": 1.0}
#: Default height in the picture by section of the table.
SIZES = {"portraits": 0.78, "figures": 0.8, "people": 0.78, "heads": 0.6, "standing": 0.55, "flying": 0.5}


@dataclass(frozen=True)
class Prop:
    """A thing that makes an activity visible: render, turn in degrees, and place on a person.

    `portrait` and `figure`: height of the thing and x, y of its centre, as fractions of the person.
    """

    label: str
    turn: float
    portrait: tuple[float, float, float]
    figure: tuple[float, float, float]
    activities: tuple[str, ...]


PROPS = (
    Prop(
        "open book",
        0,
        (0.4, 0.5, 0.86),
        (0.17, 0.5, 0.56),
        ("reading a book", "reading", "studying", "learning"),
    ),
    Prop("guitar", -20, (0.62, 0.45, 0.78), (0.36, 0.5, 0.58), ("playing the guitar", "playing guitar")),
    Prop("balloon", 0, (0.52, 0.98, 0.35), (0.36, 1.25, 0.3), ("holding a balloon", "with a red balloon")),
    Prop(
        "soft ice cream",
        0,
        (0.4, 0.85, 0.74),
        (0.2, 0.95, 0.52),
        ("eating ice cream", "holding an ice cream"),
    ),
    Prop(
        "bouquet", 0, (0.45, 0.5, 0.84), (0.24, 0.5, 0.56), ("holding flowers", "with a bouquet of flowers")
    ),
    Prop(
        "hot beverage", 0, (0.3, 0.75, 0.84), (0.14, 0.85, 0.52), ("drinking coffee", "with a cup of coffee")
    ),
    Prop("pizza", 0, (0.38, 0.72, 0.8), (0.18, 0.85, 0.53), ("eating pizza", "holding a slice of pizza")),
    Prop(
        "soccer ball",
        0,
        (0.34, 0.5, 0.86),
        (0.18, 1.1, 0.92),
        ("playing with a ball", "with a ball", "playing football"),
    ),
    Prop("violin", 30, (0.55, 0.55, 0.78), (0.32, 0.5, 0.56), ("playing the violin", "playing violin")),
    Prop("trophy", 0, (0.42, 0.55, 0.84), (0.22, 0.6, 0.56), ("holding a trophy", "winning a prize")),
    Prop("pot of food", 0, (0.5, 0.42, 0.84), (0.2, 0.5, 0.57), ("cooking a soup", "holding a pot of soup")),
    Prop("laptop", 0, (0.36, 0.5, 0.86), (0.18, 0.5, 0.57), ("working on a computer", "with a laptop")),
)


@dataclass(frozen=True)
class Look:
    """One way a subject can look, with the words that are true of it."""

    sprite: Sprite
    gender: str | None = None
    tone: str | None = None
    activities: tuple[str, ...] = ()
    #: What captions must say, since the subject does not usually look so: "gender", "tone", "activity".
    unusual: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Subject:
    name: str
    section: str
    size: float
    labels: tuple[tuple[str | None, str], ...]  # (gender, render)
    also: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    doing: tuple[str, ...] = ()
    plurals: tuple[str, ...] = ()
    article: str | None = None
    head: str | None = None
    backpack: bool = False
    weight: float = 1.0
    crowd: float = 0.1

    @property
    def human(self) -> bool:
        return any(sprites.has_tones(label) for _, label in self.labels)

    def look(self, rng: np.random.Generator) -> Look:
        """A random look: gender and tone where the subject has them, sometimes a thing in the hands.

        Half of the looks are the usual one, which captions need not describe: equal words then show equal
        people, from clip to clip.
        """
        usually = rng.random() < 0.5
        gender, label = self.labels[self._usual if usually else int(rng.integers(len(self.labels)))]
        tone = None
        if sprites.has_tones(self.head or label):
            tone = self.usual_tone if usually else str(rng.choice(list(TONES)))
        sprite = self._sprite(label, tone)
        unusual = frozenset(
            name
            for name, differs in (
                ("gender", gender != self.labels[self._usual][0]),
                ("tone", tone is not None and tone != self.usual_tone),
            )
            if differs
        )
        if self.section in ("portraits", "figures") and rng.random() < self._prop_share:
            return self._with_prop(sprite, gender, tone, PROPS[self._prop_index(rng)], unusual=unusual)
        return Look(sprite, gender, tone, self.doing, unusual)

    @property
    def _usual(self) -> int:
        """Index of the usual label: the first render, or a man or a woman, by the name."""
        return zlib.crc32(self.name.encode()) % len(self.labels) if self.labels[0][0] else 0

    @property
    def usual_tone(self) -> str:
        return list(TONES)[zlib.crc32(self.name[::-1].encode()) % len(TONES)]

    def _sprite(self, label: str, tone: str | None) -> Sprite:
        if self.head:
            return sprites.figure(self.head, label, tone)
        sprite = sprites.labelled(label, tone)
        return sprites.with_backpack(sprite) if self.backpack else sprite

    @property
    def _prop_share(self) -> float:
        if self.name == "student":
            return 0.55
        return 0.4 if self.section == "figures" else 0.15

    def _prop_index(self, rng: np.random.Generator) -> int:
        studies = self.name == "student" and rng.random() < 0.75
        return 0 if studies else int(rng.integers(len(PROPS)))

    def _with_prop(
        self, sprite: Sprite, gender: str | None, tone: str | None, prop: Prop, *, unusual: frozenset[str]
    ) -> Look:
        height, x, y = prop.figure if self.head else prop.portrait
        thing = sprites.labelled(prop.label)
        thing = sprites.rotated(thing, prop.turn) if prop.turn else thing
        sprite = sprites.with_prop(sprite, thing, height=height, x=x, y=y)
        return Look(sprite, gender, tone, prop.activities, unusual | {"activity"})


def _gendered(label: str, gender: str) -> str:
    return label.replace("person", gender) if "person" in label else f"{gender} {label}"


def _labels(name: str, section: str, row: dict[str, Any]) -> tuple[tuple[str | None, str], ...]:
    if section == "figures":
        return ((None, row["body"]),)
    gendered = section == "portraits"
    emoji: Sequence[str] = row.get("emoji", [name])
    stem = emoji[0] if emoji else name
    men = row.get("man", [_gendered(stem, "man")] if gendered else [])
    women = row.get("woman", [_gendered(stem, "woman")] if gendered else [])
    neutral = [] if men and women else emoji
    pairs = [(None, label) for label in neutral] + [("man", m) for m in men] + [("woman", w) for w in women]
    return tuple(pairs)


def _subject(name: str, section: str, row: dict[str, Any]) -> Subject:
    many = row.get("many", f"{name}s")
    plurals = [many] if isinstance(many, str) else many
    return Subject(
        name=name,
        section=section,
        size=row.get("size", SIZES[section]),
        labels=_labels(name, section, row),
        also=tuple(row.get("also", ())),
        unseen=tuple(row.get("unseen", ())),
        doing=tuple(row.get("doing", ())),
        plurals=tuple(plural for plural in plurals if plural),
        article=row.get("article"),
        head=row.get("head"),
        backpack=row.get("backpack", False),
        weight=row.get("weight", WEIGHTS[section]),
        crowd=row.get("crowd", 0.1) if many else 0.0,
    )


@cache
def shares() -> NDArray[np.float64]:
    """How often each subject is shown, as probabilities."""
    weights = np.array([subject.weight for subject in subjects().values()])
    probabilities: NDArray[np.float64] = weights / weights.sum()
    return probabilities


@cache
def subjects() -> dict[str, Subject]:
    table = tomllib.loads((Path(__file__).parent / "subjects.toml").read_text())
    return {
        name: _subject(name, section, row) for section, rows in table.items() for name, row in rows.items()
    }
