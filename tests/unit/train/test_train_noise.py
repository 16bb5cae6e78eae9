"""NEFTune: how large the noise is, when it is drawn, and what it leaves as it was."""

from dataclasses import replace
from pathlib import Path

import pytest
import tiny_models
import torch
from tiny_models import encoded, job, record

from harness.train import course
from harness.train.batches import collate, line
from harness.train.noise import noise_on

CPU = torch.device("cpu")
ROWS = encoded(3, seed=4)


@pytest.mark.parametrize("packed", [True, False])
def test_noise_is_bounded_by_the_length_of_each_row(packed: bool) -> None:
    model = tiny_models.model("llama")
    noise = noise_on(model, 5.0, 7)
    assert noise is not None
    batch = line(ROWS, CPU) if packed else collate(ROWS, 0, CPU)
    embed = model.get_input_embeddings()
    clean = embed(batch.ids).detach()  # no batch was told of yet
    noise.begin(0)
    noise.over(batch)
    apart = (embed(batch.ids).detach() - clean).abs()
    lengths = [len(row.prompt) + len(row.completion) for row in ROWS]
    parts = apart[0].split(lengths) if packed else [apart[i, :n] for i, n in enumerate(lengths)]
    for part, length in zip(parts, lengths, strict=True):
        bound = 5.0 / (length * clean.shape[-1]) ** 0.5
        assert 0.9 * bound < float(part.max()) <= bound * 1.0001
        assert float(part.mean()) == pytest.approx(bound / 2, rel=0.2)
    with torch.no_grad():
        assert torch.equal(embed(batch.ids), clean)
    noise.remove()
    assert torch.equal(embed(batch.ids), clean)


def test_a_step_draws_the_same_again_and_another_step_does_not() -> None:
    model = tiny_models.model("llama")
    noise = noise_on(model, 5.0, 7)
    assert noise is not None
    batch = line(ROWS, CPU)
    noise.over(batch)
    seen = []
    for step in (3, 4, 3):
        noise.begin(step)
        seen.append(model.get_input_embeddings()(batch.ids))
    assert torch.equal(seen[0], seen[2])
    assert not torch.equal(seen[0], seen[1])


def test_without_noise_there_is_no_hook() -> None:
    model = tiny_models.model("llama")
    assert noise_on(model, 0.0, 7) is None
    assert not model.get_input_embeddings()._forward_hooks


def test_training_with_noise_is_another_training_that_repeats_and_goes_on(
    llama: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def losses(name: str, alpha: float, keep: str = "") -> list[list[float]]:
        made = job(llama, tmp_path / name, recipe={"neftune": alpha})
        made = replace(made, keep=keep, keep_every=0.0)
        found: list[list[float]] = record(made)["loss"]
        return found

    plain, noisy = losses("plain", 0.0), losses("noisy", 20.0)
    assert noisy != plain
    assert losses("again", 20.0) == noisy
    kept = str(tmp_path / "kept.safetensors")
    took = course.Course.took

    def stopping(self: course.Course, *given: object) -> object:
        yield from took(self, *given)  # type: ignore[arg-type]
        if self.number == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(course.Course, "took", stopping)
    with pytest.raises(KeyboardInterrupt):
        losses("cut", 20.0, kept)
    monkeypatch.setattr(course.Course, "took", took)
    assert losses("cut", 20.0, kept) == noisy
