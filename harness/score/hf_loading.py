"""Metrics of Hugging Face `evaluate` by name: the user's own scripts first, then the hub.

A suite is data and never runs code: a name in it is no path. Scripts that the user trusts lie in
the folder that BENCH_METRICS names; a metric of a hub user ("user/name") is code of a stranger and
is loaded only where BENCH_TRUST_REMOTE_CODE=1 says so.
"""

import math
import os
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from harness.errors import unknown_remedy

FOLDER = "BENCH_METRICS"
TRUST = "BENCH_TRUST_REMOTE_CODE"
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)?")


@lru_cache(maxsize=64)
def load(name: str, folder: str, trust: str) -> Any:
    """The metric of a name, with the values of BENCH_METRICS and BENCH_TRUST_REMOTE_CODE.

    Raises:
        ValueError: the name is a path, is not trusted, cannot be found, or compares no texts.
    """
    if not _NAME.fullmatch(name) or name.endswith(".py") or ".." in name:
        raise ValueError(
            f"metric '{name}' is no name, and a suite runs no code"
            f" (put the script into a folder of your own and name that in {FOLDER})"
        )
    script = _script(name, folder)
    if script is None and "/" in name and trust != "1":
        raise ValueError(
            f"metric '{name}' is code of a hub user (set {TRUST}=1 if you trust it,"
            f" or put a script of your own into the folder that {FOLDER} names)"
        )
    # `evaluate` would run a script of that name that lies below the working folder
    if script is None and Path(name, f"{name.rpartition('/')[2]}.py").exists():
        raise ValueError(f"metric '{name}' is also a script in this folder (run from elsewhere)")
    import evaluate  # seconds: loading a suite without such a metric must not wait for it

    try:
        metric = evaluate.load(str(script or name), keep_in_memory=True)
    except Exception as error:  # noqa: BLE001 - whatever a script, the hub or a lost line raises
        why = (str(error).splitlines() or [type(error).__name__])[0]
        where = f"or name the folder of {name}.py in {FOLDER}"
        remedy = (
            f"correct {script}" if script else f"connect to the hub, {where}{_close(name, folder)}"
        )
        raise ValueError(f"metric '{name}' cannot be loaded: {why[:200]} ({remedy})") from None
    if _kind(metric, "predictions") != "text" or _kind(metric, "references") is None:
        raise ValueError(f"metric '{name}' does not compare texts (choose one that does)")
    return metric


def value(
    metric: Any, name: str, answer: str, reference: str, key: str, kwargs: Mapping[str, Any]
) -> float:
    """The number that a metric gives to one answer.

    Raises:
        ValueError: the result has no such number, or it is not finite.
    """
    said: Any = [reference] if _kind(metric, "references") == "texts" else reference
    found = metric.compute(predictions=[answer], references=[said], **kwargs)
    if not isinstance(found, Mapping):
        raise ValueError(f"metric '{name}' gives {type(found).__name__}, not numbers")  # noqa: TRY004
    numbers = {str(at): number for at, one in found.items() if (number := _number(one)) is not None}
    own = name.rpartition("/")[2]
    chosen = key or (own if own in numbers else next(iter(numbers)) if len(numbers) == 1 else "")
    if chosen not in numbers:
        what = f"no number '{key}'" if key else "several numbers" if numbers else "no number"
        raise ValueError(f"metric '{name}' gives {what} (key: {unknown_remedy(key, numbers)})")
    if not math.isfinite(numbers[chosen]):
        raise ValueError(f"metric '{name}' gives {numbers[chosen]} for '{chosen}'")
    return numbers[chosen]


def settings() -> tuple[str, str]:
    """What the user's environment says: the folder of own scripts, and trust."""
    return os.environ.get(FOLDER, ""), os.environ.get(TRUST, "")


def _script(name: str, folder: str) -> Path | None:
    if not folder:
        return None
    root = Path(folder).expanduser().resolve()
    last = name.rpartition("/")[2]
    candidates = (root / f"{name}.py", root / name / f"{last}.py")
    return next((path for path in candidates if path.is_file()), None)


def _close(name: str, folder: str) -> str:
    own = [path.stem for path in Path(folder).expanduser().rglob("*.py")] if folder else []
    return f"; there: {unknown_remedy(name, own)}" if own else ""


def _kind(metric: Any, which: str) -> str | None:
    """What a metric takes per answer: a "text", a list of "texts", or None for anything else."""
    features = metric.features if isinstance(metric.features, list) else [metric.features]
    kinds = {_feature(one.get(which)) for one in features}
    return next((kind for kind in ("text", "texts") if kind in kinds), None)


def _feature(feature: Any) -> str | None:
    if getattr(feature, "dtype", None) in ("string", "large_string"):
        return "text"
    inner = getattr(feature, "feature", feature[0] if isinstance(feature, list) else None)
    return "texts" if getattr(inner, "dtype", None) in ("string", "large_string") else None


def _number(found: Any) -> float | None:
    """A number, or the only one of a list that a metric gives per answer."""
    if isinstance(found, list | tuple) and len(found) == 1:
        found = found[0]
    if isinstance(found, str) or found is None:
        return None
    try:
        return float(found)
    except (TypeError, ValueError):
        return None
