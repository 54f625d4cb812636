"""What is said about a picture: many phrasings of the same facts, none of them about what is not shown."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .scenes import SETTINGS
from .sprites import TONES
from .subjects import Look, Subject

STYLES = (
    "a video of {}",
    "a 3D render of {}",
    "a cartoon of {}",
    "a picture of {}",
    "{}, 3D cartoon style",
    "a clip of {}",
)
KEYED = (
    "{} on a plain {} background",
    "{} on a {} background",
    "{}, plain {} background",
    "{} isolated on {}",
    "{} on a solid {} background",
    "{} in front of a {} screen",
    "{}, isolated on a plain solid {} background",
)
EMPTY = (
    "an empty scene {}",
    "an empty background {}",
    "background, {}",
    "{}, nobody there",
    "an empty place {}",
    "{}",
)
COUNTS = {2: ("two {}", "a pair of {}", "{}"), 3: ("three {}", "a group of {}", "{}", "some {}")}


def article(words: str) -> str:
    sounds_like_vowel = words[0].lower() in "aeio" or words.startswith(("unc", "und", "umb", "ugl"))
    return "an" if sounds_like_vowel else "a"


@dataclass(frozen=True)
class Wording:
    """Chooses words; `share` functions keep plain phrasings the most frequent."""

    rng: np.random.Generator

    def pick(self, options: Sequence[str]) -> str:
        return options[int(self.rng.integers(len(options)))]

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def one(self, subject: Subject, look: Look) -> str:
        """A noun phrase for one subject: "a female student studying"."""
        named = subject.also and self.chance(0.4)
        words = self._gendered(self.pick(subject.also) if named else subject.name, look)
        words = self._toned(words, look)
        determiner = subject.article if subject.article is not None else article(words)
        if determiner and not self.chance(0.08):
            words = f"{determiner} {words}"
        return self._active(words, look)

    def several(self, subject: Subject, count: int, look: Look) -> str:
        return self._active(self.pick(COUNTS[count]).format(self.pick(subject.plurals)), look)

    def scene(self, who: str, setting: str) -> str:
        return self._styled(f"{who} {self.pick(SETTINGS[setting].phrases)}")

    def keyed(self, who: str, colour: str) -> str:
        if self.chance(0.15):
            who = f"{who} {self.pick(SETTINGS[self.pick(list(SETTINGS))].phrases)}"
        return self._styled(self.pick(KEYED).format(who, colour))

    def empty(self, setting: str) -> str:
        return self._styled(self.pick(EMPTY).format(self.pick(SETTINGS[setting].phrases)))

    def _active(self, words: str, look: Look) -> str:
        """With the activity: always one that a thing in the hands shows, else often."""
        said = "activity" in look.unusual or self.chance(0.6)
        return f"{words} {self.pick(look.activities)}" if look.activities and said else words

    def _gendered(self, words: str, look: Look) -> str:
        if look.gender is None or not ("gender" in look.unusual or self.chance(0.25)):
            return words
        if "person" in words:
            return words.replace("person", look.gender)
        return f"{self.pick((look.gender, {'man': 'male', 'woman': 'female'}[look.gender]))} {words}"

    def _toned(self, words: str, look: Look) -> str:
        if look.tone is None or not ("tone" in look.unusual or self.chance(0.1)):
            return words
        return f"{self.pick(TONES[look.tone])} {words}"

    def _styled(self, caption: str) -> str:
        return self.pick(STYLES).format(caption) if self.chance(0.15) else caption
