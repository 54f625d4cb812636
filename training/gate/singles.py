"""Prompts of one clip: one subject, also with several actions at once, and subjects that touch."""

import random

from gateway.gate.tags import Phrase
from training.gate import lexicon as lex
from training.gate.actors import act, actor, article, interaction, progressive
from training.gate.inflection import inflect
from training.gate.labelled import Piece, phrase, piece, place


def where(rng: random.Random) -> str:
    """A place or time, from the list or made up."""
    if rng.random() < 0.55:
        return rng.choice(lex.PLACES)
    full = f"{rng.choice(lex.PLACE_ADJECTIVES)} {rng.choice(lex.PLACE_NOUNS)}"
    preposition = rng.choice(("in", "in", "in", "at", "inside", "near"))
    made = f"{preposition} {rng.choice((article(full), article(full), 'the'))} {full}"
    if rng.random() < 0.15:
        made = f"{made} in {rng.choice(('Paris', 'Tokyo', 'Brazil', 'the mountains', 'ancient Rome', 'the future', 'the 1920s'))}"
    if rng.random() < 0.25:
        time = rng.choice(lex.TIMES_OF_DAY)
        return f"{made} {time}" if rng.random() < 0.5 else f"{time} {made}"
    return made


def with_place(rng: random.Random, told: Piece, chance: float = 0.4) -> Piece:
    """The piece with a place before or after it, or without one."""
    if rng.random() > chance:
        return told
    named = place(where(rng))
    if rng.random() < 0.25:
        return named + piece(rng.choice((",", ",", ""))) + told
    return told + named


def acting(rng: random.Random) -> Piece:
    who = actor(rng)
    return with_place(rng, who.named() + _doing(rng, who))


def _doing(rng: random.Random, who: object) -> Piece:
    if rng.random() < 0.3:
        return act(rng, who, "third")
    return progressive(who, act(rng, who, "gerund"), rng)


def at_once(rng: random.Random) -> Piece:
    """Several actions of one subject at the same time."""
    who = actor(rng, rng.choice(("person", "person", "animal", "vehicle")))
    first, second = act(rng, who, "gerund", adjunct=0.05), act(rng, who, "gerund", adjunct=0.1)
    joint = rng.choice(
        ("and", "while", "while", ",", "whilst", "and at the same time", ", all while", "as well as")
    )
    done = piece(rng.choice(("", "is "))) + first + piece(joint) + second
    shape = rng.random()
    if shape < 0.2:
        done = act(rng, who, "third", adjunct=0.1) + piece(rng.choice(("while", ",", "while still"))) + second
    elif shape < 0.3:
        done = first + piece(rng.choice(("as", "while"))) + piece(who.pronoun) + act(rng, who, "third")
    elif shape < 0.36:
        done = first + piece("with one hand and") + second + piece("with the other")
    elif shape < 0.42:
        done = first + piece(",") + second + piece("and") + act(rng, who, "gerund", adjunct=0)
    return with_place(rng, who.named() + done, 0.3)


def touching(rng: random.Random) -> Piece:
    who = actor(rng, rng.choice(("person", "person", "animal")))
    other = actor(rng, rng.choice(("person", "animal", "animal")))
    verb = interaction(rng).split(" [")[0]
    form = rng.choice(("third", "gerund", "gerund", "base" if who.plural else "third"))
    doing = piece(inflect(verb, form))
    owned = rng.random() < 0.3
    words = f"{who.possessive} {other.noun}" if owned else other.text
    return with_place(rng, who.named() + doing + phrase(piece(words), Phrase.OTHER), 0.35)


def reciprocal(rng: random.Random) -> Piece:
    one, two = actor(rng, rng.choice(("person", "animal"))), actor(rng, rng.choice(("person", "animal")))
    both = phrase(piece(f"{one.text} and {two.text}"), Phrase.SUBJECT)
    if rng.random() < 0.25:
        both = phrase(piece(rng.choice(lex.GROUPS)), Phrase.SUBJECT)
    verb = piece("are") if rng.random() < 0.3 else Piece()
    return with_place(rng, both + verb + piece(rng.choice(lex.RECIPROCAL)), 0.3)


