"""Prompts of several clips: one after the other, at once, or both."""

import random
from collections.abc import Sequence
from dataclasses import replace

from gateway.gate.tags import Phrase, Start
from training.gate import lexicon as lex
from training.gate.actors import Actor, act, actor, progressive, transition
from training.gate.inflection import Form, inflect
from training.gate.labelled import Piece, link, phrase, piece, place, shared
from training.gate.singles import where

_THEN = (
    *lex.lines("""
, then; then; and then;, and then;. Then;. Then,;; then; , after that; and after that;. After that,;, afterwards
. Afterwards,;, later;. Later,;, next;. Next,; and next;. Next; , followed by that;, finally;. Finally,; and finally;, and finally
, eventually;. Eventually,;, soon after;. Soon after,;. Moments later,;, moments later;. A moment later;, and suddenly;. Suddenly,
, suddenly; and immediately;. Immediately afterwards,;, subsequently;. Subsequently;, and later;, whereupon; until;, until; but then
, but then; before; and;, and; ->; >; →; and when that is done;. When that is over,;. In the end,;, in the end;, at last;. At last,
, only then;, thereafter;. Thereafter;, and in the end;, shortly after;. Some time later,;. An hour later,;, minutes later;. The next day,
, then finally; and then finally;, and then suddenly; then suddenly;. And then;. Cut to;, cut to;. In the next scene;. In the next shot,
 / ; | ; … then;... then; … ;, after which;, then after that; n then;, den;. later on;, now;, and now;. Now; + then;. Out of nowhere
"""),
    "; then", "; after that,", ";", "; afterwards", "; finally,", "; next,", " and then show", ". Then show", ", then show me",
    ". Then:", ". Next:", ". Finally:", ". After:", " and then we see", ", then cut to", ". Now show", " and later on", ". Weeks later,",
)  # fmt: skip
_NUMBERS = ("one", "two", "three", "four", "five")
_LISTED = (",", ",", ",", ", then", " and then", ", and then", ", and finally", ",", ";")
_WHILE = lex.lines("""
 while; while;, while; as;, as; whilst; whereas;, meanwhile;. Meanwhile,;. Meanwhile;. At the same time,; at the same time as; and
, and at the same time; and at the same time;, while at the same time;. Simultaneously,;; meanwhile;, and; while nearby;, while nearby
 while in the background; while behind them; while outside; while far below; while high above; while next door; while across the street; while upstairs; while elsewhere; and meanwhile;. Elsewhere,;. In the background,;. Nearby,;, with; with; while
, and in the meantime; and in the meantime;. In the meantime,; during which;, just as; just as; at the same moment as; all the while
, and below it; and below;, and behind her; and behind him;, and next to them; and above it;; behind them;; above it; and beside it
""")  # fmt: skip


def _after(rng: random.Random, *, plainly: bool = False) -> Piece:
    """What says that something comes next; "and" alone says so only of one subject's deeds (`plainly`)."""
    while (joint := rng.choice(_THEN)) in {"and", ", and", ";", "/", "|", "+"} and not plainly:
        pass
    return link(joint)


def _place(rng: random.Random, chance: float) -> Piece:
    return place(where(rng)) if rng.random() < chance else Piece()


def _tense(rng: random.Random) -> Form:
    return rng.choices(("third", "gerund", "past"), (70, 18, 12))[0]


def _clause(rng: random.Random, who: Actor, form: Form, *, named: Piece | None = None) -> Piece:
    doing = act(rng, who, form)
    if form == "gerund":
        doing = progressive(who, doing, rng)
    return (who.named() if named is None else named) + doing


# --- one after the other ---


def different_subjects(rng: random.Random) -> Piece:
    form = _tense(rng)
    told = _clause(rng, actor(rng), form) + _place(rng, 0.3)
    for _ in range(rng.choices((1, 2, 3), (7, 3, 1))[0]):
        told += _after(rng) + (_clause(rng, actor(rng), form) + _place(rng, 0.25)).starting(Start.STAGE)
    return told


