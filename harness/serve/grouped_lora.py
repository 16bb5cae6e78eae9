"""The LoRA wrapper that the plugin installs on vLLM's CPU platform.

Each adapter costs its own rank and rows without an adapter are left alone: in one call per module
that lora_op compiles, or, without a compiler, in products that adapters with few rows share
(lora_plan says which, lora_pack has the weights).
Grouping by adapter follows Punica (arXiv 2310.18547) and S-LoRA (arXiv 2311.03285).
"""

from typing import Any

import torch
from vllm.lora.punica_wrapper.punica_cpu import PunicaWrapperCPU

from harness.errors import MachineError
from harness.serve import lora_layer, lora_op
from harness.serve.lora_pack import Layouts, Module, Scratch
from harness.serve.lora_plan import Batch
from harness.serve.lora_step import Step

# multiply-adds in the time that one more call takes, on one thread (docs/serving.md)
WORTH_A_CALL = {"amx": 30e6, "plain": 3e6}


class GroupedLora(PunicaWrapperCPU):  # type: ignore[misc]
    """LoRA for vLLM's CPU platform, grouped by adapter."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lora_layer.shorten()  # vLLM makes its layers after this
        self._tokens = self._samples = Batch(torch.empty(0, dtype=torch.long))
        # by the identity of the stacked A, which a Module keeps alive
        self._modules: dict[int, Module] = {}
        self._steps: dict[int, list[Step | lora_op.CompiledStep]] = {}
        self._layouts: Layouts = {}
        self._scratch = Scratch()
        self._adders = lora_op.adders()
        self._tables: dict[int, lora_op.Table] = {}

    def update_metadata(
        self, mapping: Any, lora_index_to_id: list[int | None], *args: Any, **kwargs: Any
    ) -> None:
        """Once per change of the batch: sort the step's rows by adapter."""
        super().update_metadata(mapping, lora_index_to_id, *args, **kwargs)
        # by adapter, not by slot: slots depend on what was served before
        used = [(name, slot) for slot, name in enumerate(lora_index_to_id) if name is not None]
        order = [slot for _, slot in sorted(used)]
        self._tokens = Batch(self.token_lora_indices.clone(), order)
        self._samples = Batch(self.sampler_indices.clone(), order)
        self._steps.clear()

    def add_lora_linear(
        self,
        y: torch.Tensor,
        x: torch.Tensor,
        lora_a_stacked: tuple[torch.Tensor, ...],
        lora_b_stacked: tuple[torch.Tensor, ...],
        scale: float,
        output_slices: tuple[int, ...],  # noqa: ARG002 - part of vLLM's call
        *,
        buffer: tuple[torch.Tensor, ...] | None = None,  # noqa: ARG002 - part of vLLM's call
        **_: Any,
    ) -> None:
        """Add scale·B(Ax) to y, (tokens, out), for the rows that have an adapter.

        The stacked weights are (slots, 1, rank, in) and (slots, 1, out, rank), one per slice of
        a packed projection (QKV, gate and up).
        """
        if self._tokens.present:
            key = id(lora_a_stacked)
            if key not in self._modules:
                self._modules[key] = Module(lora_a_stacked, lora_b_stacked, self._layouts)
            self._add(self._tokens, key, y.view(-1, y.shape[-1]), x, scale)

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
        """Add the adapter's part to the logits, (rows, vocabulary); most leave the head alone."""
        if self._samples.present:
            key = id(lora_a_stacked)
            if key not in self._modules:
                self._modules[key] = Module((lora_a_stacked,), (lora_b_stacked,), self._layouts)
            self._add(self._samples, key, y.view(-1, y.shape[-1]), x, scale)

    def add_lora_embedding(
        self,
        y: torch.Tensor,
        x: torch.Tensor,
        lora_b_stacked: torch.Tensor,
        add_inputs: bool = True,  # noqa: ARG002, FBT001, FBT002 - part of vLLM's call
        **_: Any,
    ) -> None:
        """Add B x to the embeddings, x being (tokens, rank); most adapters leave them alone."""
        y, x = y.view(-1, y.shape[-1]), x.view(-1, x.shape[-1])
        for slot, rows in self._tokens.rows.items():
            b = lora_b_stacked[slot, 0]
            if b.any():
                delta = torch.nn.functional.linear(x[rows].to(b.dtype), b)
                y.index_add_(0, rows, delta.to(y.dtype))

    def _add(self, batch: Batch, key: int, y: torch.Tensor, x: torch.Tensor, scale: float) -> None:
        """Add the part of every adapter in the batch."""
        steps, module = self._steps.get(key), self._modules[key]
        if module.changed() or steps is None:
            steps = self._steps[key] = self._prepare(batch, key, y)
        if steps:
            a = module.a[0]
            self._check(batch, x, y, a.shape[3])
            if x.dim() != 2 or x.dtype != a.dtype or not x.is_contiguous():
                x = x.reshape(-1, x.shape[-1]).to(a.dtype).contiguous()
            for step in steps:
                step.add(x, y, scale)

    def _check(self, batch: Batch, x: torch.Tensor, y: torch.Tensor, depth: int) -> None:
        """Whether these are the rows of the batch, x being (tokens, depth).

        vLLM also asks the head about rows of a prompt that is scored, without saying whose they
        are; such rows are a slice of the step's, those that are sampled from are gathered.
        """
        rows = batch.owners.numel()
        if batch is self._samples:
            slices = x.untyped_storage().nbytes() > x.numel() * x.element_size()
            if y.shape[0] != rows or slices:
                raise MachineError(
                    "vLLM cannot tell whose prompt is scored, and an adapter changes the head",
                    remedy="use --engine transformers",
                )
        elif y.shape[0] < rows:
            raise ValueError(f"{y.shape[0]} rows in a step of {rows}")
        if x.numel() != y.shape[0] * depth:
            raise ValueError(f"{x.numel()} numbers for {y.shape[0]} rows of {depth}")

    def _prepare(
        self, batch: Batch, key: int, y: torch.Tensor
    ) -> list[Step | lora_op.CompiledStep]:
        """The parts of this batch with the weights of this module."""
        module, a = self._modules[key], self._modules[key].a[0]
        add = self._adders.get(a.dtype) if y.dtype == a.dtype else None
        if add is not None:
            table = self._tables.get(key)
            if table is None or not table.holds(module, y.shape[1]):
                table = self._tables[key] = lora_op.Table(module, y.shape[1])
            return [lora_op.CompiledStep(add, table, batch)] if table.fill(batch.present) else []
        ranks = {slot: max(module.real_ranks(slot)) for slot in batch.present}
        room = worth_a_call(a.dtype) / module.width()
        parts = batch.parts(ranks, module.alone, room)
        return [Step(module.pack(part.slots), part, a, y, self._scratch) for part in parts]


def worth_a_call(dtype: torch.dtype) -> float:
    """Multiply-adds that this machine does in the time of one more call."""
    amx = torch.cpu._is_amx_tile_supported()  # noqa: SLF001 - as vLLM asks
    kind = "amx" if amx and dtype == torch.bfloat16 else "plain"
    return WORTH_A_CALL[kind] * torch.get_num_threads()
