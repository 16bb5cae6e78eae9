"""The schema knows every field of the records, and tells editors so."""

from dataclasses import fields

import pytest

from harness.records import Recipe, Retrieval, Sampling
from harness.suite.schema import FILES, RecipeSpec, RetrieveSpec, SamplingSpec, json_schema


@pytest.mark.parametrize(
    "record, model", [(Recipe, RecipeSpec), (Sampling, SamplingSpec), (Retrieval, RetrieveSpec)]
)
def test_a_section_has_the_fields_and_defaults_of_its_record(record, model):
    made = ("name", "trunk")  # a recipe's name is its key, and curves give trunks
    expected = {f.name: f.default for f in fields(record) if f.name not in made}
    assert {name: f.default for name, f in model.model_fields.items()} == expected


def test_editors_get_a_schema_for_each_file():
    for file in FILES:
        assert json_schema(file)["type"] == ("array" if file == "glossary" else "object")


def test_editors_accept_the_short_forms():
    schema = json_schema()
    defs = schema["$defs"]
    assert {"type": "string"} in defs["TrainSpec"]["anyOf"]
    assert {"type": "string"} in defs["TaskSpec"]["properties"]["cases"]["anyOf"]
    names = {"type": "array", "items": {"type": "string"}}
    assert names in defs["TaskSpec"]["properties"]["scorers"]["anyOf"]
    assert schema["additionalProperties"] is False
    assert defs["RecipeSpec"]["properties"]["rank"]["maximum"] == 512