def same_subject(rng: random.Random) -> Piece:
    """The subject again: as a pronoun, by name, or left out."""
    who = actor(rng, rng.choices(("person", "animal", "vehicle", "thing", "group"), (45, 30, 12, 5, 8))[0])
    form = _tense(rng)
    told = _clause(rng, who, form) + _place(rng, 0.3)
    way = rng.choice(("pronoun", "pronoun", "name", "ellipsis", "ellipsis"))
    for _ in range(rng.choices((1, 2, 3), (7, 3, 1))[0]):
        named = {"pronoun": who.as_pronoun(), "name": who.again(), "ellipsis": Piece()}[way]
        agreeing: Form = "base" if way == "pronoun" and who.pronoun == "they" and form == "third" else form
        doing = act(rng, who, agreeing)
        if form in ("third", "past") and who.kind in ("person", "animal") and rng.random() < 0.3:
            doing = transition(rng, who, agreeing)
        if way != "ellipsis" and form == "gerund":
            doing = piece("are" if who.pronoun == "they" and way == "pronoun" else "is") + doing
        told += _after(rng, plainly=form != "gerund") + (named + doing + _place(rng, 0.1)).starting(
            Start.STAGE
        )
    return told


def verb_list(rng: random.Random) -> Piece:
    """ "wakes up, yawns and leaves"."""
    who = actor(
        rng,
        rng.choices(("person", "animal", "vehicle", "thing", "nature", "group"), (46, 28, 12, 5, 4, 5))[0],
    )
    form: Form = rng.choices(("third", "past"), (85, 15))[0]
    count = rng.choices((1, 2, 3, 4), (5, 8, 4, 1))[0]
    told = with_leading_place(rng, _clause(rng, who, form)) + _place(rng, 0.12)
    bare_list = rng.random() < 0.2
    for index in range(count):
        last = index == count - 1
        joint = (
            rng.choice(_LISTED)
            if not last or bare_list
            else rng.choice(
                (
                    " and",
                    ", and",
                    ", and then",
                    " and then",
                    ", then",
                    ", and finally",
                    ", finally",
                    " before it",
                    ", but then",
                    ", but",
                    " &",
                )
            )
        )
        if joint == " before it":
            joint = " and"
        told += link(joint) + (act(rng, who, form) + (_place(rng, 0.15) if last else Piece())).starting(
            Start.STAGE
        )
    return told


def with_leading_place(rng: random.Random, told: Piece, chance: float = 0.12) -> Piece:
    if rng.random() > chance:
        return told
    return place(where(rng)) + piece(rng.choice((",", ",", ""))) + told


def object_pronoun(rng: random.Random) -> Piece:
    """ "picks up an apple, then eats it": the pronoun is another noun phrase than the subject."""
    who = actor(rng, rng.choice(("person", "animal")))
    thing = actor(rng, rng.choice(("thing", "animal", "thing")))
    first, second = rng.choice(
        (
            ("picks up", "throws it away"), ("finds", "eats it"), ("catches", "lets it go"), ("opens", "looks inside it"),
            ("sees", "runs towards it"), ("grabs", "carries it home"), ("paints", "shows it to a friend"), ("buys", "gives it to a child"),
            ("drops", "picks it up again"), ("builds", "destroys it"), ("steals", "hides it under a tree"), ("chases", "catches it"),
            ("unwraps", "holds it up"), ("kicks", "watches it fly"), ("takes", "puts it on the table"), ("cleans", "polishes it"),
            ("draws", "cuts it out"), ("discovers", "brings it back"), ("lifts", "drops it"), ("spots", "photographs it"),
        )
    )  # fmt: skip
    named = rng.choice((Piece(), who.as_pronoun() if who.pronoun != "they" else Piece(), who.again()))
    told = who.named() + piece(first) + phrase(piece(thing.text), Phrase.OTHER) + _place(rng, 0.2)
    told += _joint(rng, bool(named)) + (named + piece(second)).starting(Start.STAGE)
    if rng.random() < 0.3:
        told += _joint(rng, False) + act(rng, who, "third").starting(Start.STAGE)
    return told


def _joint(rng: random.Random, named: bool) -> Piece:
    if named:
        return _after(rng, plainly=True)
    return link(rng.choice((", then", " and", " and then", ", and then", ",", ", and", " then")))


