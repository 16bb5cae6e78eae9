"""Claims with the comparison they rest on."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """A claim that the run tested, with the comparison it rests on.

    `contrast` says what the effect is of where that is not the candidate less the baseline on the
    slice: "lora: changed − unchanged, net of base".
    """

    claim: str
    answer: Literal["supported", "contradicted", "not shown"]
    sentence: str
    group: Literal["improved", "broke", "context", "cost"]
    task: str = ""
    metric: str = ""
    slice: str = "all"
    candidate: str = ""
    baseline: str = ""
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    p_holm: float | None = None
    contrast: str = ""
