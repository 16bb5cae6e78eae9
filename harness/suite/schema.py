"""What suite.yaml may hold, and the JSON Schemas of all files; unknown keys are refused."""

from dataclasses import MISSING, fields
from typing import Annotated, Any, Literal

from pydantic import Field, GetJsonSchemaHandler, TypeAdapter
from pydantic_core import CoreSchema

from harness.records import Endpoint, Passages, Recipe, Retrieval, RuleKind, Sampling, Suite
from harness.suite.deciding import DecisionSpec
from harness.suite.row_schema import (
    CaseRow,
    FactRow,
    FrontMatter,
    PromptFile,
    Strict,
    StyleFile,
    TermEntry,
    TrainRow,
)
from harness.suite.scalars import (
    Against,
    Day,
    Int,
    Name,
    Number,
    Seed,
    Targets,
    Text,
    Url,
    Variable,
    Word,
)

MAX_RANK = 512  # the largest LoRA rank that vLLM serves


def _defaults(record: type[Any]) -> dict[str, Any]:
    return {f.name: f.default for f in fields(record) if f.default is not MISSING}


_RECIPE, _SAMPLING, _RETRIEVAL = _defaults(Recipe), _defaults(Sampling), _defaults(Retrieval)
_ENDPOINT, _PASSAGES = _defaults(Endpoint), _defaults(Passages)


class DatesSpec(Strict):
    """When training data ends, and the day that cases are asked."""

    trained_until: Day | None = None
    as_of: Day | None = None


class TrainSpec(Strict):
    """Training files; `limit` takes a seeded sample."""

    file: Annotated[list[Text], Field(min_length=1)]
    limit: Annotated[Int, Field(ge=1)] | None = None

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Editors also accept the short form: a file name."""
        whole = handler.resolve_ref_schema(handler(core_schema))
        one = {"type": "string"}
        whole["properties"]["file"] = {"anyOf": [one, whole["properties"]["file"]]}
        return {"anyOf": [one, whole]}


class SamplingSpec(Strict):
    """How engines pick the next token."""

    temperature: Annotated[Number, Field(ge=0, le=10)] = _SAMPLING["temperature"]
    top_p: Annotated[Number, Field(gt=0, le=1)] = _SAMPLING["top_p"]
    seed: Seed = _SAMPLING["seed"]
    samples: Annotated[Int, Field(ge=1, le=64)] = _SAMPLING["samples"]


class EndpointSpec(Strict):
    """An OpenAI-compatible server; `key` names the environment variable that holds its key."""

    url: Url
    key: Variable | None = None
    model: Text | None = None
    concurrency: Annotated[Int, Field(ge=1, le=1024)] = _ENDPOINT["concurrency"]
    timeout: Annotated[Number, Field(gt=0, le=86_400)] = _ENDPOINT["timeout"]
    retries: Annotated[Int, Field(ge=0, le=100)] = _ENDPOINT["retries"]
    input_price: Annotated[Number, Field(ge=0)] | None = None
    output_price: Annotated[Number, Field(ge=0)] | None = None


class RetrieveSpec(Strict):
    """How retrieved context is found and shown."""

    retriever: Text = _RETRIEVAL["retriever"]
    k: Annotated[Int, Field(ge=1, le=1000)] = _RETRIEVAL["k"]
    max_chars: Annotated[Int, Field(ge=1)] = _RETRIEVAL["max_chars"]
    template: Text = _RETRIEVAL["template"]
    chunk_chars: Annotated[Int, Field(ge=0)] = _RETRIEVAL["chunk_chars"]
    overlap: Annotated[Int, Field(ge=0)] = _RETRIEVAL["overlap"]
    index: Day | None = _RETRIEVAL["index"]
    encoder: Text = _RETRIEVAL["encoder"]


class TaskSpec(Strict):
    """A task; `scorers` maps a scorer's name to its options."""

    description: str = ""
    cases: Annotated[list[Text], Field(min_length=1)]
    limit: Annotated[Int, Field(ge=1)] | None = None
    scorers: Annotated[dict[str, dict[str, Any]], Field(min_length=1)] | None = None
    max_tokens: Annotated[Int, Field(ge=1, le=100_000)] = 128
    candidates: Annotated[list[Name], Field(min_length=1)] | None = None

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Editors also accept the short forms: one file name, a list of scorers."""
        whole = handler.resolve_ref_schema(handler(core_schema))
        keys = whole["properties"]
        keys["cases"] = {"anyOf": [{"type": "string"}, keys["cases"]]}
        names = {"type": "array", "items": {"type": "string"}}
        keys["scorers"]["anyOf"].insert(0, names)
        return whole


class PassagesSpec(Strict):
    """Passages in training prompts; defaults are those of records.Passages."""

    distractors: Annotated[Int, Field(ge=0, le=50)] = _PASSAGES["distractors"]
    without_gold: Annotated[Number, Field(ge=0, lt=1)] = _PASSAGES["without_gold"]


class ReplaySpec(Strict):
    """A share of older or general rows beside a recipe's own."""

    share: Annotated[Number, Field(gt=0, lt=1)]
    only: tuple[Text, ...] = ()
    without: tuple[Text, ...] = ()


