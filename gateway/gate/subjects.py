"""Gives every draft its subject: shared predicates, ellipsis and pronouns.

"A cat and a dog sleep" has one predicate for two; "a chef chops onions, stirs" has one subject for two;
"a cat sees a bird, then it jumps" has a pronoun that means nothing in a clip of its own.
"""

from collections.abc import Iterator, Sequence

from gateway.gate.drafts import ARTICLES, Draft, Span, Token, chains
from gateway.gate.grammar import third_person
from gateway.gate.phrases import agrees, fits, head_of, is_plural, names_again, possessive
from gateway.gate.tags import Phrase, Role, Start, Tag
from gateway.gate.words import Word, uncapitalised, word_set

_SUBJECTS = frozenset({"it", "he", "she", "they"})
_OBJECTS = frozenset({"it", "him", "her", "them"})
_PLURAL_PRONOUNS = frozenset({"they", "them", "their"})
_ALL = frozenset({"both", "all", "each"})
_POSSESSIVES = frozenset({"its", "his", "her", "their"})

NounPhrase = tuple[Word, ...]


def resolve(drafts: Sequence[Draft]) -> None:
    """Complete the drafts in place, in the order told."""
    for chain in chains(drafts):
        _share_predicates(chain)
    for index, draft in enumerate(drafts):
        told = list(drafts[:index])
        _resolve_subject(draft, told)
        if told:
            _resolve_others(draft, told)
    _look_ahead(drafts)


def _share_predicates(chain: Sequence[Draft]) -> None:
    shared = [token for draft in chain for token in draft.tokens if token.role is Role.SHARED]
    if len(chain) < 2 or not shared:
        return
    for draft in chain:
        is_owner = any(token.role is Role.SHARED for token in draft.tokens)
        if not is_owner and not draft.is_bare:
            continue
        kept = [token for token in draft.tokens if token.role not in (Role.SHARED, Role.PLACE)]
        span = draft.subject_span
        singular = span is not None and not is_plural(draft.words(span))
        draft.tokens = kept + _agreeing(shared, singular=singular) + draft.place
        draft.notes.add("shared")


def _agreeing(predicate: Sequence[Token], *, singular: bool) -> list[Token]:
    """The predicate for one subject: its verb in the third person."""
    verb = next((index for index, token in enumerate(predicate) if not token.word.lower.endswith("ly")), None)
    if not singular or verb is None:
        return list(predicate)
    first = predicate[verb]
    return [*predicate[:verb], Token(third_person(first.word), first.tag), *predicate[verb + 1 :]]


def _resolve_subject(draft: Draft, told: Sequence[Draft]) -> None:
    span = draft.subject_span
    if span is None:
        subject = _inherited(draft, told)
        if told and "singular they" in told[-1].notes:
            draft.tokens = _agreeing(draft.tokens, singular=True)
            draft.notes.add("singular they")
        _insert(draft, subject)
    else:
        draft.told_subject = draft.words(span)
        subject = _spelled_out(draft.told_subject, told)
        if draft.words(span)[0].lower == "they" and not is_plural(subject):
            draft.tokens[span.end :] = _agreeing(draft.tokens[span.end :], singular=True)
            draft.notes.add("singular they")
        _replace(draft, span, subject)
    draft.subject = subject
    draft.told_subject = draft.told_subject or subject


def _inherited(draft: Draft, told: Sequence[Draft]) -> NounPhrase:
    """The subject of what was told last; of several at once, all of them, unless this happens at once too."""
    if not told or not draft.tokens:
        return ()
    last = chains(told)[-1]
    if len(last) > 1 and draft.start is not Start.CLIP and all("shared" in other.notes for other in last):
        return _all_of(last)
    return told[-1].subject


def _spelled_out(phrase: NounPhrase, told: Sequence[Draft]) -> NounPhrase:
    first = phrase[0].lower
    if first in _SUBJECTS and all(word.lower in _ALL for word in phrase[1:]):
        found = _antecedent(first, told, prefer_subject=True)
        return (*found, *phrase[1:]) if found else phrase
    if len(phrase) > 1 and first in _POSSESSIVES:
        owner = _antecedent(first, told, prefer_subject=True)
        return (*possessive(owner), *phrase[1:]) if owner else phrase
    earlier = [other.subject for other in reversed(told)]
    return next((longer for longer in earlier if names_again(phrase, longer)), phrase)


def _resolve_others(draft: Draft, told: Sequence[Draft]) -> None:
    """Object and possessive pronouns whose antecedent is told in an earlier clip."""
    same_subject = bool(told) and head_of(draft.subject) == head_of(told[-1].subject)
    own = len(draft.subject)
    for index in range(len(draft.tokens) - 1, own - 1, -1):
        pronoun = draft.tokens[index].word.lower
        possessed = pronoun in _POSSESSIVES and not _ends_phrase(draft, index)
        if pronoun not in (_OBJECTS | _POSSESSIVES) or _is_bound(draft, index, pronoun, possessed=possessed):
            continue
        found = _antecedent(pronoun, told, prefer_subject=not same_subject, but=draft.subject)
        if found:
            words = possessive(found) if possessed else found
            draft.tokens[index : index + 1] = _as_tokens(words, draft.tokens[index].tag)


