"""Subjects and what they do, by kind, as labelled pieces."""

import random
from dataclasses import dataclass
from typing import Literal

from gateway.gate.tags import Phrase
from training.gate import lexicon as lex
from training.gate.inflection import Form, inflect
from training.gate.labelled import Piece, phrase, piece

Kind = Literal["person", "animal", "vehicle", "thing", "nature", "group"]

_NOUNS = {"person": lex.PEOPLE, "animal": lex.ANIMALS, "vehicle": lex.VEHICLES, "thing": lex.THINGS}
_ACTS = {
    "person": lex.PERSON_ACTS,
    "animal": lex.ANIMAL_ACTS,
    "vehicle": lex.VEHICLE_ACTS,
    "thing": lex.THING_ACTS,
    "nature": lex.NATURE_ACTS,
    "group": lex.GROUP_ACTS,
}
_EXTRAS = {"person": lex.PERSON_EXTRAS, "animal": lex.ANIMAL_EXTRAS}
_ADVERBS = lex.lines("""
suddenly;slowly;quietly;quickly;happily;proudly;carefully;gently;nearly;almost;just;barely;once more;finally
still;always;never;even;simply;calmly;wildly
""")
_ORIGINS = ("from the future", "of the north", "made of glass", "on wheels", "from Mars", "in love")
_SHE = (
    "woman",
    "girl",
    "mother",
    "grandmother",
    "queen",
    "princess",
    "actress",
    "waitress",
    "bride",
    "witch",
    "nun",
)


@dataclass(frozen=True)
class Actor:
    """A subject: how it is called at first, later, and what pronoun stands for it."""

    kind: Kind
    noun: str
    text: str
    pronoun: str
    plural: bool = False

    def named(self) -> Piece:
        return phrase(piece(self.text), Phrase.SUBJECT)

    def again(self) -> Piece:
        """ "the dog", where "a small dog" was said before."""
        known = self.kind != "group" and self.text.split()[0].lower() not in {"a", "an"}
        return phrase(piece(self.text if known else f"the {self.noun}"), Phrase.SUBJECT)

    def as_pronoun(self) -> Piece:
        return phrase(piece(self.pronoun), Phrase.SUBJECT)

    @property
    def possessive(self) -> str:
        return {"he": "his", "she": "her", "it": "its", "they": "their"}[self.pronoun]

    @property
    def objective(self) -> str:
        return {"he": "him", "she": "her", "it": "it", "they": "them"}[self.pronoun]


def article(noun: str) -> str:
    return "an" if noun[0].lower() in "aeiou" and not noun.lower().startswith(("uni", "one", "ufo")) else "a"


def actor(rng: random.Random, kind: Kind | None = None, *, plain: bool = False) -> Actor:
    """A random subject; `plain` leaves out adjectives and what follows the noun."""
    kind = (
        kind
        or rng.choices(("person", "animal", "vehicle", "thing", "nature", "group"), (44, 26, 11, 6, 5, 8))[0]
    )
    if kind == "nature":
        noun = rng.choice(lex.NATURE)
        return Actor(kind, noun.split(" ", 1)[-1], noun, "it")
    if kind == "group":
        noun = rng.choice(lex.GROUPS)
        return Actor(kind, noun.removeprefix("a "), noun, "they", plural=not noun.startswith("a "))
    if kind == "person" and rng.random() < 0.08:
        name = rng.choice(lex.NAMES)
        return Actor(kind, name, name, rng.choice(("he", "she")))
    return _common(rng, kind, plain=plain)


def _common(rng: random.Random, kind: Kind, *, plain: bool) -> Actor:
    if kind == "thing" and rng.random() < 0.08:
        noun = rng.choice(lex.PLURAL_THINGS)
        return Actor(kind, noun, noun, "they", plural=True)
    if kind == "thing" and rng.random() < 0.1:
        holder, held = rng.choice(lex.CONTAINERS), rng.choice((*lex.PLURAL_THINGS, *lex.ANIMALS, *lex.THINGS))
        full = f"{article(holder)} {holder} of {held}"
        return Actor(kind, holder, full, "it")
    nouns = lex.FANTASY if kind == "person" and rng.random() < 0.12 else _NOUNS[kind]
    noun = rng.choice(nouns)
    full = noun
    if not plain and rng.random() < 0.3:
        full = f"{rng.choice(lex.ADJECTIVES)} {full}"
        if rng.random() < 0.15:
            full = f"{rng.choice(lex.ADJECTIVES)} {full}"
    chosen = rng.random()
    determiner = article(full)
    if chosen < 0.16:
        determiner = "the"
    elif chosen < 0.18:
        determiner = rng.choice(("one", "another", "my", "this", "some"))
    text = f"{determiner} {full}" if chosen > 0.02 or plain else full
    if not plain:
        text = _described(rng, kind, text)
    return Actor(kind, noun, text, _pronoun(rng, kind, noun))


