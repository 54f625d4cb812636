"""The composer, on tags written by hand: what a right tagging becomes."""

from gateway.gate.compose import compose
from gateway.gate.tags import Phrase, Start, Tagging
from shared.schemas import MAX_CLIP_PROMPT_CHARS, MAX_CLIPS, MAX_STAGES, Mode, Plan
from training.gate.labelled import Piece, link, phrase, piece, place, shared, style


def subject(text: str) -> Piece:
    return phrase(piece(text), Phrase.SUBJECT)


def thing(text: str) -> Piece:
    return phrase(piece(text), Phrase.OTHER)


def later(made: Piece) -> Piece:
    return made.starting(Start.STAGE)


def beside(made: Piece) -> Piece:
    return made.starting(Start.CLIP)


def earlier(made: Piece) -> Piece:
    return made.starting(Start.EARLIER)


def plan_of(*pieces: Piece, mode: Mode | None = None) -> Plan:
    made = sum(pieces, Piece())
    return compose(made.text, Tagging(made.words, made.tags, 0.9), mode=mode)


def stages_of(*pieces: Piece, mode: Mode | None = None) -> list[list[str]]:
    plan = plan_of(*pieces, mode=mode)
    return [[clip.prompt for clip in stage.clips] for stage in plan.stages]


def test_a_left_out_subject_is_the_last_one() -> None:
    made = subject("A brown bear") + piece("bathes") + link(", and then") + later(piece("shakes off water."))
    assert stages_of(made) == [["a brown bear bathes"], ["a brown bear shakes off water"]]


def test_a_pronoun_is_the_subject_it_agrees_with() -> None:
    made = subject("a woman") + piece("waves at") + thing("a man") + link(", then")
    assert stages_of(made + later(subject("he") + piece("waves back")))[1] == ["a man waves back"]
    assert stages_of(made + later(subject("she") + piece("leaves")))[1] == ["a woman leaves"]


def test_an_object_pronoun_is_the_other_noun_phrase() -> None:
    made = subject("a cat") + piece("stalks") + thing("a toy mouse") + link(",")
    made += later(piece("pounces on it"))
    assert stages_of(made)[1] == ["a cat pounces on a toy mouse"]


def test_an_article_alone_is_no_antecedent() -> None:
    made = piece("stir in") + phrase(piece("the"), Phrase.OTHER) + piece("cocoa") + link("2)")
    assert stages_of(made + later(piece("drink it")))[1] == ["drink it"]


def test_an_object_pronoun_with_its_noun_in_the_clip_stays() -> None:
    first = subject("a man") + piece("wakes up") + link(",")
    second = later(piece("takes") + thing("a cup") + piece("and drops it"))
    assert stages_of(first, second)[1] == ["a man takes a cup and drops it"]


def test_they_are_all_that_were_there() -> None:
    first = subject("a cat") + link("and") + beside(subject("a dog")) + shared(piece("sleep"))
    first += link(", then")
    assert stages_of(first, later(subject("they") + piece("wake up"))) == [
        ["a cat sleeps", "a dog sleeps"],
        ["a cat and a dog wake up"],
    ]


def test_they_of_one_person_agrees_in_the_verb() -> None:
    made = subject("A person") + piece("sits") + link(", then") + later(subject("they") + piece("get up"))
    assert stages_of(made)[1] == ["a person gets up"]


def test_a_possessive_subject_names_its_owner() -> None:
    made = subject("a king") + piece("nods") + link(", then") + later(subject("his crown") + piece("falls"))
    assert stages_of(made)[1] == ["a king's crown falls"]


def test_what_is_owned_names_its_owner_elsewhere() -> None:
    made = subject("a man in a suit") + piece("opens") + thing("his umbrella") + link("and")
    assert stages_of(made + later(subject("it") + piece("breaks")))[1] == ["a man's umbrella breaks"]


def test_they_and_them_in_one_clip_are_two_things() -> None:
    first = subject("a mother") + link("and") + beside(subject("her son"))
    first += shared(piece("bake") + thing("cookies")) + place("in a kitchen") + link(", then")
    assert stages_of(first, later(subject("they") + piece("sell them"))) == [
        ["a mother bakes cookies in a kitchen", "a mother's son bakes cookies in a kitchen"],
        ["a mother and her son sell cookies in a kitchen"],
    ]


def test_both_stays_with_what_it_counts() -> None:
    first = subject("a cat") + piece("naps") + link("while") + beside(subject("a dog") + piece("eats"))
    made = first + link(", then") + later(subject("they both") + piece("leave"))
    assert stages_of(made)[1] == ["a cat and a dog both leave"]


def test_a_predicate_that_was_tagged_in_parts_is_shared_whole() -> None:
    first = subject("a fork") + link("and") + beside(subject("a knife")) + piece("on the")
    assert stages_of(first, shared(piece("old")), piece("table")) == [
        ["a fork on the old table", "a knife on the old table"]
    ]


def test_an_adverb_is_no_clip() -> None:
    made = subject("a boy") + piece("wobbles") + link(",") + later(piece("nearly")) + later(piece("falls"))
    assert stages_of(made) == [["a boy wobbles"], ["a boy nearly falls"]]