def _ends_phrase(draft: Draft, index: int) -> bool:
    """ "her" at the end, or before a sign or preposition, is an object and no possessive."""
    if index + 1 == len(draft.tokens):
        return True
    following = draft.tokens[index + 1].word
    return following.is_sign or following.lower in _AFTER_OBJECT


_AFTER_OBJECT = word_set(
    """in on at to from with by for into onto over under up down off away back out through across
    around and or while as before after a an the gently softly quickly slowly again together behind
    along there here inside outside one two some towards toward near like"""
)


def _is_bound(draft: Draft, index: int, pronoun: str, *, possessed: bool) -> bool:
    """Is the antecedent in the clip itself?"""
    if possessed and draft.subject and agrees(pronoun, draft.subject):
        return True
    before = [draft.words(span) for span in draft.spans if span.end <= index and not span.is_subject]
    return any(agrees(pronoun, phrase) and phrase[0].lower not in _OBJECTS for phrase in before)


def _antecedent(
    pronoun: str, told: Sequence[Draft], *, prefer_subject: bool, but: NounPhrase = ()
) -> NounPhrase:
    """What the pronoun stands for: the last phrase told that fits, or failing that, that agrees."""
    for chain in reversed(chains(told)):
        if pronoun in _PLURAL_PRONOUNS and len(chain) > 1 and _all_of(chain) != but:
            return _all_of(chain)
    candidates = [
        phrase
        for draft in reversed(told)
        for phrase in _candidates(draft, prefer_subject)
        if not but or head_of(phrase) != head_of(but)
    ]
    for test in (fits, agrees):
        found = next((phrase for phrase in candidates if test(pronoun, phrase)), None)
        if found:
            return found
    if pronoun in _PLURAL_PRONOUNS and told and told[-1].subject and _others(told[-1]):
        return (*told[-1].subject, Word("and"), *_others(told[-1])[0])
    return ()


def _candidates(draft: Draft, prefer_subject: bool) -> Iterator[NounPhrase]:
    subject = [draft.subject] if draft.subject else []
    yield from (subject + _others(draft)) if prefer_subject else (_others(draft) + subject)


def _others(draft: Draft) -> list[NounPhrase]:
    """The draft's other noun phrases, the first first: objects stand before what they are put on."""
    phrases = [_owned(draft.words(span), draft.subject) for span in draft.spans if not span.is_subject]
    return [phrase for phrase in phrases if phrase[-1].lower not in _OBJECTS | _SUBJECTS | ARTICLES]


def _owned(phrase: NounPhrase, owner: NounPhrase) -> NounPhrase:
    """ "his umbrella", said of a man, is "a man's umbrella" elsewhere."""
    if (
        len(phrase) < 2
        or not owner
        or phrase[0].lower not in _POSSESSIVES
        or not agrees(phrase[0].lower, owner)
    ):
        return phrase
    return (*possessive(owner), *phrase[1:])


def _all_of(chain: Sequence[Draft]) -> NounPhrase:
    joined: list[Word] = []
    for draft in chain:
        joined += [Word("and"), *draft.told_subject] if joined else draft.subject
    return tuple(joined)


def _look_ahead(drafts: Sequence[Draft]) -> None:
    """ "After washing his hands, a boy eats": the first clip's subject is told in the second."""
    if len(drafts) < 2 or drafts[0].subject or not drafts[0].tokens:
        return
    if drafts[0].tokens[0].word.lower.endswith("ing"):
        _insert(drafts[0], drafts[1].subject)
        drafts[0].subject = drafts[1].subject


def _insert(draft: Draft, subject: NounPhrase) -> None:
    draft.tokens[:0] = _as_tokens(subject, Tag(phrase=Phrase.SUBJECT))


def _replace(draft: Draft, span: Span, subject: NounPhrase) -> None:
    draft.tokens[span.start : span.end] = _as_tokens(subject, Tag(phrase=Phrase.SUBJECT))


def _as_tokens(words: NounPhrase, tag: Tag) -> list[Token]:
    """Tokens of one noun phrase, the first word tagged as its beginning."""
    inside = (
        Phrase.SUBJECT_INSIDE
        if tag.phrase in (Phrase.SUBJECT, Phrase.SUBJECT_INSIDE)
        else Phrase.OTHER_INSIDE
    )
    begin = Phrase.SUBJECT if inside is Phrase.SUBJECT_INSIDE else Phrase.OTHER
    return [
        Token(Word(uncapitalised(word.text)), Tag(tag.role, phrase=begin if index == 0 else inside))
        for index, word in enumerate(words)
    ]
