"""What the prior imagines, before anything is drawn: how often the thumbnail is nearest to one of the subject
that was asked for, on unseen phrasings and on names that training has never seen.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from expert_node.engine.checkpoint import EMBEDDED_FOLDER
from expert_node.engine.prior import FILE_NAME, Prior, load_prior

from .devices import CPU
from .examination import Question, all_pairs, paraphrases
from .subjects import subjects
from .text import embedded
from .thumbnails import thumbnail

_LOOKS = 12
_CHUNK = 64


def known_looks() -> tuple[list[str], Tensor]:
    """Names, and flat thumbnails (N, 16384) of what they can look like, in [0, 1]."""
    rng, names, looks = np.random.default_rng(0), [], []
    for name, subject in subjects().items():
        for _ in range(_LOOKS):
            names.append(name)
            looks.append(thumbnail(subject.look(rng).sprite))
    return names, torch.from_numpy(np.stack(looks)).permute(0, 3, 1, 2).flatten(1).float() / 255


@torch.inference_mode()
def recalled(prior: Prior, questions: Sequence[Question]) -> float:
    """Share of the questions whose subject is the nearest."""
    names, looks = known_looks()
    right = 0
    for start in range(0, len(questions), _CHUNK):
        asked = questions[start : start + _CHUNK]
        words = embedded([question.caption for question in asked])
        made = prior.thumbnails(prior.shown(*prior.understood(words))).flatten(1)
        nearest = torch.cdist(made, looks).argmin(1).tolist()
        right += sum(names[index] == question.subject for index, question in zip(nearest, asked, strict=True))
    return right / len(questions)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=EMBEDDED_FOLDER, help="a checkpoint's folder")
    parser.add_argument("--pairs", type=int, default=1_000, help="questions on unseen phrasings")
    options = parser.parse_args()
    prior = load_prior(options.model / FILE_NAME, CPU)
    report = {
        "unseen phrasings": round(recalled(prior, all_pairs()[: options.pairs]), 4),
        "names not in training": round(recalled(prior, paraphrases()), 4),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