class RecipeSpec(Strict):
    """How a LoRA adapter is trained; defaults are those of records.Recipe."""

    rank: Annotated[Int, Field(ge=1, le=MAX_RANK)] = _RECIPE["rank"]
    alpha: Annotated[Number, Field(gt=0)] = _RECIPE["alpha"]
    dropout: Annotated[Number, Field(ge=0, lt=1)] = _RECIPE["dropout"]
    rslora: bool = _RECIPE["rslora"]
    targets: Targets = _RECIPE["targets"]
    learning_rate: Annotated[Number, Field(gt=0, le=1)] = _RECIPE["learning_rate"]
    warmup: Annotated[Number, Field(ge=0, lt=1)] = _RECIPE["warmup"]
    epochs: Annotated[Number, Field(gt=0, le=1000)] = _RECIPE["epochs"]
    batch_rows: Annotated[Int, Field(ge=1)] = _RECIPE["batch_rows"]
    max_length: Annotated[Int, Field(ge=8)] = _RECIPE["max_length"]
    weight_decay: Annotated[Number, Field(ge=0)] = _RECIPE["weight_decay"]
    clip: Annotated[Number, Field(gt=0)] = _RECIPE["clip"]
    dev_fraction: Annotated[Number, Field(ge=0, lt=0.9)] = _RECIPE["dev_fraction"]
    patience: Annotated[Int, Field(ge=0)] = _RECIPE["patience"]
    seed: Seed = _RECIPE["seed"]
    only: tuple[Text, ...] = ()
    without: tuple[Text, ...] = ()
    limit: Annotated[Int, Field(ge=1)] | None = None
    draw: Seed | None = None
    start: Name | None = None
    passages: PassagesSpec | None = None
    replay: ReplaySpec | None = None
    schedule: Literal["cosine", "linear", "constant"] = _RECIPE["schedule"]
    steps: Annotated[Int, Field(ge=1, le=1_000_000)] | None = None
    neftune: Annotated[Number, Field(ge=0, le=1000)] = _RECIPE["neftune"]
    load_in_4bit: bool = _RECIPE["load_in_4bit"]


class CandidateSpec(Strict):
    """One way to answer."""

    adapter: Text | None = None
    prompt: Name | None = None
    context: Literal["none", "retrieved", "gold"] = "none"
    retrieve: dict[str, Any] | None = None


class CurveEntry(Strict):
    """Sizes x seeds of a recipe to train for a learning curve."""

    recipe: Name
    sizes: Annotated[list[Annotated[Int, Field(ge=1)]], Field(min_length=1)]
    seeds: Annotated[list[Seed], Field(min_length=1)] | None = None
    tasks: Annotated[list[Word], Field(min_length=1)] | None = None
    training: Literal["independent", "nested"] = "independent"


class ArmSpec(Strict):
    """What an expectation's arm is held against: the keys that differ from the arm."""

    candidate: Name | None = None
    task: Word | None = None
    metric: Text | None = None
    slice: Text | None = None


class ExpectationSpec(Strict):
    """What the author expects of a run, written down before it."""

    name: Word
    says: Text
    phenomenon: Annotated[Int, Field(ge=1)] | None = None
    kind: Literal["contrast", "calibration"] = "contrast"
    candidate: Name
    task: Word
    metric: Text
    slice: Text = "all"
    against: ArmSpec
    direction: Literal["higher", "lower"] = "higher"
    min_effect: Annotated[Number, Field(ge=0)] = 0.0
    net_of: Name | None = None


class RuleSpec(Strict):
    """A gate rule; which numbers it needs depends on its kind."""

    kind: RuleKind
    candidate: Name
    task: Word | None = None
    metric: Text
    slice: Text | None = None
    against: Against | None = None
    margin: Annotated[Number, Field(ge=0)] | None = None
    min_effect: Annotated[Number, Field(ge=0)] | None = None
    value: Number | None = None


class PolicyFile(Strict):
    """Gate rules in a file of their own; see harness/suite/policy.py."""

    gate: Annotated[list[RuleSpec], Field(min_length=1)]


class SuiteFile(Strict):
    """suite.yaml with the chosen profile laid over it."""

    name: Word
    description: str = ""
    model: Text = "embedded:smollm2-135m"
    seed: Seed = 7
    dates: DatesSpec = DatesSpec()
    train: TrainSpec | None = None
    facts: Text | None = None
    glossary: Text | None = None
    style: Text | None = None
    documents: Text | None = None
    prompts: dict[Name, Text] = {}
    template: Text = _defaults(Suite)["template"]
    sampling: SamplingSpec = SamplingSpec()
    endpoint: EndpointSpec | None = None
    retrieve: RetrieveSpec = RetrieveSpec()
    tasks: Annotated[dict[Word, TaskSpec], Field(min_length=1)]
    recipes: dict[Name, RecipeSpec] = {}
    candidates: Annotated[dict[Name, CandidateSpec], Field(min_length=1)] | None = None
    curve: list[CurveEntry] = []
    gate: list[RuleSpec] = []
    expect: list[ExpectationSpec] = []
    decision: DecisionSpec = DecisionSpec()
    profiles: dict[Word, dict[str, Any]] = {}

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Editors also accept one curve that is no list."""
        whole = handler.resolve_ref_schema(handler(core_schema))
        several = whole["properties"]["curve"]
        whole["properties"]["curve"] = {"anyOf": [several["items"], several]}
        return whole


FILES: dict[str, Any] = {
    "suite": SuiteFile,
    "policy": PolicyFile,
    "row": TrainRow,
    "case": CaseRow,
    "fact": FactRow,
    "glossary": list[TermEntry],
    "style": StyleFile,
    "document": FrontMatter,
    "prompt": PromptFile,
}


def json_schema(file: str = "suite") -> dict[str, Any]:
    """The JSON Schema of a kind of suite file (a key of FILES), for editors."""
    return TypeAdapter(FILES[file]).json_schema()