def object_takes_over(rng: random.Random) -> Piece:
    """ "drops a vase and it shatters", "the vase shatters"."""
    who = actor(rng, rng.choice(("person", "animal")))
    kind = rng.choice(("thing", "animal", "vehicle"))
    other = actor(rng, kind)
    verb = rng.choice(
        (
            "drops",
            "opens",
            "pushes",
            "touches",
            "kicks",
            "looks at",
            "releases",
            "throws",
            "sees",
            "points at",
            "shakes",
        )
    )
    named = rng.choice((other.as_pronoun(), other.again()))
    told = who.named() + piece(verb) + phrase(piece(other.text), Phrase.OTHER) + _place(rng, 0.2)
    return (
        told
        + link(rng.choice((" and", ", and", ", then", " and then", ". Then", ".", ", and suddenly")))
        + (named + act(rng, other, "third")).starting(Start.STAGE)
    )


def clause_list(rng: random.Random) -> Piece:
    """ "clouds gather, a bird falls silent, and then rain comes": events without a connective but the last."""
    form: Form = rng.choice(("third", "third", "past"))
    count = rng.choice((2, 3, 3, 4))
    told = with_leading_place(rng, _clause(rng, actor(rng), form))
    for index in range(1, count):
        joint = ","
        if index == count - 1:
            joint = rng.choice((", and then", ", then", " and then", ", and finally", " until", ", finally"))
        told += link(joint) + _clause(rng, actor(rng), form).starting(Start.STAGE)
    return told


def chain(rng: random.Random) -> Piece:
    """ "a bus pulls up, the doors open and a girl gets on": each event leads to the next, "and" or not."""
    texts = rng.choice(lex.CHAINS).split("|")
    count = rng.randint(2, len(texts))
    who = actor(rng, "person")
    parts = [
        _subject_first(text.format(who=f"the {who.noun}" if index else f"a {who.noun}"))
        for index, text in enumerate(texts[:count])
    ]
    told = with_leading_place(rng, parts[0], 0.1)
    for index, part in enumerate(parts[1:], start=1):
        joint = (
            rng.choice((",", ",", ";", "."))
            if index < count - 1
            else rng.choice((", and", " and", ",", ", then", " and then", ".", ", and", " and"))
        )
        told += link(joint) + part.starting(Start.STAGE)
    return told


def steps(rng: random.Random) -> Piece:
    """A recipe: imperatives, in which nobody is the subject."""
    first, second = rng.choice(lex.STEPS).split("|")
    named = first[first.index("[") + 1 : first.index("]")]
    plural = named.endswith("s") or " and " in named
    parts = [piece(first), piece(second.format("them" if plural else "it"))]
    for _ in range(rng.choice((0, 1, 2))):
        parts.append(act(rng, actor(rng, "person"), "base"))
    style_of = rng.choice((", then", ". Then", ".", ",", " and", "; then", "\n", "n"))
    told = link("1.") + parts[0] if style_of == "n" else parts[0]
    for index, part in enumerate(parts[1:], start=2):
        told += link(f"{index}." if style_of == "n" else style_of) + part.starting(Start.STAGE)
    return told


def consequence(rng: random.Random) -> Piece:
    cause, effect = rng.choice(lex.CONSEQUENCES).split("|")
    joint = rng.choice(
        (
            " and",
            ", and",
            ", then",
            " and then",
            ".",
            ";",
            ", so",
            " until",
            ", and suddenly",
            " and immediately",
        )
    )
    told = _subject_first(cause) + link(joint) + _subject_first(effect).starting(Start.STAGE)
    if rng.random() < 0.2:
        when = rng.choice(("when", "once", "as soon as", "after"))
        return link(when) + _subject_first(cause) + link(",") + _subject_first(effect).starting(Start.STAGE)
    if rng.random() < 0.3:
        told += _after(rng) + _clause(rng, actor(rng), "third").starting(Start.STAGE)
    return told


def _subject_first(text: str) -> Piece:
    """Of "the bell rings": the article and noun, or the pronoun, are the subject."""
    words = text.split()
    three = words[1] in {"old", "card", "starting"}
    length = 1 if words[0] == "it" else 3 if three else 2
    return phrase(piece(" ".join(words[:length])), Phrase.SUBJECT) + piece(" ".join(words[length:]))


