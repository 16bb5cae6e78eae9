"""Every name in the registry leads to something that fits its seam."""

from typing import Any

import pytest

from harness import protocols, registry
from harness.errors import UnknownNameError

ENTRIES = [(kind, name) for kind in registry.KINDS for name in registry.names(kind)]
PARTS = {
    "scorer": ("score",),
    "engine": ("missing", "generate"),
    "retriever": ("search",),
    "report": ("filename", "write"),
    "export": ("noun", "opens", "addresses", "missing", "write"),
    "executor": ("run",),
}


def test_every_kind_has_a_seam() -> None:
    assert {kind.capitalize() for kind in registry.KINDS} <= set(vars(protocols))
    assert set(PARTS) == set(registry.KINDS)


@pytest.mark.filterwarnings("ignore")  # what libraries say when they are imported
@pytest.mark.parametrize("kind, name", ENTRIES)
def test_an_entry_can_be_imported_and_has_the_parts_of_its_seam(kind: str, name: str) -> None:
    found: Any = registry.load(kind, name)
    assert [part for part in PARTS[kind] if not hasattr(found, part)] == []


@pytest.mark.parametrize("kind, name", ENTRIES)
def test_its_description_is_one_line_and_can_be_read_without_importing_it(
    kind: str, name: str
) -> None:
    description = registry.load(kind, name).description
    assert registry.describe(kind, name) == description
    assert description
    assert "\n" not in description


@pytest.mark.parametrize("kind, name", ENTRIES)
def test_a_slip_of_the_keyboard_names_the_nearest(kind: str, name: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        registry.load(kind, name + "x", where="suite.yaml:4")
    assert str(caught.value) == (f"suite.yaml:4: unknown {kind} '{name}x' (did you mean '{name}'?)")


@pytest.mark.parametrize("kind", registry.KINDS)
def test_a_name_like_none_lists_all(kind: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        registry.load(kind, "0")
    assert caught.value.problems[0].remedy == f"valid: {', '.join(sorted(registry.names(kind)))}"
