"""suite.yaml: short forms written out, the profile laid over, and checked against the schema."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import UnknownNameError, UsageError, nearest
from harness.suite import yamlfile
from harness.suite.explain import faulty, validate, without
from harness.suite.files import Problems, quote, shown
from harness.suite.schema import SuiteFile
from harness.suite.yamlfile import Loc, YamlFile

WHOLE = "full"  # the profile that needs no definition: the suite as it is written
# what may be left out where it is wrong, and nothing else is wrong for that
APART: dict[Loc, int] = {
    ("gate",): 2,
    ("expect",): 2,
    ("decision", ""): 2,
    ("decision",): 1,
    ("curve",): 2,
    ("sampling",): 2,
    ("retrieve",): 1,
    ("recipes",): 3,
    ("candidates",): 3,
    ("tasks", "", "limit"): 3,
    ("tasks", "", "max_tokens"): 3,
    ("tasks", "", "description"): 3,
}


@dataclass
class Spec:
    """suite.yaml in one profile; `raw.where` places a key path."""

    profile: str
    file: SuiteFile
    raw: YamlFile


def locate(path: Path) -> Path:
    """The suite.yaml of a folder, or the YAML file itself; UsageError when there is none."""
    try:
        if path.is_dir():
            path = path / "suite.yaml"
        if path.is_file():
            return path
        parent = path.parent
        around = [str(p) for p in parent.iterdir()] if parent.is_dir() else []
    except (OSError, ValueError) as error:
        raise UsageError(f"the suite cannot be read: {error}", where=str(path)[:200]) from None
    close = nearest(str(path), around)
    remedy = f"did you mean '{close}'?" if close else "make one with `bench init`"
    raise UsageError("no such suite", where=shown(path), remedy=remedy)


def choose(profile: str | None, raw: YamlFile, *, has_gpu: bool) -> str:
    """The profile to use; UnknownNameError when the suite has none of that name."""
    defined = _mapping(_mapping(raw.data).get("profiles"))
    if profile is None:
        wanted = WHOLE if has_gpu else "quick"
        return wanted if wanted in defined else WHOLE
    if profile != WHOLE and profile not in defined:
        valid = {*map(str, defined), WHOLE}
        raise UnknownNameError("profile", profile, valid, where=raw.where(("profiles",)))
    return profile


def read_all(raw: YamlFile, chosen: str, problems: Problems) -> Iterator[Spec]:
    """The suite in the chosen profile, then in each other one, so that all are checked."""
    if not isinstance(raw.data, dict):
        problems.add("suite.yaml should be a mapping", raw.where(), "start with `name: …`")
        return
    defined = _mapping(raw.data.get("profiles"))
    for profile in dict.fromkeys([chosen, *map(str, defined)]):
        laid = _overlay(raw, profile)
        _check_profile(raw, laid, profile, problems)
        file = validate(SuiteFile, laid.data, laid.where, problems)
        if file is None:  # the rest is read all the same: every problem at once
            file = without(SuiteFile, laid.data, APART)
            laid = laid.without_items(faulty(SuiteFile, laid.data, APART))
        if file is not None:
            yield Spec(profile, file, laid)


def _overlay(raw: YamlFile, profile: str) -> YamlFile:
    over = _long_train(_mapping(_mapping(raw.data.get("profiles")).get(profile)))
    data = _merge(_long_train(raw.data), over)
    below = raw.below(("profiles", profile))
    parents = {loc[:end] for loc in below for end in range(len(loc))}
    changed = {loc: line for loc, line in below.items() if loc not in parents & raw.lines.keys()}
    lines = raw.lines | changed | {(): raw.lines.get((), 1)}
    return _long_forms(YamlFile(raw.path, data, lines))


def _merge(base: Any, over: Any) -> Any:
    """Mappings are merged key by key; anything else is replaced."""
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    merged = dict(base)
    for key, value in over.items():
        merged[key] = _merge(base[key], value) if key in base else value
    return merged


def _long_train(data: dict[Any, Any]) -> dict[Any, Any]:
    train = data.get("train")
    if isinstance(train, str | list):
        return {**data, "train": {"file": _listed(train)}}
    if isinstance(train, dict) and "file" in train:
        return {**data, "train": {**train, "file": _listed(train["file"])}}
    return data


def _long_forms(raw: YamlFile) -> YamlFile:
    """Empty sections dropped, single names made lists, lists of scorers made mappings."""
    data = {key: value for key, value in raw.data.items() if value is not None}
    for section in ("recipes", "candidates", "profiles"):
        data |= {section: _filled(data[section])} if section in data else {}
    lines = raw.lines
    if isinstance(data.get("curve"), dict):
        data["curve"] = [data["curve"]]
        lines = lines | {("curve", 0, *loc): line for loc, line in raw.below(("curve",)).items()}
    if isinstance(data.get("tasks"), dict):
        data["tasks"] = {
            name: _long_task(task, ("tasks", str(name)), lines)
            for name, task in data["tasks"].items()
        }
    return YamlFile(raw.path, data, lines)


def _long_task(task: Any, loc: Loc, lines: dict[Loc, int]) -> Any:
    if not isinstance(task, dict):
        return task
    task = {key: value for key, value in task.items() if value is not None}
    if "cases" in task:
        task["cases"] = _listed(task["cases"])
    scorers = task.get("scorers")
    if isinstance(scorers, list) and all(isinstance(name, str) for name in scorers):
        for index, name in enumerate(scorers):
            lines[*loc, "scorers", name] = lines.get((*loc, "scorers", index), 1)
        task["scorers"] = dict.fromkeys(scorers)
    if "scorers" in task:
        task["scorers"] = _filled(task["scorers"])
    return task


def _check_profile(raw: YamlFile, laid: YamlFile, profile: str, problems: Problems) -> None:
    """A profile changes what the suite has: a new task needs cases, a new recipe a user."""
    over = _mapping(_mapping(raw.data.get("profiles")).get(profile))
    loc = ("profiles", profile)
    for key in ("name", "profiles"):
        if key in over:
            what = f"a profile cannot change '{key}'"
            problems.add(what, raw.where((*loc, key)), "remove it")
    tasks = _mapping(raw.data.get("tasks"))
    for name, task in tasks.items():
        _check_twice(raw, str(name), task, problems)
    for name, task in _mapping(over.get("tasks")).items():
        if name not in tasks and "cases" not in _mapping(task):
            place = raw.where((*loc, "tasks", str(name)))
            problems.unknown("task", str(name), map(str, tasks), place)
            laid.data["tasks"].pop(name)
    recipes = _mapping(raw.data.get("recipes")) or {"lora": {}}
    candidates = _mapping(laid.data.get("candidates"))
    used = [_mapping(candidate).get("adapter") for candidate in candidates.values()]
    for name in _mapping(over.get("recipes")):
        if name not in recipes and name not in used:
            place = raw.where((*loc, "recipes", str(name)))
            problems.unknown("recipe", str(name), map(str, recipes), place)
            laid.data["recipes"].pop(name)


def _check_twice(raw: YamlFile, name: str, task: Any, problems: Problems) -> None:
    scorers = _mapping(task).get("scorers")
    listed = scorers if isinstance(scorers, list) else []
    for index, scorer in enumerate(listed):
        if scorer in listed[:index]:
            where = raw.where(("tasks", name, "scorers", index))
            problems.add(f"scorer {quote(scorer)} is listed twice", where, "keep one")


def read(path: Path, problems: Problems) -> YamlFile:
    """The parsed suite.yaml; SuiteError when it is no YAML at all."""
    raw = yamlfile.read(path, problems)
    if raw is None:
        problems.raise_if_any()
        raise UsageError("the suite cannot be read", where=shown(path))
    return raw


def _mapping(value: Any) -> dict[Any, Any]:
    return value if isinstance(value, dict) else {}


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _filled(value: Any) -> Any:
    """A mapping with {} for what is left empty, such as `base:`."""
    if not isinstance(value, dict):
        return value
    return {key: {} if entry is None else entry for key, entry in value.items()}
