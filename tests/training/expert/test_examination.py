from collections import Counter

import numpy as np
import pytest
import torch

from expert_node.engine.checkpoint import EMBEDDED_FOLDER
from expert_node.engine.prior import FILE_NAME, Prior, load_prior
from training.expert import classifier
from training.expert.captions import KEYED, STYLES
from training.expert.examination import PHRASINGS, all_pairs, paraphrases
from training.expert.latents import rendered
from training.expert.measure import accuracy, nearest
from training.expert.pictures import picture
from training.expert.recall import recalled
from training.expert.scenes import SETTINGS
from training.expert.subjects import subjects

pytestmark = pytest.mark.usefixtures("downloads")


def test_every_subject_is_asked_for_in_every_setting_in_words_that_training_never_used():
    questions = all_pairs()
    assert len({(q.subject, q.setting) for q in questions}) == len(subjects()) * len(SETTINGS)
    for question in questions[:300]:
        assert any(phrase.lower() in question.caption.lower() for phrase in SETTINGS[question.setting].unseen)
    assert not {*PHRASINGS} & {*STYLES, *KEYED}


def test_any_beginning_of_the_questions_is_a_fair_sample():
    first = Counter(question.setting for question in all_pairs()[:760])
    assert len(first) == len(SETTINGS)
    assert max(first.values()) < 45


def test_paraphrases_cover_the_names_kept_apart():
    asked = " ".join(question.caption.lower() for question in paraphrases())
    assert all(name in asked for name in ("professor", "puppy", "physician", "automobile"))


def test_the_shipped_prior_knows_what_is_asked_for_and_an_ignorant_one_does_not():
    questions = all_pairs()[:60]
    assert recalled(load_prior(EMBEDDED_FOLDER / FILE_NAME, torch.device("cpu")), questions) > 0.9
    assert recalled(Prior(3), questions) < 0.1


class Judge:
    """Sees a dog in a park in everything."""

    def __call__(self, pictures):
        subject = classifier.subject_names().index("dog") == np.arange(len(subjects()))
        setting = classifier.setting_names().index("park") == np.arange(len(classifier.setting_names()))
        rows = len(pictures)
        return tuple(classifier.torch.from_numpy(np.tile(a, (rows, 1))).int() for a in (subject, setting))


def test_accuracy_counts_subjects_and_settings_apart():
    questions = [q for q in all_pairs() if q.subject == "dog"]
    result = accuracy(np.zeros((len(questions), 256, 256, 3), np.uint8), questions, Judge())
    assert result["subject"] == 1
    assert result["setting"] == round(1 / len(SETTINGS), 4)
    assert result["missed subjects"] == {}
    assert sum(result["missed settings"].values()) > 0


def test_a_picture_of_the_training_set_is_its_own_nearest():
    shown = np.stack([p.pixels for p in rendered(0, 0, 6)])
    np.testing.assert_array_equal(nearest(shown[[4, 1]], shards=1, size=6), shown[[4, 1]])


def test_the_examiner_learns_from_spoiled_pictures():
    model = classifier.Classifier()
    lesson = classifier.Lesson(model, batch=4)
    losses = lesson.losses(0, lesson.given(0))
    (losses["subject"] + losses["setting"]).backward()
    assert all(p.grad is not None for p in model.parameters())
    shown = np.stack([picture(np.random.default_rng(seed)).pixels for seed in range(2)])
    assert len(classifier.judged(model.eval(), shown)) == 2