def riding(rng: random.Random) -> Piece:
    """One on, in or with another."""
    who, other = actor(rng), actor(rng, rng.choice(("vehicle", "animal", "thing")))
    on = rng.choice(
        ("riding", "on", "sitting on", "standing on", "inside", "driving", "with", "carrying", "holding", "wrapped around",
         "made of", "leaning against", "lying on", "on top of", "looking at", "covered with", "hanging from", "chained to",
         "surrounded by", "followed by", "full of", "shaped like", "as big as", "dressed as", "that looks like", "without",
         "chasing", "walking towards", "jumping over", "running from", "hiding behind", "stuck in", "painted on", "tied to",
         "that never leaves", "who loves", "whose best friend is", "and the shadow of", "about to meet", "dreaming of")
    )  # fmt: skip
    return with_place(rng, who.named() + piece(on) + phrase(piece(other.text), Phrase.OTHER), 0.25)


def noun_only(rng: random.Random) -> Piece:
    who = actor(rng)
    if rng.random() < 0.3:
        return phrase(piece(who.noun), Phrase.SUBJECT)
    return with_place(rng, who.named(), 0.5)


def possessing(rng: random.Random) -> Piece:
    """Nouns joined by "and" that belong to one subject."""
    who = actor(rng, rng.choice(("person", "person", "animal", "vehicle", "thing")), plain=True)
    things = [actor(rng, "thing", plain=True) for _ in range(rng.choice((2, 2, 3)))]
    texts = [rng.choice((thing.noun, thing.text)) for thing in things]
    listed = ", ".join(texts[:-1]) + rng.choice((" and ", ", and ", " & ")) + texts[-1]
    joint = rng.choice(
        ("with", "holding", "carrying", "wearing", "selling", "surrounded by", "covered with", "juggling", "painting",
         "looking for", "made of", "full of", "decorated with", "packing", "buying", "holding a tray with", "dreaming of",
         "with pictures of", "standing between", "eating", "thinking about", "cleaning", "with a pattern of", "playing with")
    )  # fmt: skip
    return with_place(rng, who.named() + piece(joint) + phrase(piece(listed), Phrase.OTHER), 0.3)


def followed(rng: random.Random) -> Piece:
    """A subject with its own: "a duck followed by her ducklings"."""
    who, other = (
        actor(rng, rng.choice(("person", "animal"))),
        actor(rng, rng.choice(("animal", "thing", "person")), plain=True),
    )
    joint = rng.choice(
        (
            "followed by",
            "with",
            "and",
            "next to",
            "together with",
            "chased by",
            "watched by",
            "trailed by",
            "without",
        )
    )
    owned = f"{who.possessive} {rng.choice(('own ', 'little ', 'big ', ''))}{rng.choice((other.noun, 'shadow', 'reflection', 'friends', 'babies'))}"
    if joint == "and":
        owned = f"{who.possessive} {rng.choice(('shadow', 'reflection', 'mirror image', 'own thoughts'))}"
    return with_place(rng, who.named() + piece(joint) + phrase(piece(owned), Phrase.OTHER), 0.3)


def assembled(rng: random.Random) -> Piece:
    """ "an orchestra of violins, cellos and flutes": a list within one thing."""
    nouns = [
        f"{rng.choice((rng.choice(lex.ANIMALS), rng.choice(lex.THINGS)))}s"
        for _ in range(rng.choice((2, 3, 3)))
    ]
    listed = ", ".join(nouns[:-1]) + rng.choice((" and ", ", and ")) + nouns[-1]
    holder = rng.choice(lex.CONTAINERS)
    told = phrase(piece(f"{article(holder)} {holder} of {listed}"), Phrase.SUBJECT)
    return with_place(
        rng, told + (act(rng, actor(rng, "group"), "gerund") if rng.random() < 0.4 else Piece())
    )


def ambience(rng: random.Random) -> Piece:
    who = actor(rng)
    return with_place(rng, who.named() + _doing(rng, who), 0.4) + piece(rng.choice(lex.AMBIENCE))


def beside_scenery(rng: random.Random) -> Piece:
    who = actor(rng, rng.choice(("person", "animal", "vehicle", "thing")))
    verb = piece(rng.choice(("sitting", "standing", "lying", "parked", "waiting", "resting", "sleeping", "")))
    spot = rng.choice(
        ("next to a window", "next to the fireplace", "beside the road", "behind a tree", "near a wall", "next to the pool",
         "in front of a house", "beside a river", "next to a brick wall", "by the door", "under a bridge", "next to the sea",
         "in front of a mountain", "behind bars", "beside a pond", "on the left side of the road", "near the entrance",
         "in the middle of the street", "on the right bank of the river", "in front of the camera", "between two trees",
         "at the top of a hill", "in the corner of a room", "in front of a mirror", "under a tree", "behind the curtain")
    )  # fmt: skip
    return who.named() + verb + piece(spot)


