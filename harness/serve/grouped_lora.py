"""The LoRA wrapper that the plugin installs: one pair of matrix products per adapter present."""

from dataclasses import dataclass
from typing import Any

import torch
from vllm.lora.punica_wrapper.punica_cpu import PunicaWrapperCPU


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one adapter slot: a slice where they are contiguous, else an index tensor."""

    slot: int
    rows: slice | torch.Tensor

    def take(self, x: torch.Tensor) -> torch.Tensor:
        """Rows of x, (n, d); a view where the rows are contiguous."""
        return x[self.rows] if isinstance(self.rows, slice) else x.index_select(0, self.rows)

    def add(self, y: torch.Tensor, start: int, delta: torch.Tensor) -> None:
        """Add delta, (n, w), to columns start..start+w of the group's rows of y, in place."""
        columns = y.narrow(1, start, delta.shape[1])
        if isinstance(self.rows, slice):
            columns[self.rows].add_(delta)
        else:
            columns.index_add_(0, self.rows, delta)


def groups_of(indices: torch.Tensor) -> list[Group]:
    """Adapter slots in `indices`, (tokens,), with their rows; -1 (no adapter) is skipped."""
    groups = []
    for slot in torch.unique(indices).tolist():
        if slot < 0:
            continue
        rows = torch.nonzero(indices == slot).squeeze(1)
        first, last = int(rows[0]), int(rows[-1])
        whole = last - first + 1 == rows.numel()
        groups.append(Group(int(slot), slice(first, last + 1) if whole else rows))
    return groups


class GroupedLora(PunicaWrapperCPU):  # type: ignore[misc]
    """Grouped LoRA for vLLM's CPU platform."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._token_groups: list[Group] = []
        self._sampler_groups: list[Group] = []

    def update_metadata(self, *args: Any, **kwargs: Any) -> None:
        """Once per step: group the step's rows by adapter."""
        super().update_metadata(*args, **kwargs)
        self._token_groups = groups_of(self.token_lora_indices)
        self._sampler_groups = groups_of(self.sampler_indices)

    def add_lora_linear(
        self,
        y: torch.Tensor,
        x: torch.Tensor,
        lora_a_stacked: tuple[torch.Tensor, ...],
        lora_b_stacked: tuple[torch.Tensor, ...],
        scale: float,
        output_slices: tuple[int, ...],
        *,
        buffer: tuple[torch.Tensor, ...] | None = None,  # noqa: ARG002 - part of vLLM's call
        **_: Any,
    ) -> None:
        """Add scale·B(Ax) to y, (tokens, out), for the rows that have an adapter.

        The stacked weights are (slots, 1, rank, in) and (slots, 1, out, rank), one per slice of
        a packed projection (QKV, gate and up).
        """
        x = x.view(-1, x.shape[-1])
        y = y.view(-1, y.shape[-1])
        for group in self._token_groups:
            rows = group.take(x)
            start = 0
            for a, b, width in zip(lora_a_stacked, lora_b_stacked, output_slices, strict=True):
                low = torch.nn.functional.linear(rows, a[group.slot, 0])
                delta = torch.nn.functional.linear(low, b[group.slot, 0])
                group.add(y, start, delta if scale == 1.0 else delta * scale)
                start += width

    def add_lora_logits(
        self,
        y: torch.Tensor,
        x: torch.Tensor,
        lora_a_stacked: torch.Tensor,
        lora_b_stacked: torch.Tensor,
        scale: float,
        *,
        buffer: torch.Tensor | None = None,  # noqa: ARG002 - part of vLLM's call
        **_: Any,
    ) -> None:
        """Add the adapter's part to the logits; most adapters leave the head alone."""
        for group in self._sampler_groups:
            a, b = lora_a_stacked[group.slot, 0], lora_b_stacked[group.slot, 0]
            if not a.any():
                continue
            low = torch.nn.functional.linear(group.take(x).to(a.dtype), a)
            delta = torch.nn.functional.linear(low, b) * scale
            group.add(y, 0, delta[:, : y.shape[1]].to(y.dtype))

    def add_lora_embedding(
        self,
        y: torch.Tensor,
        x: torch.Tensor,
        lora_b_stacked: torch.Tensor,
        add_inputs: bool = True,  # noqa: ARG002, FBT001, FBT002 - part of vLLM's call
        **_: Any,
    ) -> None:
        """Add the adapter's part to the embeddings; most adapters leave them alone."""
        for group in self._token_groups:
            b = lora_b_stacked[group.slot, 0]
            if b.any():
                rows = group.take(x.view(-1, x.shape[-1])).to(b.dtype)
                delta = torch.nn.functional.linear(rows, b)
                group.add(y.view(-1, y.shape[-1]), 0, delta.to(y.dtype))