def told_backwards(rng: random.Random) -> Piece:
    """Before and after: the order told is not always the order it happens in."""
    who = actor(rng, rng.choice(("person", "animal", "vehicle")))
    main = who.named() + act(rng, who, "third")
    if rng.random() < 0.5:
        return _around_gerund(rng, main, act(rng, who, "gerund"))
    other = who if rng.random() < 0.4 else actor(rng)
    same = other is who and who.pronoun != "they"
    clause = (who.as_pronoun() if same else other.named()) + act(rng, other, "third")
    return _around_clause(rng, main, clause)


def _around_gerund(rng: random.Random, main: Piece, gerund: Piece) -> Piece:
    """ "before leaving, she waves", "she waves after washing"."""
    shape = rng.randrange(4)
    if shape == 0:
        return link("before") + gerund + link(",") + main.starting(Start.EARLIER)
    if shape == 1:
        return link("after") + gerund + link(",") + main.starting(Start.STAGE)
    if shape == 2:
        return main + link(rng.choice((" after", ", after", " right after"))) + gerund.starting(Start.EARLIER)
    return main + link(rng.choice((" before", " just before"))) + gerund.starting(Start.STAGE)


def _around_clause(rng: random.Random, main: Piece, clause: Piece) -> Piece:
    """ "before the bell rings, a boy runs", "a boy runs after the bell rings"."""
    shape = rng.randrange(3)
    if shape == 0:
        return link("before") + clause + link(",") + main.starting(Start.EARLIER)
    if shape == 1:
        return main + link(" after") + clause.starting(Start.EARLIER)
    opening = rng.choice(("after", "once", "when", "as soon as"))
    return link(opening) + clause + link(",") + main.starting(Start.STAGE)


def numbered(rng: random.Random) -> Piece:
    """Steps, scenes, shots, bullets."""
    mark = rng.choice(
        (
            "{n}.", "{n})", "({n})", "Scene {n}:", "scene {n} -", "Step {n}:", "Shot {n}:", "Part {n}:", "- ", "* ", "Act {n}:", "{n}:",
            "{o},", "{o}:", "{o}", "Step {w},", "Scene {w}:", "Part {w}:", "step {w}:", "Shot {w}:", "{w}.", "Number {w}:", "Scene {n},", "Frame {n}:", "[{n}]", "#{n}", "Day {n}:", "Chapter {n}:", "clip {n}:", "{n} -", "•",
        )
    )  # fmt: skip
    ordinals = (
        ("First", "Second", "Third", "Fourth", "Fifth")
        if rng.random() < 0.5
        else ("First", "Then", "Next", "After that", "Finally")
    )
    end = rng.choice((".", ".", ";", ",", "", "\n", " "))
    who = actor(rng) if rng.random() < 0.55 else None
    count = rng.choice((2, 3, 3, 4))
    form: Form = rng.choice(("third", "third", "gerund", "base"))
    told = Piece()
    for index in range(count):
        marker = link(
            (end if index else "")
            + " "
            + mark.format(n=index + 1, o=ordinals[index], w=_NUMBERS[index])
            .replace("[", "(")
            .replace("]", ")")
        )
        step = _step(rng, who, index, form)
        told += marker + (step.starting(Start.STAGE) if index else step)
    return told


def _step(rng: random.Random, who: Actor | None, index: int, form: Form) -> Piece:
    if who is None:
        other = actor(rng)
        return (
            _clause(rng, other, "third" if form == "base" else form)
            if rng.random() < 0.8
            else with_leading_place(rng, other.named(), 0.5)
        )
    if form == "base":
        return act(rng, actor(rng, "person"), "base")
    named = (
        who.named()
        if not index
        else rng.choice((who.again(), who.as_pronoun() if who.pronoun != "they" else who.again()))
    )
    return _clause(rng, who, form, named=named)