def timed(rng: random.Random) -> Piece:
    """Before, after and then that join no clips."""
    who = actor(rng)
    when = rng.choice(
        ("after a long day", "after the storm", "before the big game", "after sunset", "before dawn", "after school",
         "before an audience", "after dinner", "during a break", "until midnight", "once again", "for the first time",
         "for the last time", "right after the rain", "just before midnight", "since the morning", "later that night",
         "the morning after", "all day long", "in the end", "one last time", "while on vacation", "while at work", "next door",
         "as always", "as usual", "as fast as possible", "as if nothing happened", "as a child", "as part of a show",
         "before a crowd of fans", "after winning the race", "the next morning", "in the meantime", "then and now")
    )  # fmt: skip
    if rng.random() < 0.25:
        return place(when) + piece(",") + who.named() + _doing(rng, who)
    return who.named() + _doing(rng, who) + piece(when)


def whenever(rng: random.Random) -> Piece:
    """ "wakes up when the bell rings": when, and not what next."""
    who, other = actor(rng), actor(rng)
    if rng.random() < 0.2:
        third = actor(rng)
        clauses = (
            piece(other.text)
            + act(rng, other, "third")
            + piece("and")
            + piece(third.text)
            + act(rng, third, "third")
        )
        return phrase(piece(rng.choice(lex.SCENES)), Phrase.SUBJECT) + piece("where") + clauses.unphrased()
    joint = rng.choice(
        ("when", "whenever", "because", "so that", "if", "where", "every time", "even though", "in case")
    )
    return (
        who.named()
        + act(rng, who, "third")
        + piece(joint)
        + piece(other.text)
        + act(rng, other, "third").unphrased()
    )


def landscape(rng: random.Random) -> Piece:
    """A place told in several sentences, in which small things move."""
    facts = (
        "Dust floats in the air", "Sunlight falls through the windows", "Nobody is there", "Birds circle in the distance", "Leaves move in the wind",
        "Fog covers the ground", "Old furniture stands around", "A clock ticks on the wall", "Rain runs down the glass", "Shadows move slowly",
        "The walls are covered with ivy", "Water drips from the ceiling", "Candles burn", "The sky is grey", "A river runs through it", "Lanterns glow",
        "Columns rise into the dark", "Grass grows between the stones", "Curtains move softly", "The floor is wet", "Snow lies on the roofs", "Lights blink",
    )  # fmt: skip
    opening = (
        rng.choice(lex.SCENES)
        if rng.random() < 0.5
        else f"{rng.choice(('an', 'an', 'the'))} {rng.choice(('empty', 'abandoned', 'old', 'ancient', 'endless'))} {rng.choice(('house', 'temple', 'street', 'hall', 'station', 'church', 'ship', 'forest', 'room', 'factory', 'palace'))}"
    )
    told = phrase(piece(opening), Phrase.SUBJECT)
    for fact in rng.sample(facts, rng.choice((1, 2, 2, 3))):
        told += piece(".") + piece(fact)
    return told


def featured(rng: random.Random) -> Piece:
    """A list of what belongs to one thing, each with its own adjective."""
    holder = rng.choice((*lex.PLACE_NOUNS, *lex.THINGS, *lex.PEOPLE, *lex.VEHICLES, *lex.FEATURED))
    if rng.random() < 0.5:
        holder = f"{rng.choice((*lex.ADJECTIVES, *lex.PLACE_ADJECTIVES))} {holder}"
    nouns = rng.choice((lex.GARMENTS, lex.BODY_PARTS, lex.FEATURES, lex.FEATURES, lex.FEATURES, lex.THINGS))
    parts = [_feature(rng, noun) for noun in rng.sample(nouns, rng.choice((2, 2, 3, 4)))]
    listed = ", ".join(parts[:-1]) + rng.choice((" and ", " and ", ", and ", " & ")) + parts[-1]
    joint = (
        "wearing"
        if nouns is lex.GARMENTS
        else rng.choice(("with", "with", "made of", "full of", "surrounded by", "with plenty of"))
    )
    told = (
        phrase(piece(f"{article(holder)} {holder}"), Phrase.SUBJECT)
        + piece(joint)
        + phrase(piece(listed), Phrase.OTHER)
    )
    if rng.random() < 0.25:
        told += piece(
            rng.choice(
                (
                    "rotating on a white background",
                    "standing still",
                    "seen from above",
                    "slowly turning",
                    "in the wind",
                    "at rest",
                )
            )
        )
    if rng.random() < 0.15:
        return piece(rng.choice(("a slow pan across", "zooming in on", "a view of", "a flight over"))) + told
    return with_place(rng, told, 0.2)


