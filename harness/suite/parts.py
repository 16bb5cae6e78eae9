"""Read what a suite knows beside its rows: facts, glossary, style, documents, prompts."""

import re
from collections.abc import Hashable
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from harness.records import Document, Fact, Prompt, Term, Version
from harness.suite import yamlfile
from harness.suite.explain import Where, always, validate
from harness.suite.facts import interval_problems
from harness.suite.files import Problems, quote, read_jsonl, read_text, shown
from harness.suite.row_schema import FactRow, FrontMatter, PromptFile, StyleFile, TermEntry

GLOSSARY_SLOTS = ("glossary", "terms", "random_terms")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_FENCE = re.compile(r"\A---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)(.*)\Z", re.DOTALL | re.MULTILINE)
Key = TypeVar("Key", bound=Hashable)


def note_twice(
    seen: dict[Key, str], key: Key, kind: str, where: str, problems: Problems, remedy: str = ""
) -> None:
    """Note a name that was already used elsewhere; `seen` remembers where."""
    if key in seen:
        problems.add(f"{kind} {quote(key)} is already used at {seen[key]}", where, remedy)
    seen.setdefault(key, where)


def read_facts(path: Path, problems: Problems) -> tuple[dict[str, Fact], set[str]]:
    """Facts by id, and every id that was written, also of facts that are wrong."""
    facts: dict[str, Fact] = {}
    seen: dict[str, str] = {}
    for _, where, raw in read_jsonl(path, problems):
        row = validate(FactRow, raw, always(where), problems)
        name = raw.get("id")
        if isinstance(name, str):
            note_twice(seen, name, "fact id", where, problems, "give each fact its own id")
        if row is None:
            continue
        versions = tuple(
            Version(v.value, v.valid_from, v.valid_to, tuple(v.aliases), v.source)
            for v in row.versions
        )
        fact = Fact(
            row.id,
            row.entity,
            row.attribute,
            versions,
            row.exposures,
            tuple(row.placebo),
            tuple(row.tags),
            where,
        )
        for problem in interval_problems(fact):
            problems.add(problem.what, problem.where, problem.remedy)
        for false in sorted(set(row.placebo) & {v.value for v in versions}):
            problems.add(f"fact '{row.id}': placebo '{false}' was true once", where, "change it")
        facts[row.id] = fact
    return facts, set(seen)


def read_glossary(path: Path, problems: Problems) -> tuple[Term, ...]:
    """The terms of a glossary file, which is a list."""
    file = yamlfile.read(path, problems)
    if file is None:
        return ()
    if not isinstance(file.data, list):
        remedy = "write a list of {preferred: …, forbidden: […]}"
        problems.add("a glossary should be a list", file.where(), remedy)
        return ()
    terms, seen = [], dict[str, str]()
    for index, raw in enumerate(file.data):
        entry = validate(TermEntry, raw, _entry(file, index), problems)
        if entry is None:
            continue
        where = file.where((index,))
        note_twice(seen, entry.preferred.casefold(), "term", where, problems, "merge the two")
        if entry.preferred.casefold() in {word.casefold() for word in entry.forbidden}:
            problems.add(f"term '{entry.preferred}' forbids itself", where, "remove it there")
        terms.append(Term(entry.preferred, entry.definition, tuple(entry.forbidden), entry.trained))
    return tuple(terms)


def _entry(file: yamlfile.YamlFile, index: int) -> Where:
    return lambda loc: file.where((index, *loc))


def read_style(path: Path, problems: Problems) -> tuple[dict[str, Any], dict[str, str]]:
    """The style file's data, and where each rule is written."""
    file = yamlfile.read(path, problems)
    if file is None or validate(StyleFile, file.data, file.where, problems) is None:
        return {}, {}
    seen: dict[str, str] = {}
    for index, rule in enumerate(file.data["rules"]):
        note_twice(seen, rule["name"], "rule", file.where(("rules", index)), problems, "rename one")
    return dict(file.data), seen


