"""suite.yaml on servers and draws: what it may say, and the line that a mistake gets."""

from pathlib import Path
from typing import Any

import pytest
from tiny import edited, write_suite

from harness.errors import SuiteError
from harness.records import AdapterSource, Endpoint, Sampling
from harness.suite.load import load

URL = "https://api.example.com/v1"
Keys = dict[str, Any]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    return write_suite(folder / "tiny", folder / "no-model")


def refusal(plain: Path, folder: Path, **keys: Any) -> str:
    """The one line that suite.yaml gets with these keys, from its line number on."""
    with pytest.raises(SuiteError) as caught:
        load(edited(plain, folder / "wrong", lambda data: data.update(keys)))
    (problem,) = caught.value.problems
    where, _, line = str(problem).partition("suite.yaml:")
    assert where.endswith("/wrong/")
    return line.partition(": ")[2]


def test_a_suite_may_be_asked_at_a_server(plain: Path, tmp_path: Path) -> None:
    def change(data: Keys) -> None:
        data["model"] = "served:org/base"
        data["endpoint"] = {"url": URL, "key": "MY_KEY", "concurrency": 4, "output_price": 6}
        data["sampling"] = {"temperature": 0.5, "samples": 3}
        data["candidates"]["lora"]["adapter"] = "served: org/mine "

    suite = load(edited(plain, tmp_path / "served", change))
    assert suite.model == "served:org/base"
    assert suite.endpoint == Endpoint(URL, "MY_KEY", concurrency=4, output_price=6.0)
    assert suite.sampling == Sampling(0.5, samples=3)
    sources = {one.name: one.adapter for one in suite.candidates}
    assert sources["lora"] == AdapterSource("served", "org/mine")
    assert load(plain).endpoint is None


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"url": "api.example.com/v1"}, "'api.example.com/v1' (should be a URL such as http:"),
        ({"url": "http://"}, "'http://' (should be a URL such as http:"),
        ({"url": "http://a b/v1"}, "'http://a b/v1' (should be a URL such as http:"),
        ({"url": "http://a:99999/v1"}, "'http://a:99999/v1' (should be a URL such as http:"),
        ({"url": f"{URL}/chat/completions"}, "completions' (should be the API's root, which ends"),
    ],
)
def test_a_url_is_the_root_of_an_api(plain: Path, tmp_path: Path, keys: Keys, line: str) -> None:
    found = refusal(plain, tmp_path, endpoint=keys)
    assert found.startswith("endpoint.url is ")
    assert line in found


@pytest.mark.parametrize(
    ("keys", "what"),
    [
        ({"key": "sk-0123456789"}, "endpoint.key is no name of an environment variable ("),
        ({"url": "https://me:sk-0123456789@h/v1"}, "endpoint.url says more than where (it should"),
        ({"url": f"{URL}?key=sk-0123456789"}, "endpoint.url says more than where (it should"),
    ],
)
def test_a_key_in_the_wrong_place_is_not_printed(
    plain: Path, tmp_path: Path, keys: Keys, what: str
) -> None:
    found = refusal(plain, tmp_path, endpoint={"url": URL, **keys})
    assert found.startswith(what)
    assert "sk-" not in found


def test_other_slips_are_named(plain: Path, tmp_path: Path) -> None:
    found = refusal(plain, tmp_path, endpoint={"url": URL, "modle": "x"})
    assert found == "unknown key 'endpoint.modle' (did you mean 'model'?)"


def test_draws_need_a_temperature_and_are_counted(plain: Path, tmp_path: Path) -> None:
    greedy = refusal(plain, tmp_path / "a", sampling={"samples": 2})
    remedy = "greedy answers are all alike: raise temperature, or ask once"
    assert greedy == f"sampling.samples is 2 at temperature 0 ({remedy})"
    many = refusal(plain, tmp_path / "b", sampling={"temperature": 1, "samples": 65})
    assert many == "sampling.samples is 65 (should be less than or equal to 64)"
