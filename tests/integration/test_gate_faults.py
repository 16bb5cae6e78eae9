"""Ways to make a gate lie: docs/gate.md has the table of them, with the name of each test.

The tests are in the files beside this one, a family each. Without its fault each gate passes:
the fixtures in conftest.py hold that once a session.
"""

import re
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "gate.md"
APART = {"test_a_score_that_is_sound_passes"}


def test_the_page_names_each_fault_with_a_test_that_exists() -> None:
    rows = re.findall(r"^\| .* \| .* \| `(test_\w+)` \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    files = sorted(HERE.glob("test_gate_faults_*.py"))
    texts = [file.read_text("utf-8") for file in files]
    tests = [name for text in texts for name in re.findall(r"^def (test_\w+)", text, re.MULTILINE)]
    assert sorted(rows) == sorted(set(tests) - APART)
    assert len(tests) == len(set(tests))
    assert len(rows) >= 25