def sentences(rng: random.Random) -> Piece:
    """Events as sentences, without connectives."""
    who = actor(rng, rng.choice(("person", "animal", "vehicle")))
    form: Form = rng.choices(("third", "past"), (80, 20))[0]
    told = with_leading_place(rng, _clause(rng, who, form), 0.2) + _place(rng, 0.25)
    end = rng.choice((".", ".", ".", ";", "!", "\n"))
    for _ in range(rng.choices((1, 2, 3), (4, 4, 2))[0]):
        if rng.random() < 0.6:
            pronoun = who.pronoun != "they" and rng.random() < 0.6
            clause = _clause(rng, who, form, named=who.as_pronoun() if pronoun else who.again())
        else:
            clause = _clause(rng, actor(rng), form)
        told += link(end) + (clause + _place(rng, 0.1)).starting(Start.STAGE)
    if rng.random() < 0.2 and clause.words[0].lower in {who.pronoun, "the"}:
        told += link(rng.choice((" and", ", and then", " and finally"))) + act(rng, who, form).starting(
            Start.STAGE
        )
    return told


def first_then(rng: random.Random) -> Piece:
    form = _tense(rng)
    who = actor(rng)
    opening = link(
        rng.choice(
            (
                "first",
                "first,",
                "at first",
                "initially,",
                "to begin with,",
                "it starts with",
                "in the beginning,",
            )
        )
    )
    told = opening + _clause(rng, who, form)
    for index in range(rng.choice((1, 2))):
        joint = (
            rng.choice((", then", ", next", ". Then", ", later", ". Next,", " then", ", after that"))
            if not index
            else rng.choice((", and finally", ", lastly", ". Finally,", ", in the end", ", finally"))
        )
        same = rng.random() < 0.5 and form != "gerund"
        clause = act(rng, who, form) if same else _clause(rng, actor(rng), form)
        told += link(joint) + clause.starting(Start.STAGE)
    return told


def nominal(rng: random.Random) -> Piece:
    """Things or states in a row: "an egg, then a chick"."""
    joint = rng.choice(
        (
            ", then",
            " then",
            ", followed by",
            " and then",
            ". Then",
            " ->",
            ", later",
            " >",
            " and then",
            " to",
        )
    )
    actors = [actor(rng) for _ in range(rng.choice((2, 2, 3)))]
    pieces = [_place_or_act(rng, who) for who in actors]
    told = (link("from") if joint == " to" else Piece()) + pieces[0]
    for each in pieces[1:]:
        told += link(joint) + each.starting(Start.STAGE)
    return told


def _place_or_act(rng: random.Random, who: Actor) -> Piece:
    chosen = rng.random()
    if chosen < 0.3:
        return who.named() + act(rng, who, "gerund")
    return who.named() + _place(rng, 0.4)


# --- at once ---


def parallel(rng: random.Random) -> Piece:
    form = rng.choice(("third", "gerund", "gerund", "third", "past"))
    first, second = actor(rng), actor(rng)
    owned = first.kind in ("person", "animal") and second.kind in ("person", "animal") and rng.random() < 0.2
    named = phrase(piece(f"{first.possessive} {second.noun}"), Phrase.SUBJECT) if owned else None
    told = with_leading_place(rng, _clause(rng, first, form), 0.15) + _place(rng, 0.25)
    joint = rng.choice(_WHILE)
    second_form: Form = (
        "gerund"
        if joint.endswith("with")
        else form
        if rng.random() < 0.75
        else rng.choice(("third", "gerund"))
    )
    told += link(joint) + (_clause(rng, second, second_form, named=named) + _place(rng, 0.35)).starting(
        Start.CLIP
    )
    if rng.random() < 0.18:
        told += link(rng.choice((" and", ", and", " while", ", while"))) + _clause(
            rng, actor(rng), form
        ).starting(Start.CLIP)
    if rng.random() < 0.06:
        told += link(
            rng.choice((", all at the same time", " at the same time", ", all at once", " simultaneously"))
        )
    return told


def leading_while(rng: random.Random) -> Piece:
    opening = link(
        rng.choice(("while", "while", "as", "whilst", "simultaneously,", "at the same time,", "all at once,"))
    )
    form: Form = rng.choice(("third", "gerund"))
    joint = (
        "," if opening.text.lower() in {"while", "as", "whilst"} else rng.choice((" and", ", and", " while"))
    )
    told = opening + _clause(rng, actor(rng), form) + _place(rng, 0.2)
    return told + link(joint) + (_clause(rng, actor(rng), form) + _place(rng, 0.3)).starting(Start.CLIP)