def _feature(rng: random.Random, noun: str) -> str:
    full = f"{rng.choice(lex.ADJECTIVES)} {noun}" if rng.random() < 0.5 else noun
    plural = noun.endswith("s")
    if plural:
        return (
            f"{rng.choice(('two', 'three', 'many', 'some', 'a few'))} {full}" if rng.random() < 0.3 else full
        )
    return full if noun.startswith("a ") else f"{article(full)} {full}"


def quoted(rng: random.Random) -> Piece:
    """Connectives inside quotation marks connect nothing."""
    said = rng.choice(lex.QUOTED)
    thing = rng.choice(
        (
            "a sign",
            "a banner",
            "a poster",
            "a neon sign",
            "a book",
            "a t-shirt",
            "a billboard",
            "a screen",
            "a mug",
            "a note",
        )
    )
    verb = rng.choice(
        ("that says", "saying", "reading", "with the words", "with the text", "titled", "which reads")
    )
    told = phrase(piece(thing), Phrase.SUBJECT) + piece(f'{verb} "{said}"')
    return told + piece(
        rng.choice(
            (
                "",
                "above a door",
                "on a wall",
                "over a shop",
                "in front of a house",
                "held by a man",
                "next to a road",
            )
        )
    )


def negated(rng: random.Random) -> Piece:
    """What is not in the picture is no clip."""
    who, other = actor(rng), actor(rng, plain=True)
    shape = rng.randrange(4)
    if shape == 0:
        return piece(f"not {other.text},") + who.named()
    if shape == 1:
        return who.named() + piece(f", not {other.text}")
    if shape == 2:
        return who.named() + piece(f"instead of {other.text}")
    return (
        piece(rng.choice(("no people, just", "no text, no logo, only", "nobody around, just"))) + who.named()
    )


def dusk(rng: random.Random) -> Piece:
    """Weather and light that begin the sentence are no subject of their own."""
    who = actor(rng)
    told = who.named() + _doing(rng, who)
    return piece(f"{rng.choice(('as', 'while', 'as', 'when'))} {rng.choice(lex.DUSK)},") + told


def relative(rng: random.Random) -> Piece:
    who = actor(rng, plain=True)
    extra = f"{rng.choice(('that', 'who') if who.kind == 'person' else ('that', 'which'))}"
    clause = piece(extra) + act(rng, who, "third")
    told = who.named() + clause
    return told + act(rng, who, "third") if rng.random() < 0.4 else with_place(rng, told, 0.3)


def scene(rng: random.Random) -> Piece:
    chosen = rng.choice(lex.SCENES)
    return with_place(rng, phrase(piece(chosen), Phrase.SUBJECT), 0.12)


def described(rng: random.Random) -> Piece:
    """Several sentences about one picture."""
    who = actor(rng, rng.choice(("person", "animal", "thing", "vehicle")))
    pronoun = who.pronoun.capitalize() if rng.random() < 0.5 else f"The {who.noun}"
    have = "have" if who.pronoun == "they" and pronoun == "They" else "has"
    be = "are" if have == "have" else "is"
    facts = [
        f"{pronoun} {have} {rng.choice(('big', 'bright', 'old', 'long', 'strange'))} {rng.choice(('eyes', 'legs', 'hair', 'wheels', 'colors', 'lights'))}",
        f"{pronoun} {be} {rng.choice(lex.ADJECTIVES)}",
        f"{pronoun} {be} {rng.choice(('smiling', 'very old', 'made of glass', 'covered in dust', 'surrounded by flowers', 'in the center', 'standing still'))}",
        f"{rng.choice(('The background is', 'The light is', 'The air is', 'The sky is', 'The room is', 'Everything is', 'The mood is', 'The scene is'))} {rng.choice(('dark', 'blurred', 'warm', 'soft', 'calm', 'foggy', 'golden', 'blue', 'quiet', 'peaceful', 'cold'))}",
        f"{rng.choice(('Soft light', 'Golden hour', 'Very detailed', 'Nobody is around', 'Dust in the air', 'Snow everywhere', 'No people', 'Calm mood', 'Warm colors', 'Gentle wind', 'Sunlight on the floor'))}",
    ]  # fmt: skip
    told = with_place(
        rng, who.named() + (progressive(who, act(rng, who, "gerund"), rng) if rng.random() < 0.6 else Piece())
    )
    for fact in rng.sample(facts, rng.choice((1, 2, 2, 3))):
        told += piece(".") + piece(fact)
    return told