def test_a_possessive_with_its_owner_in_the_clip_stays() -> None:
    made = subject("a dog") + piece("sits") + link(", then") + later(piece("wags its tail"))
    assert stages_of(made)[1] == ["a dog wags its tail"]


def test_the_short_form_becomes_the_long_one() -> None:
    made = subject("a small white dog") + piece("barks") + link(". ")
    made += later(subject("The dog") + piece("runs"))
    assert stages_of(made)[1] == ["a small white dog runs"]


def test_a_setting_holds_for_clips_without_one() -> None:
    first = place("In a busy kitchen") + piece(",") + subject("a chef") + piece("cooks") + link("while")
    assert stages_of(first, beside(subject("a waiter") + piece("waits"))) == [
        ["a chef cooks in a busy kitchen", "a waiter waits in a busy kitchen"]
    ]


def test_a_setting_named_last_holds_for_its_stage_only() -> None:
    first = subject("a dog") + piece("barks") + link(", then")
    second = later(subject("a man") + piece("reads")) + link("while")
    third = beside(subject("a girl") + piece("sings") + place("in a park"))
    assert stages_of(first, second, third) == [
        ["a dog barks"],
        ["a man reads in a park", "a girl sings in a park"],
    ]


def test_a_setting_that_is_left_holds_no_longer() -> None:
    first = subject("a boy") + piece("reads") + place("in a library") + link(", then")
    second = later(piece("goes home")) + link("and") + later(piece("sleeps"))
    assert stages_of(first, second)[1:] == [["a boy goes home"], ["a boy sleeps"]]


def test_the_style_holds_for_every_clip_and_is_named_once() -> None:
    made = style("A watercolor painting of") + subject("a fox") + piece("waking up") + link(", then")
    plan = plan_of(made, later(piece("yawning")), style(", soft light"))
    assert plan.style == "watercolor painting, soft light"
    assert plan.clips[1].prompt == "a fox yawning, watercolor painting, soft light"


def test_progressive_clips_are_captions() -> None:
    first = subject("a nurse") + piece("is writing") + link("while")
    assert stages_of(first, beside(subject("a boy") + piece("is playing"))) == [
        ["a nurse writing", "a boy playing"]
    ]


def test_what_is_told_later_but_happens_before_comes_first() -> None:
    made = subject("a boy") + piece("eats") + link("after") + earlier(piece("washing his hands"))
    assert stages_of(made) == [["a boy washing his hands"], ["a boy eats"]]
    made = link("before") + piece("leaving") + link(",") + earlier(subject("a girl") + piece("waves"))
    assert stages_of(made) == [["a girl waves"], ["a girl leaving"]]


def test_regions() -> None:
    one, two = subject("a cat") + piece("on the left"), subject("a dog")
    plan = plan_of(one, link("of"), beside(two))
    assert [clip.region for clip in plan.clips] == ["left", "right"]
    plan = plan_of(one, link("and"), beside(two + piece("in the middle")))
    assert [clip.region for clip in plan.clips] == ["left", "center"]
    assert plan_of(one).clips[0].region is None


def test_a_single_prompt_stays_as_it_is_written() -> None:
    made = style("Oil painting of") + subject("two cats") + place("in a park")
    plan = plan_of(made)
    assert plan.clips[0].prompt == "Oil painting of two cats in a park"
    assert (plan.setting, plan.style, plan.clips[0].subject) == ("in a park", "Oil painting", "two cats")


def test_modes_are_bent() -> None:
    made = subject("a cat") + piece("naps") + link("while") + beside(subject("a dog") + piece("eats"))
    assert plan_of(made, mode="temporal").mode == "temporal"
    assert plan_of(made, mode="single").clips[0].prompt == "a cat naps while a dog eats"


def test_limits_hold_and_nothing_is_lost() -> None:
    many = subject("a cat") + piece("jumps0")
    for index in range(1, 20):
        many += link(", then") + later(piece(f"jumps{index}"))
    plan = plan_of(many)
    assert len(plan.stages) == MAX_STAGES
    assert all(f"jumps{index}" in " ".join(clip.prompt for clip in plan.clips) for index in range(20))
    crowd = subject("a cat0")
    for index in range(1, 12):
        crowd += link(",") + beside(subject(f"a cat{index}"))
    plan = plan_of(crowd)
    assert len(plan.clips) == MAX_CLIPS
    assert "cat11" in plan.clips[-1].prompt
    long = plan_of(subject("a cat") + piece("runs " * 900))
    assert len(long.clips[0].prompt) <= MAX_CLIP_PROMPT_CHARS


def test_an_announced_scene_is_another_place() -> None:
    first = link("Scene one:") + subject("a pirate") + place("on a ship") + link(". Scene two:")
    assert stages_of(first, later(subject("a treasure island")))[1] == ["a treasure island"]


def test_each_keeps_its_own_place() -> None:
    first = subject("a runner") + place("in the snow") + link(",")
    assert stages_of(first, beside(subject("a surfer") + piece("in the sun"))) == [
        ["a runner in the snow", "a surfer in the sun"]
    ]