def things_together(rng: random.Random) -> Piece:
    """ "a cat and a dog", "a lamp, a globe and a book", in one place."""
    count = rng.choices((2, 3, 4), (72, 22, 6))[0]
    kind = rng.choice((None, "thing", "animal", "person", "thing"))
    actors = [actor(rng, kind, plain=rng.random() < 0.6) for _ in range(count)]
    opening = (
        link(
            rng.choice(
                (
                    "",
                    "",
                    "",
                    "",
                    "both",
                    "on the table:",
                    "there is",
                    "there's",
                    "there are",
                    "on the shelf:",
                    "in the box:",
                    "we see",
                )
            )
        )
        if rng.random() < 0.5
        else Piece()
    )
    told = opening + actors[0].named()
    for index, who in enumerate(actors[1:], start=1):
        last = index == count - 1
        joint = (
            rng.choice(
                (
                    " and",
                    " and",
                    " and",
                    ", and",
                    " &",
                    " plus",
                    " with",
                    " together with",
                    " as well as",
                    " +",
                )
            )
            if last
            else ","
        )
        if last and rng.random() < 0.08:
            joint = ","
        if count > 2 and last and joint == " with":
            joint = " and"
        told += link(joint) + who.named().starting(Start.CLIP)
    return told + _place(rng, 0.3)


def one_predicate(rng: random.Random) -> Piece:
    """ "a cat and a dog sleeping on the rug"."""
    kind = rng.choice(("person", "animal", "person", "animal", "vehicle", "thing"))
    count = rng.choices((2, 3), (85, 15))[0]
    actors = [actor(rng, kind, plain=rng.random() < 0.5) for _ in range(count)]
    told = link("both") if count == 2 and rng.random() < 0.05 else Piece()
    told += actors[0].named()
    for index, who in enumerate(actors[1:], start=1):
        joint = rng.choice((" and", " and", " &", ", and", " as well as")) if index == count - 1 else ","
        told += link(joint) + who.named().starting(Start.CLIP)
    plural = Actor(kind, "", "", "they", plural=True)
    form: Form = rng.choice(("gerund", "gerund", "base"))
    doing = _alone(rng, plural, form)
    if form == "gerund" and rng.random() < 0.4:
        doing = piece("are") + doing
    told += shared(doing)
    return with_leading_place(rng, told, 0.12) + _place(rng, 0.4)


def _alone(rng: random.Random, who: Actor, form: Form) -> Piece:
    """A predicate without another subject in it, which several can have in common."""
    for _ in range(20):
        doing = act(rng, who, form)
        text = doing.text
        if not any(text.startswith(inflect(verb, form)) for verb in lex.INTERACTIONS):
            return doing
    return piece("waiting" if form == "gerund" else "wait")


def each_its_own(rng: random.Random) -> Piece:
    """ "a cat sleeping and a dog barking", "one boy …, another …"."""
    form: Form = rng.choice(("gerund", "third"))
    if rng.random() < 0.25:
        first = actor(rng, rng.choice(("person", "animal")), plain=True)
        pairs = rng.choice(
            (
                ("one {}", "another"),
                ("one {}", "the other"),
                ("one {}", "another {}"),
                ("some {}s", "others"),
                ("one {}", "a second {}"),
            )
        )
        subjects = [pair.format(first.noun) for pair in pairs]
        many = subjects[0].startswith("some")
        clauses = [
            phrase(piece(subject), Phrase.SUBJECT) + _each(rng, first, form, many=many)
            for subject in subjects
        ]
    else:
        kind = rng.choice(("person", "person", "animal", None))
        clauses = [_clause(rng, actor(rng, kind), form) for _ in range(rng.choices((2, 3, 4), (6, 4, 1))[0])]
    told = with_leading_place(rng, clauses[0], 0.2)
    for index, clause in enumerate(clauses[1:], start=1):
        joint = (
            rng.choice((" and", " and", ", and", "," if form == "gerund" else " and", ";", " &"))
            if index == len(clauses) - 1
            else ","
        )
        told += link(joint) + clause.starting(Start.CLIP)
    return told + _place(rng, 0.3)