def _described(rng: random.Random, kind: Kind, text: str) -> str:
    """With what follows the noun: clothes, parts, things held, joined by "and" or a comma now and then."""
    chosen = rng.random()
    if chosen < 0.07 and kind in _EXTRAS:
        return f"{text} {rng.choice(_EXTRAS[kind])}"
    if chosen < 0.2 and kind in _EXTRAS:
        return f"{text} {rng.choice(('wearing', 'in', 'wearing', 'dressed in'))} {_pair(rng, lex.GARMENTS)}"
    if chosen < 0.28:
        return f"{text} with {_pair(rng, lex.BODY_PARTS, bare=True)}"
    if chosen < 0.32 and kind == "person":
        held = rng.choice((lex.THINGS, lex.ANIMALS))
        return f"{text} {rng.choice(('holding', 'carrying', 'with'))} {_pair(rng, held)}"
    if chosen < 0.34:
        return f"{text} {rng.choice(_ORIGINS)}"
    return text


def _pair(rng: random.Random, nouns: tuple[str, ...], *, bare: bool = False) -> str:
    """One noun phrase or two joined: "a red coat and a hat"."""
    phrases = []
    for noun in rng.sample(nouns, rng.choice((1, 1, 2))):
        full = (
            f"{rng.choice(lex.ADJECTIVES)} {noun}"
            if rng.random() < 0.6 and not noun.startswith("a ")
            else noun
        )
        phrases.append(full if bare else f"{article(full)} {full}")
    return (
        rng.choice((" and ", " and ", " & ", ", ")).join(phrases)
        if rng.random() < 0.15
        else " and ".join(phrases)
    )


def _pronoun(rng: random.Random, kind: Kind, noun: str) -> str:
    if kind != "person":
        return "it"
    if noun.rsplit(maxsplit=1)[-1] in _SHE:
        return "she"
    return rng.choice(("he", "she", "they", "he", "she"))


def act(rng: random.Random, who: Actor, form: Form, *, adjunct: float = 0.15) -> Piece:
    """What the subject does, agreeing with it; "suddenly starts …" now and then."""
    text = rng.choice(_ACTS[who.kind])
    if who.kind in ("person", "animal") and rng.random() < 0.12:
        text = interaction(rng)
    if who.kind == "thing" and form in ("third", "past") and rng.random() < 0.5:
        return _passive(rng, who, form)
    if rng.random() < 0.04:
        verb = rng.choice(("turn into", "become", "transform into", "change into"))
        other = _common(rng, who.kind if who.kind in _NOUNS else "thing", plain=True)
        text = f"{verb} [{other.text}]"
    if rng.random() < 0.05 and form in ("third", "past", "base"):
        deed = inflect(text, "gerund") if rng.random() < 0.7 else f"to {text}"
        text = f"{rng.choice(('start', 'begin'))} {deed}"
    text = _detailed(rng, text)
    if rng.random() < 0.06:
        text = f"{text} {rng.choice(lex.TAILS)}"
    if rng.random() < adjunct:
        text = f"{text} {rng.choice(lex.ADJUNCTS)}"
    form = (
        "base"
        if form == "third" and (who.plural or (who.pronoun == "they" and who.kind == "group"))
        else form
    )
    done = inflect(text, form)
    if rng.random() < 0.07:
        adverb = rng.choice(_ADVERBS)
        done = f"{adverb} {done}" if rng.random() < 0.6 else f"{done} {adverb}"
    return piece(done)


def _passive(rng: random.Random, who: Actor, form: Form) -> Piece:
    be = {"third": "are" if who.plural else "is", "past": "were" if who.plural else "was"}[form]
    return piece(f"{be} {rng.choice(lex.PASSIVES)}")


def _detailed(rng: random.Random, text: str) -> str:
    """An object told at more length: "[a key]" as "[a rusty key of an old castle]"."""
    if "[" not in text or rng.random() > 0.25:
        return text
    before, _, rest = text.partition("[")
    inside, _, after = rest.partition("]")
    determiner, _, noun = inside.partition(" ")
    if determiner in {"a", "an", "the"} and noun:
        full = f"{rng.choice(lex.ADJECTIVES)} {noun}"
        inside = f"{article(full) if determiner != 'the' else 'the'} {full}"
    if rng.random() < 0.4:
        place = rng.choice(lex.PLACE_NOUNS)
        inside += rng.choice(
            (
                f" of {article(place)} {place}",
                " full of gold",
                " of a friend",
                f" from {article(place)} {place}",
            )
        )
    return f"{before}[{inside}]{after}"


def transition(rng: random.Random, who: Actor, form: Form) -> Piece:
    """ "gets up and starts to dance": one event, though two verbs."""
    form = "base" if form == "third" and who.plural else form
    first = inflect(rng.choice(lex.TRANSITIONS), form)
    deed = rng.choice(_ACTS[who.kind])
    start = rng.random()
    if start < 0.45:
        deed = f"start {inflect(deed, 'gerund')}"
    elif start < 0.55:
        deed = f"begin to {deed}"
    adverb = "suddenly " if rng.random() < 0.3 else ""
    return piece(f"{adverb}{first} and {inflect(deed, form)}")


def interaction(rng: random.Random) -> str:
    other = actor(rng, rng.choice(("person", "animal")), plain=rng.random() < 0.7)
    return f"{rng.choice(lex.INTERACTIONS)} [{other.text}]"


def progressive(who: Actor, doing: Piece, rng: random.Random) -> Piece:
    """ "is running" or "running"."""
    return piece("are" if who.plural else "is") + doing if rng.random() < 0.5 else doing
