"""What a line or a file of a suite's data may hold; unknown keys are refused."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from harness.suite.scalars import Day, Int, Text, Word


class Strict(BaseModel):
    """Base of every model here: no unknown keys, no NaN."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class TrainRow(Strict):
    """A line of a training file."""

    input: Text
    output: Text
    id: Text | None = None
    tags: list[Text] = []
    fact: Text | None = None
    source: Text | None = None


class CaseRow(TrainRow):
    """A line of a case file; `gold` None means the documents of the case's fact.

    `as_of` None means the suite's.
    """

    terms: list[Text] = []
    gold: list[Text] | None = None
    as_of: Day | None = None
    answerable: bool = True
    expect: dict[str, Any] = {}


class VersionRow(Strict):
    """A value of a fact."""

    value: Text
    valid_from: Day
    valid_to: Day | None = None
    aliases: list[Text] = []
    source: str = ""


class FactRow(Strict):
    """A line of facts.jsonl."""

    id: Text
    entity: Text
    attribute: Text
    versions: Annotated[list[VersionRow], Field(min_length=1)]
    exposures: Annotated[Int, Field(ge=0)] | None = None
    placebo: list[Text] = []
    tags: list[Text] = []


class TermEntry(Strict):
    """An entry of glossary.yaml."""

    preferred: Text
    definition: str = ""
    forbidden: list[Text] = []
    trained: bool = True


class StyleRule(BaseModel):
    """The envelope of a style rule; its other keys are the scorer's."""

    model_config = ConfigDict(extra="allow", frozen=True)
    name: Word
    kind: Word


class StyleFile(Strict):
    """style.yaml."""

    rules: Annotated[list[StyleRule], Field(min_length=1)]


class FrontMatter(Strict):
    """The head of a document."""

    id: Text | None = None
    title: Text | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None
    facts: list[Text] = []
    searchable: bool = True


class PromptFile(Strict):
    """A prompt as YAML."""

    system: str = ""
    user: str = "{input}"
    shots: Annotated[Int, Field(ge=0, le=64)] = 0