def read_documents(folder: Path, problems: Problems, facts: set[str]) -> tuple[Document, ...]:
    """Every Markdown file below a folder, by path."""
    documents = []
    seen: dict[str, str] = {}
    paths = sorted(
        path
        for path in folder.rglob("*.md")
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    if not paths:
        problems.add("there is no .md file in the documents folder", shown(folder))
    for path in paths:
        document = read_document(path, problems)
        if document is None:
            continue
        note_twice(seen, document.id, "document id", document.where, problems)
        for fact in document.facts:
            if fact not in facts:
                problems.unknown("fact", fact, facts, document.where)
        documents.append(document)
    return tuple(documents)


def read_document(path: Path, problems: Problems) -> Document | None:
    """A Markdown file with optional front matter."""
    text = read_text(path, problems)
    if text is None:
        return None
    where = f"{shown(path)}:1"
    head, body = FrontMatter(), text
    if re.match(r"---[ \t]*\r?\n", text):
        match = _FENCE.match(text)
        if match is None:
            problems.add("front matter is not closed", where, "end it with a line ---")
            return None
        file = yamlfile.parse(match[1], path, problems, first_line=2)
        if file is None:
            return None
        found = validate(FrontMatter, file.data or {}, file.where, problems)
        if found is None:
            return None
        head, body = found, match[2]
    if not body.strip():
        problems.add("the document has no text", where)
    if head.valid_from and head.valid_to and head.valid_to <= head.valid_from:
        what = f"valid_to {head.valid_to} is not after valid_from {head.valid_from}"
        problems.add(what, where, "valid_to is the first day without it")
    return Document(
        head.id or path.stem,
        head.title or path.stem,
        body.strip(),
        head.valid_from,
        head.valid_to,
        tuple(head.facts),
        where,
        head.searchable,
    )


def read_prompt(name: str, path: Path, problems: Problems, *, glossary: bool) -> Prompt | None:
    """A prompt: YAML with `system` and `user`, or a text file, which is the system text."""
    where = f"{shown(path)}:1"
    if path.suffix in (".yaml", ".yml"):
        file = yamlfile.read(path, problems)
        if file is None:
            return None
        found = validate(PromptFile, file.data or {}, file.where, problems)
        if found is None:
            return None
        prompt = Prompt(name, found.system, found.user, found.shots)
        where = file.where(("user",))
    else:
        text = read_text(path, problems)
        if text is None:
            return None
        prompt = Prompt(name, text.strip())
    if "{input}" not in prompt.user:
        problems.add(f"prompt '{name}': user has no {{input}}", where, "say where the case goes")
    elif not prompt.system.strip() and prompt.user.strip() == "{input}":
        problems.add(f"prompt '{name}' is empty", where, "write a system text")
    both = prompt.system + prompt.user
    for slot in GLOSSARY_SLOTS:
        if f"{{{slot}}}" in both and not glossary:
            what = f"prompt '{name}' asks for {{{slot}}}, but the suite has no glossary"
            problems.add(what, where, "add `glossary: glossary.yaml` to the suite")
    if bool(prompt.shots) != ("{examples}" in both):
        what = f"prompt '{name}' has shots: {prompt.shots} and "
        what += "{examples}" if "{examples}" in both else "no {examples}"
        problems.add(what, where, "give both or neither")
    slots = [*GLOSSARY_SLOTS, "examples"]
    note_misspelt(prompt.system, slots, f"prompt '{name}'", where, problems)
    note_misspelt(prompt.user, ["input", *slots], f"prompt '{name}'", where, problems)
    return prompt


def note_misspelt(text: str, valid: list[str], what: str, where: str, problems: Problems) -> None:
    """Note a placeholder that is nearly one of the valid ones."""
    for word in dict.fromkeys(_PLACEHOLDER.findall(text)):
        close = get_close_matches(word.lower(), valid, n=1, cutoff=0.75)
        if close and word not in valid:
            remedy = f"did you mean {{{close[0]}}}?"
            problems.add(f"{what}: {{{word}}} is not replaced by anything", where, remedy)
