"""Content words: what a prompt is about, so that a plan can be checked to keep it and add nothing."""

import re

from gateway.gate.words import word_set

_STOP_WORDS = word_set(
    """a an the and or but nor so then than that this these those there here of in on at by to from
    with without for into onto over under up down off out as is are was were be been being am do
    does did has have had will would can could it its itself he him his himself she her hers herself
    they them their theirs themselves who whom whose which what when where while whilst whereas
    meanwhile also both all each first second third secondly next finally lastly afterwards after
    before later eventually subsequently followed now one another other i you we me my your our us
    not no if just very too same time moment until till once during simultaneously
    meantime afterward thereafter"""
)
#: The marks of a list's items: "1.", "(2)", "Step 3:", "Scene two:".
_MARK = re.compile(
    r"(?:^|(?<=\s))[(\[]?(?:(?:scene|step|shot|part|act)\s+)?(?:\d{1,2}|one|two|three|four|five)[.):\]]+(?=\s)",
    re.I,
)
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_VOWELS = frozenset("aeiouy")


def stem(word: str) -> str:
    """Equal for the forms of one word, roughly: "studies", "studying" and "study" are "studi"."""
    word = re.sub(r"['’]s?$", "", word.lower())
    for ending in ("ing", "ed", "es", "s"):
        base = word.removesuffix(ending)
        if base != word and len(base) >= 3 and _VOWELS & set(base) and not word.endswith("ss"):
            word = base
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiou":
        word = word[:-1]
    return re.sub(r"(?:e|y|i)$", "", word) if len(word) > 3 else word


def content_words(text: str) -> set[str]:
    """The stems of the text's words without function words, connectives of order and marks of a list."""
    return {stem(word) for word in _WORD.findall(_MARK.sub(" ", text)) if word.lower() not in _STOP_WORDS}


def kept_share(prompt: str, clips: list[str]) -> float:
    """The share of the prompt's content words that appear in some clip; 1 if it has none."""
    wanted = content_words(prompt)
    found = content_words(" ".join(clips))
    return len(wanted & found) / len(wanted) if wanted else 1.0


def invented_share(prompt: str, clip: str) -> float:
    """The share of a clip's content words that the prompt does not have."""
    said = content_words(clip)
    return len(said - content_words(prompt)) / len(said) if said else 0.0
