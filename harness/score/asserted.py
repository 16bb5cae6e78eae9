"""What a trained reader looks at to tell which of a fact's values an answer settles on."""

from collections.abc import Iterable, Sequence
from itertools import combinations, pairwise

from harness.score.signs import CLASS, MARK, TOKEN, stem

TAGS = {"current": "C", "stale": "O", "other": "N", "placebo": "P"}
"""The letter that stands for a value of each kind; "X" is a quantity that no value has."""

_END = frozenset(".?!;\n")
Place = tuple[int, int, str]
"""Start, end and letter of a place in a text."""
Sentence = list[tuple[str, str]]
"""The words of a sentence with their classes."""
LETTERS = frozenset([*"CONPX", *(letter + "~" for letter in "CONP")])

_BREAKS = frozenset((",", "SEMI", "COLON", "BUT", "(", ")"))
_JOINS = frozenset(("and", "while", "whereas", "if", "after", "when", "which", "who", "unless"))
_LIGHT = frozenset(("OF", "IS", ","))
_SKIPPED = frozenset({"OF", "_", "q", "#"})


def tokens(text: str, places: Sequence[Place], known: frozenset[str]) -> list[Sentence]:
    """The sentences of a text in lower case as words with their classes; a place is one word.

    `known` are stems of the words of the question and of the fact.
    """
    found: list[Sentence] = [[]]
    at = 0
    for start, end, tag in [*places, (len(text), len(text), "")]:
        for token in TOKEN.findall(text, at, start):
            if token[0] == "?":
                found[-1].append((token, MARK[token]))
            if token in _END:
                found.append([])
            else:
                found[-1].append((token, _class(token, known)))
        if tag:
            found[-1].append((tag, tag))
        at = max(at, end)
    return [one for one in found if one]


def _class(token: str, known: frozenset[str]) -> str:
    if token[0].isdigit():
        return "#"
    if not token[0].isalpha():
        return MARK.get(token, token)
    return CLASS.get(token) or ("q" if stem(token) in known else "_")


def features(said: list[Sentence], told: Iterable[str]) -> set[str]:
    """Signs of what an answer does with each value: words around it, order, shape, and `told`."""
    out: set[str] = set()
    order: list[str] = []
    bag: set[str] = set()
    for number, one in enumerate(said):
        words = [word for word, _ in one]
        classes = [name for _, name in one]
        bag.update(name for name in classes if name not in LETTERS)
        out.update([f"{a}_{b}" for a, b in pairwise(words)])
        out.update([f"{a}{b}" for a, b in pairwise(classes)])
        out.update(
            [f"{a}{b}{c}" for a, b, c in zip(classes, classes[1:], classes[2:], strict=False)]
        )
        out.update(words)
        plain = [name for name in dict.fromkeys(classes) if name not in _SKIPPED]
        out.update([f"{a}>{b}" for i, a in enumerate(plain) for b in plain[i + 1 :]])
        if number == 0:
            out.add("H" + "".join(classes[:2]))
            out.update(["F" + name for name in plain])
        if number == len(said) - 1:
            out.update(["L" + name for name in plain])
        for at, tag in enumerate(classes):
            if tag in LETTERS:
                if not order or order[-1] != tag:
                    order.append(tag)
                _around(tag, at, words, classes, out)
        _clauses(words, classes, out)
    kinds = "".join(sorted(set(order)))
    out.update((f"set{kinds}", f"ord{''.join(order[:6])}", f"n{min(len(said), 4)}"))
    out.add(f"len{min(sum(map(len, said)) // 8, 5)}")
    if order:
        out.update((f"first{order[0]}", f"last{order[-1]}", f"last{order[-1]}of{kinds}"))
    out.update([f"{kinds}&{name}" for name in bag if name not in _SKIPPED])
    out.update(beside(kinds, told))
    return out


def kinds_of(said: list[Sentence]) -> str:
    """The letters of the values that sentences have."""
    return "".join(sorted({name for one in said for _, name in one if name in LETTERS}))


def beside(kinds: str, told: Iterable[str]) -> list[str]:
    """What is told of an answer as signs, each by itself and with the kinds of its values."""
    return [f"{before}{name}" for name in told for before in ("", f"{kinds}&")]


def _clauses(words: list[str], classes: list[str], out: set[str]) -> None:
    """Of what each clause with a value speaks: of what was asked, or of something else."""
    parts: list[list[str]] = [[]]
    for word, name in zip(words, classes, strict=True):
        if name in _BREAKS or word in _JOINS:
            parts.append([])
        parts[-1].append(name)
    about: dict[str, int] = {}
    for part, last in zip(parts, [[], *parts], strict=False):
        asked = part.count("q")
        tags = [name for name in part if name in LETTERS]
        for tag in tags:
            about[tag] = max(about.get(tag, 0), asked)
            out.add(f"{tag}q{min(asked, 2)}p{min(last.count('q'), 1)}")
            _clause(tag, part, out)
        if not tags and asked:
            out.add(f"qalone{min(asked, 2)}" + ("?" if "QM" in part else ""))
    for one, other in combinations(sorted(about), 2):
        gap = about[one] - about[other]
        out.add(f"{one}{'<' if gap < 0 else '>' if gap else '='}{other}")


def _clause(tag: str, part: list[str], out: set[str]) -> None:
    """How many words of the question, and strange ones, stand around a value in its clause."""
    at = part.index(tag)
    before, after = part[:at], part[at + 1 :]
    head = next((name for name in before if name not in _LIGHT), "^")
    ahead = f"{min(before.count('_'), 2)}q{min(before.count('q'), 2)}"
    out.update(
        (
            f"{tag}q{min(part.count('q'), 2)}_{min(part.count('_'), 3)}",
            f"{tag}h{head}",
            f"{tag}h{head}_{ahead}",
            f"{tag}t{min(after.count('_'), 2)}q{min(after.count('q'), 2)}",
        )
    )


def _around(tag: str, at: int, words: list[str], classes: list[str], out: set[str]) -> None:
    """The words and classes around a value."""
    for off in (1, 2, 3):
        before = words[at - off] if at >= off else "^"
        after = words[at + off] if at + off < len(words) else "$"
        out.update((f"{tag}-{off}:{before}", f"{tag}+{off}:{after}"))
    out.add(f"{tag}-:{' '.join(words[max(0, at - 2) : at])}")
    out.add(f"{tag}-:{' '.join(words[max(0, at - 3) : at])}")
    out.add(f"{tag}+:{' '.join(words[at + 1 : at + 3])}")
    out.add(f"{tag}+:{' '.join(words[at + 1 : at + 4])}")
    out.add(f"{tag}+1c:{classes[at + 1] if at + 1 < len(classes) else '$'}")
    out.add(f"{tag}-1c:{classes[at - 1] if at else '^'}")
    left = [name for name in classes[:at] if name not in _SKIPPED]
    right = [name for name in classes[at + 1 :] if name not in _SKIPPED]
    out.update([f"{tag}<{name}" for name in left])
    out.update([f"{tag}~{name}" for name in right])
    out.add(f"{tag}<<{left[-1] if left else '^'}")
    out.add(f"{tag}~~{right[0] if right else '$'}")
    out.add(f"{tag}<<{' '.join(left[-2:])}")
    out.add(f"{tag}~~{' '.join(right[:2])}")