def _each(rng: random.Random, who: Actor, form: Form, *, many: bool) -> Piece:
    each = replace(who, plural=many, pronoun="they" if many else who.pronoun)
    doing = act(rng, each, form)
    return progressive(each, doing, rng) if form == "gerund" else doing


def sides(rng: random.Random) -> Piece:
    """Left, right, middle; relative to the picture or to each other."""
    one, two = actor(rng), actor(rng)
    left, right = rng.choice((("left", "right"), ("right", "left")))
    deeds = [
        act(rng, who, rng.choice(("gerund", "third"))) if rng.random() < 0.45 else Piece()
        for who in (one, two)
    ]
    shape = rng.randrange(7)
    clauses = [one.named() + deeds[0], two.named() + deeds[1]]
    if shape == 0:
        pre = rng.choice(
            (
                "on the {}",
                "on the {},",
                "on the {} side",
                "at the {}",
                "to the {},",
                "in the {} half",
                "on the far {}",
            )
        )
        parts = [
            piece(pre.format(side)) + clause for side, clause in zip((left, right), clauses, strict=True)
        ]
    elif shape == 1:
        post = rng.choice(
            ("on the {}", "on the {} side", "to the {}", "at the {}", "on the {} side of the screen")
        )
        parts = [
            clause + piece(post.format(side)) for side, clause in zip((left, right), clauses, strict=True)
        ]
    elif shape == 2:
        told = one.named() + piece(f"{rng.choice(('on', 'to'))} the {left}") + link("of")
        return told + (two.named() + _place(rng, 0.2)).starting(Start.CLIP)
    elif shape == 3:
        parts = [
            piece(f"{side}: ") + clause
            for side, clause in zip((left.capitalize(), right.capitalize()), clauses, strict=True)
        ]
        return parts[0] + link(rng.choice((".", ",", ";"))) + parts[1].starting(Start.CLIP)
    elif shape == 4:
        opening = link(
            rng.choice(
                ("split screen:", "split screen with", "side by side:", "a split screen of", "two halves:")
            )
        )
        return (
            opening
            + clauses[0]
            + link(rng.choice((" and", ",", " |", " /", " versus")))
            + clauses[1].starting(Start.CLIP)
        )
    elif shape == 5:
        grounds = rng.choice(
            (
                ("in the foreground", "in the background"),
                ("in front", "behind"),
                ("at the top", "at the bottom"),
                ("in the corner", "in the middle"),
                ("in the center", "on the left"),
                ("on one side", "on the other"),
                ("on one side", "on the other side"),
            )
        )
        before = rng.random() < 0.5
        parts = [piece(g) + c if before else c + piece(g) for g, c in zip(grounds, clauses, strict=True)]
    else:
        third = actor(rng)
        parts = [
            clauses[0] + piece(f"on the {left}"),
            third.named() + piece(rng.choice(("in the middle", "in the center"))),
            clauses[1] + piece(f"on the {right}"),
        ]
    told = parts[0]
    for part in parts[1:]:
        told += link(rng.choice((" and", ", and", ",", ";", " while", ", while"))) + part.starting(Start.CLIP)
    return told + _place(rng, 0.15)


def next_to(rng: random.Random) -> Piece:
    """ "a cat next to a dog": independent, though close."""
    kind = rng.choice(("thing", "animal", "person", "vehicle", None))
    one, two = actor(rng, kind), actor(rng, kind)
    verb = (
        piece(rng.choice(("standing", "sitting", "parked", "lying", "placed")))
        if rng.random() < 0.25
        else Piece()
    )
    relation = rng.choice(
        (
            "next to",
            "next to",
            "beside",
            "near",
            "alongside",
            "in front of",
            "behind",
            "above",
            "below",
            "under",
            "opposite",
            "close to",
            "side by side with",
        )
    )
    told = one.named() + verb
    if rng.random() < 0.35:
        spot = rng.choice(
            (
                "on the top",
                "on the bottom",
                "at the bottom",
                "on the left",
                "on the right",
                "to the left",
                "to the right",
                "to the left side",
            )
        )
        told += piece(spot) + link("of")
    else:
        told += link(relation)
    return told + (two.named() + _place(rng, 0.25)).starting(Start.CLIP)