def rich(rng: random.Random) -> Piece:
    """One long description with commas that separate no clips."""
    who = actor(rng)
    details = rng.sample(
        ("wearing a long coat", "dust in the air", "tall buildings behind", "neon signs", "a sense of wonder", "rain and mist",
         "with rusty metal and broken glass", "leaves on the ground", "smoke rising from chimneys", "soft shadows", "birds in the sky",
         "reflections on the wet ground", "mountains in the distance", "flowers all around", "with boxes, barrels and ropes",
         "old stone walls", "sunbeams through the clouds", "a few people far away", "candles and old books", "long shadows",
         "colorful flags", "in great detail", "steam and sparks", "waves in the background", "looking at the camera", "windows lit"),
        rng.choice((2, 3, 4)),
    )  # fmt: skip
    told = with_place(rng, who.named() + progressive(who, act(rng, who, "gerund"), rng), 0.7)
    for detail in details:
        told += piece(",") + piece(detail)
    return told


def other(rng: random.Random) -> Piece:
    return piece(rng.choice(lex.OTHER_LANGUAGES).replace("[", "(").replace("]", ")"))


def compounds(rng: random.Random) -> Piece:
    """ "black and white", "salt and pepper": "and" inside one thing."""
    pair = rng.choice(
        ("thunder and lightning", "fire and ice", "snow and ice", "sun and moon", "knife and fork", "pen and paper", "light and shadow", "salt and pepper", "black and white", "red and blue", "bread and butter", "rock and roll", "fish and chips", "up and down",
         "back and forth", "round and round", "bow and arrow", "cup and saucer", "hide and seek", "wind and rain", "war and peace",
         "gold and silver", "arts and crafts", "ham and cheese", "gin and tonic", "hot and cold", "mac and cheese", "suit and tie",
         "love and hate", "day and night", "trial and error", "sweet and sour", "hammer and sickle", "stars and stripes", "left and right")
    )  # fmt: skip
    who = actor(rng, plain=True)
    tail = rng.choice(
        (
            "",
            " pattern",
            " sandwich",
            " shakers",
            " drawing",
            " flag",
            " poster",
            " game",
            " theme",
            " set",
            " dress",
        )
    )
    shape = rng.random()
    if shape < 0.1:
        return with_place(rng, phrase(piece(f"{pair}{tail}"), Phrase.SUBJECT), 0.8)
    if shape < 0.4:
        return with_place(rng, phrase(piece(f"{article(pair)} {pair}{tail}"), Phrase.SUBJECT))
    if shape < 0.7:
        return with_place(
            rng,
            who.named()
            + piece(rng.choice(("with", "holding", "and the", "painted in")))
            + piece(pair + tail),
        )
    moving = rng.choice(
        ("up and down", "back and forth", "round and round", "left and right", "here and there")
    )
    return with_place(rng, who.named() + act(rng, who, "gerund", adjunct=0) + piece(moving))


def camera(rng: random.Random) -> Piece:
    who = actor(rng)
    moves = rng.choice(
        ("the camera slowly zooms in on", "the camera pans across", "camera circles around", "the camera follows", "a slow pan over",
         "we slowly fly over", "a static shot of", "the camera pulls back from", "zoom out from", "the view moves through")
    )  # fmt: skip
    return piece(moves) + with_place(rng, who.named(), 0.5)


SINGLES = (
    (acting, 24), (at_once, 13), (touching, 13), (reciprocal, 5), (riding, 10), (noun_only, 5), (possessing, 9),
    (ambience, 4), (beside_scenery, 5), (timed, 6), (relative, 5), (scene, 9), (described, 6), (rich, 6), (other, 4),
    (compounds, 4), (camera, 2), (whenever, 4), (landscape, 4), (followed, 4), (assembled, 4), (featured, 9),
    (quoted, 2), (negated, 2), (dusk, 2),
)  # fmt: skip
