"""Forms of English verbs, for predicates written in the base form."""

from typing import Literal

from gateway.gate.words import word_set

Form = Literal["base", "third", "gerund", "past"]

_IRREGULAR_PAST = dict(
    pair.split("=")
    for pair in word_set(
        """read=read write=wrote sing=sang sleep=slept wake=woke sit=sat stand=stood get=got run=ran
    swim=swam eat=ate drink=drank buy=bought sell=sold pay=paid put=put take=took hit=hit
    catch=caught throw=threw shoot=shot build=built dig=dug drive=drove ride=rode fly=flew lie=lay
    fall=fell find=found leave=left hide=hid feed=fed cut=cut hold=held blow=blew draw=drew
    spin=spun swing=swung steal=stole bring=brought light=lit set=set spread=spread break=broke
    freeze=froze rise=rose shine=shone grow=grew sink=sank bite=bit fight=fought give=gave lead=led
    make=made do=did go=went ring=rang tell=told sew=sewed stick=stuck burst=burst begin=began
    come=came lay=laid beat=beat spit=spat bend=bent sweep=swept kneel=knelt see=saw hear=heard
    teach=taught let=let cast=cast knit=knitted weep=wept leap=leapt shake=shook speak=spoke"""
    )
)
_DOUBLED = word_set(
    """run sit get put hit cut dig swim stop hop spin drop chop stir step slip trip wag flap beg hug
    pet nap nod bat skid clap tip rub grab jog plan shut dip drag mop zip pat wrap tap hum skip pop
    strum let begin set fit ship sip snap spot knit"""
)
_VOWELS = "aeiou"


def inflect(predicate: str, form: Form) -> str:
    """The predicate with its verb, the first word, in the form."""
    verb, space, rest = predicate.partition(" ")
    return (
        {"base": verb, "third": _third(verb), "gerund": _gerund(verb), "past": _past(verb)}[form]
        + space
        + rest
    )


def _third(verb: str) -> str:
    if verb.endswith(("s", "sh", "ch", "x", "z", "o")):
        return verb + "es"
    if verb.endswith("y") and verb[-2] not in _VOWELS:
        return verb[:-1] + "ies"
    return verb + "s"


def _gerund(verb: str) -> str:
    if verb in {"lie", "die", "tie"}:
        return verb[:-2] + "ying"
    if verb in _DOUBLED:
        return verb + verb[-1] + "ing"
    if verb.endswith("e") and not verb.endswith(("ee", "ye", "oe")):
        return verb[:-1] + "ing"
    return verb + "ing"


def _past(verb: str) -> str:
    if verb in _IRREGULAR_PAST:
        return _IRREGULAR_PAST[verb]
    if verb.endswith("e"):
        return verb + "d"
    if verb.endswith("y") and verb[-2] not in _VOWELS:
        return verb[:-1] + "ied"
    return verb + (verb[-1] if verb in _DOUBLED else "") + "ed"