def scattered(rng: random.Random) -> Piece:
    """ "a mime on a bench, a skater by the fountain"."""
    count = rng.choice((2, 3, 3))
    told = with_leading_place(rng, actor(rng).named() + piece(rng.choice(lex.ADJUNCTS)), 0.2)
    for index in range(count - 1):
        clause = actor(rng).named() + piece(rng.choice(lex.ADJUNCTS))
        joint = rng.choice((",", ",", ", and", " and", ";")) if index == count - 2 else ","
        told += link(joint) + clause.starting(Start.CLIP)
    return told


# --- both ---


def hybrid(rng: random.Random) -> Piece:
    spatial = rng.choice(
        (parallel, parallel, parallel, one_predicate, things_together, each_its_own, sides, leading_while)
    )
    shape = rng.random()
    if shape < 0.1:
        return _numbered_hybrid(rng, spatial(rng))
    if shape < 0.62:
        told = spatial(rng)
        ending = _ending(rng)
        told += _onward(rng) + ending.starting(Start.STAGE)
        if rng.random() < 0.2:
            told += _onward(rng) + _clause(rng, actor(rng), "third").starting(Start.STAGE)
        return told
    opening = _clause(rng, actor(rng), "third") + _place(rng, 0.2)
    if rng.random() < 0.25:
        opening = link("first") + opening
    if shape < 0.92:
        return (
            opening
            + _after(rng)
            + rng.choice((parallel, one_predicate, each_its_own))(rng).starting(Start.STAGE)
        )
    return spatial(rng) + _after(rng) + rng.choice((parallel, one_predicate))(rng).starting(Start.STAGE)


def _numbered_hybrid(rng: random.Random, together: Piece) -> Piece:
    """ "1. a ship sails while gulls circle 2. a storm comes"."""
    mark = rng.choice(("{n}.", "{n})", "Scene {n}:", "Scene {w}:", "Step {n}:", "Shot {n}:", "- "))
    stages = [together, *(_ending(rng) for _ in range(rng.choice((1, 1, 2))))]
    if rng.random() < 0.4:
        stages.reverse()
    end = rng.choice((".", ".", "\n", " "))
    told = Piece()
    for index, stage in enumerate(stages):
        marker = mark.format(n=index + 1, w=_NUMBERS[index])
        told += link(f"{end if index else ''} {marker}") + (stage.starting(Start.STAGE) if index else stage)
    return told


def _onward(rng: random.Random) -> Piece:
    return link(".") if rng.random() < 0.25 else _after(rng)


def _ending(rng: random.Random) -> Piece:
    if rng.random() < 0.4:
        everyone = rng.choice(
            (
                "everyone",
                "they all",
                "both",
                "they both",
                "everybody",
                "they",
                "the two",
                "all of them",
                "all",
            )
        )
        deed = act(
            rng, Actor("group", "", "", "they", plural=everyone not in {"everyone", "everybody"}), "third"
        )
        return phrase(piece(everyone), Phrase.SUBJECT) + deed
    return _clause(rng, actor(rng), "third") + _place(rng, 0.15)


TEMPORAL: Sequence[tuple[object, int]] = (
    (different_subjects, 16), (same_subject, 20), (verb_list, 20), (object_pronoun, 7), (object_takes_over, 5), (consequence, 6),
    (told_backwards, 7), (numbered, 9), (sentences, 9), (first_then, 6), (nominal, 5), (clause_list, 5), (chain, 8), (steps, 4),
)  # fmt: skip
SPATIAL: Sequence[tuple[object, int]] = (
    (parallel, 24), (leading_while, 7), (things_together, 16), (one_predicate, 13), (each_its_own, 15), (sides, 11), (next_to, 9),
    (scattered, 4),
)  # fmt: skip
HYBRID: Sequence[tuple[object, int]] = ((hybrid, 1),)
