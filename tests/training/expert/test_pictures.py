from collections import Counter

import numpy as np
import pytest

from training.expert.canvas import Canvas
from training.expert.pictures import KEYS, Mix, empty, keyed, picture, scene
from training.expert.scenes import SETTINGS
from training.expert.sources import code_points
from training.expert.subjects import PROPS, subjects

pytestmark = pytest.mark.usefixtures("downloads")


def test_there_are_the_subjects_and_settings_that_the_model_promises():
    assert len(subjects()) >= 250
    assert len(SETTINGS) >= 20


def test_every_subject_and_prop_has_its_renders():
    labels = [label for subject in subjects().values() for _, label in subject.labels]
    labels += [subject.head for subject in subjects().values() if subject.head]
    assert not {*labels, *(prop.label for prop in PROPS)} - set(code_points())


def test_no_name_of_the_evaluation_is_a_name_in_training():
    known = {name.lower() for s in subjects().values() for name in (s.name, *s.also, *s.plurals)}
    unseen = {name.lower() for s in subjects().values() for name in s.unseen}
    assert not known & unseen
    phrases = {phrase for setting in SETTINGS.values() for phrase in setting.phrases}
    assert not phrases & {phrase for setting in SETTINGS.values() for phrase in setting.unseen}


def test_the_same_generator_state_gives_the_same_picture():
    first, second = (picture(np.random.default_rng(5)) for _ in range(2))
    assert first.caption == second.caption
    np.testing.assert_array_equal(first.pixels, second.pixels)


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_setting_fills_the_picture(setting):
    canvas = Canvas(np.random.default_rng(3))
    stage = SETTINGS[setting].paint(canvas)
    holes = (canvas.pixels.sum(-1) == 0).mean()
    assert holes < 0.01
    assert stage.ground is None or 0.7 < stage.ground[0] < stage.ground[1] <= 1


def test_a_keyed_picture_is_plain_around_its_subject():
    made = keyed(np.random.default_rng(1), subjects()["dog"], "green", Mix(several=0))
    corners = made.pixels[[0, 0, -1, -1], [0, -1, 0, -1]].astype(int)
    assert np.abs(corners - np.asarray(KEYS["green"]) * 255).max() < 12
    assert (np.abs(made.pixels.astype(int) - corners[0]).max(-1) > 30).mean() > 0.05
    assert "dog" in made.caption or "hound" in made.caption
    assert "green" in made.caption


def test_a_scene_shows_its_subject_and_says_where():
    rng = np.random.default_rng(2)
    made = scene(rng, subjects()["car"], "beach", Mix(several=0))
    bare = empty(np.random.default_rng(2), "beach")
    assert made.setting == bare.setting == "beach"
    assert any(phrase in made.caption for phrase in SETTINGS["beach"].phrases)
    assert (np.abs(made.pixels.astype(int) - bare.pixels).max(-1) > 30).mean() > 0.04


def test_a_student_is_mostly_studying():
    rng = np.random.default_rng(4)
    doing = Counter(activity for _ in range(60) for activity in subjects()["student"].look(rng).activities)
    assert doing["studying"] > 15


def test_kinds_of_pictures_come_in_their_shares():
    rng = np.random.default_rng(6)
    shown = [picture(rng) for _ in range(150)]
    assert 0.1 < sum(p.key is not None for p in shown) / 150 < 0.3
    assert 0.01 < sum(p.subject is None for p in shown) / 150 < 0.1
    assert all(p.pixels.shape == (256, 256, 3) for p in shown)
