"""Cross-entropy on completion tokens, with logits only where they are needed.

The output head is as wide as the vocabulary, so it is applied to the rows of hidden states whose
next token is a completion token, a chunk at a time, and the gradient of the hidden states is
taken in the same pass (the idea of fused linear cross-entropy, Liger Kernel, arXiv 2410.10989).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from harness.records import EncodedRow
from harness.train import attention
from harness.train.batches import Batch, collate, line, size

CHUNK_LOGITS = 16_777_216  # logits at a time: 64 MB in float32; fewer read the head more often
APART = {torch.float32: 1e-3, torch.bfloat16: 5e-2}  # relative; other products round otherwise


class _HeadLoss(torch.autograd.Function):
    """Summed cross-entropy of `hidden @ weight.T + bias`; weight and bias are frozen."""

    @staticmethod
    def forward(
        ctx: Any, hidden: Tensor, weight: Tensor, bias: Tensor | None, targets: Tensor
    ) -> Tensor:
        wants = ctx.needs_input_grad[0]
        total = torch.zeros((), dtype=torch.float32, device=hidden.device)
        gradient = torch.empty_like(hidden) if wants else None
        rows = max(1, CHUNK_LOGITS // weight.shape[0])
        for start in range(0, hidden.shape[0], rows):
            part = slice(start, start + rows)
            logits = functional.linear(hidden[part], weight, bias).float()
            logs = functional.log_softmax(logits, dim=-1)
            target = targets[part].unsqueeze(1)
            total -= logs.gather(1, target).sum()
            if gradient is not None:
                # d loss / d logits = softmax - one-hot
                shares = logs.exp_()
                shares.scatter_add_(1, target, torch.full_like(target, -1, dtype=shares.dtype))
                gradient[part] = shares.to(hidden.dtype) @ weight
        if gradient is not None:
            ctx.save_for_backward(gradient)
        return total

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * grads[0].to(gradient.dtype), None, None, None


@dataclass(frozen=True, slots=True)
class Head:
    """How to get from a causal LM to the loss.

    `backbone` and `linear` are set where logits are `linear(backbone(ids))` and nothing else;
    otherwise the model's own forward is used, which knows about scaling and soft caps. `packed`
    says that the model takes rows in one line without padding.
    """

    model: Any
    backbone: Any = None
    linear: nn.Linear | None = None
    packed: bool = False

    @property
    def fast(self) -> bool:
        """Whether logits are made for completion rows only."""
        return self.linear is not None

    def loss(self, batch: Batch) -> Tensor:
        """Sum of the cross-entropy over the completion tokens of a micro-batch; a scalar, fp32."""
        return self.losses(batch, [len(batch.targets)])[0]

    def losses(self, batch: Batch, counts: Sequence[int]) -> list[Tensor]:
        """The same for each of several adapters, the first `counts` targets being the first's."""
        targets = torch.split(batch.targets, list(counts))
        if self.linear is None:
            logits = self.model(**batch.inputs()).logits
            logits = _pick(logits, batch.positions, batch.targets.device)
            pairs = zip(torch.split(logits, list(counts)), targets, strict=True)
            return [functional.cross_entropy(r.float(), t, reduction="sum") for r, t in pairs]
        hidden = self.backbone(**batch.inputs())[0]
        where = self.linear.weight.device
        rows = _pick(hidden, batch.positions, where)
        return [
            _HeadLoss.apply(part, self.linear.weight, self.linear.bias, target.to(where))  # type: ignore[no-untyped-call]
            for part, target in zip(torch.split(rows, list(counts)), targets, strict=True)
        ]


def _pick(values: Tensor, positions: Tensor, device: torch.device) -> Tensor:
    """Rows of [..., d] at flat positions, on a device: layers may lie on several; [n, d]."""
    flat = values.reshape(-1, values.shape[-1])
    return flat.index_select(0, positions.to(flat.device)).to(device)


def head_of(base: Any, batch: Batch) -> Head:
    """The fast head of a causal LM where a probe shows that it is exact, else the full one.

    The probe runs the model on `batch` with its head's output replaced by values from -60 to 60:
    when they leave the model unchanged nothing follows the head (soft cap, scaling), and when the
    head was fed the backbone's own output nothing precedes it.
    """
    full = Head(base)
    linear = base.get_output_embeddings()
    backbone = getattr(base, getattr(base, "base_model_prefix", "") or "", None)
    if type(linear) is not nn.Linear or backbone is None or linear.weight.requires_grad:
        return full
    seen: dict[str, Tensor] = {}

    def swap(_module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        seen["input"] = inputs[0]
        ramp = torch.linspace(-60, 60, output.numel(), dtype=torch.float32, device=output.device)
        seen["output"] = ramp.reshape(output.shape).to(output.dtype)
        return seen["output"]

    handle = linear.register_forward_hook(swap)
    try:
        with torch.no_grad():
            logits = base(**batch.inputs()).logits
            hidden = backbone(**batch.inputs())[0]
    finally:
        handle.remove()
    if "input" not in seen or hidden.shape != seen["input"].shape:
        return full
    same = torch.equal(logits.to(seen["output"].dtype), seen["output"])
    close = torch.allclose(hidden.float(), seen["input"].float(), rtol=2e-2, atol=1e-3)
    return Head(base, backbone, linear) if same and close else full


def pack_where_equal(head: Head, rows: Sequence[EncodedRow], device: torch.device) -> Head:
    """The head with rows in one line, where a probe shows that the model allows it.

    The longest and a short row are compared with the model's own padded outcome. Then the tokens
    of the first row change: the second's outcome must stay the same to the last bit, or the model
    looks across rows. Models with windows shorter than the rows, with states that run through
    (Mamba), or with biases of positions fail, and are trained padded.
    """
    near = sorted(rows, key=size)
    pair = [near[-1], near[0]]
    first, second = size(pair[0]), size(pair[1])
    spoilt = EncodedRow(pair[0].prompt[::-1], pair[0].completion[::-1])

    def seen(batch: Batch) -> Tensor:
        with torch.no_grad():
            if head.backbone is not None:
                return head.backbone(**batch.inputs())[0].float()  # type: ignore[no-any-return]
            return head.model(**batch.inputs()).logits.float()  # type: ignore[no-any-return]

    padded = seen(collate(pair, 0, device))
    expected = torch.cat([padded[0, :first], padded[1, :second]])
    used = attention.use_rows(head.model, device)
    if not used:
        return head
    try:
        packed = seen(line(pair, device))[0]
        other = seen(line([spoilt, pair[1]], device))[0]
    except (TypeError, ValueError, RuntimeError):
        head.model.set_attn_implementation(used)
        return head
    apart = (packed - expected).norm() / expected.norm()
    whole = torch.equal(packed[first:], other[first:])
    if whole and float(apart) < APART.get(head.model.dtype, 5e-2):
        return replace(head, packed=True)
    head.model.set_attn_implementation(used)
    return head
