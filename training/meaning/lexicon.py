"""Make `gateway/meaning/lexicon.txt.gz` from the database files of WordNet 3.0 (Debian: wordnet-base).

python -m training.meaning.lexicon /usr/share/wordnet

A line a word: the word, how often WordNet's tagged texts have it as noun, verb, adjective and adverb
(`-`: never one), `p` or `a` if its first sense as a noun is a person or an animal, and for an irregular form
`n:` or `v:` with its lemmas.
"""

import argparse
import gzip
import re
from collections import Counter, defaultdict
from pathlib import Path

_OUT = Path(__file__).parents[2] / "gateway/meaning/lexicon.txt.gz"
_KINDS = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}
_SENSE_KINDS = {"1": "n", "2": "v", "3": "a", "4": "r", "5": "a"}
_ANIMATE = {"18": "p", "05": "a"}
_WORD = re.compile(r"[a-z]+")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wordnet", type=Path)
    folder = parser.parse_args().wordnet
    counts = _counts(folder)
    rows: dict[str, list[str]] = defaultdict(lambda: ["-"] * 4)
    for column, (kind, name) in enumerate(_KINDS.items()):
        for word in _words(folder / f"index.{name}"):
            rows[word][column] = str(counts[word, kind])
    animate, irregular = _animate(folder), _irregular(folder)
    lines = []
    for word in sorted(rows.keys() | irregular.keys()):
        extra = [animate.get(word, ""), *irregular.get(word, ())]
        lines.append(" ".join([word, *rows[word], *filter(None, extra)]))
    with _OUT.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as packed:
        packed.write("\n".join(lines).encode())
    print(f"{len(lines)} words, {_OUT.stat().st_size} bytes")


def _counts(folder: Path) -> Counter[tuple[str, str]]:
    counts: Counter[tuple[str, str]] = Counter()
    for line in (folder / "cntlist.rev").read_text().splitlines():
        key, _, count = line.split()
        word, _, rest = key.partition("%")
        counts[word, _SENSE_KINDS[rest[0]]] += int(count)
    return counts


def _words(index: Path) -> list[str]:
    entries = (line.split(" ", 1)[0] for line in index.read_text().splitlines() if line[0] != " ")
    return [word for word in entries if _WORD.fullmatch(word)]


def _animate(folder: Path) -> dict[str, str]:
    """Nouns whose first sense stands in the lexicographers' files of persons or animals."""
    files = {
        line[:8]: _ANIMATE[line[9:11]]
        for line in (folder / "data.noun").read_text().splitlines()
        if line[9:11] in _ANIMATE
    }
    found = {}
    for line in (folder / "index.noun").read_text().splitlines():
        fields = line.split()
        if line[0] != " " and (kind := files.get(fields[-int(fields[2])])):
            found[fields[0]] = kind
    return found


def _irregular(folder: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for kind in "nv":
        for line in (folder / f"{_KINDS[kind]}.exc").read_text().splitlines():
            form, *lemmas = line.split()
            if _WORD.fullmatch(form):
                found[form] += [f"{kind}:{lemma}" for lemma in lemmas if _WORD.fullmatch(lemma)]
    return found


if __name__ == "__main__":
    main()
