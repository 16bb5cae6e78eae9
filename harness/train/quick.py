"""Norms and rotary positions in fewer passes over memory, on a CPU.

A model's own norm and rotation take ten operations each and twice as many backward; around quick
matrix products these cost more than the products do. Which modules may be replaced is not read off
names: a module or function is replaced where it gives, on numbers made for it, what the formula
gives, and is left as it is otherwise. Root mean square norm: arXiv 1910.07467; rotary positions:
arXiv 2104.09864.
"""

import inspect
from types import FunctionType, MethodType
from typing import Any

import torch
from torch import Tensor, nn

ROTATE = "apply_rotary_pos_emb"  # what transformers' models call it
NEAR = {torch.float32: 1e-5, torch.bfloat16: 2**-7}  # relative; products may round in another order
LARGEST_EPS = 1e-2


class _Norm(torch.autograd.Function):
    """`x / sqrt(mean(x²) + eps) * (weight + offset)` over the last dimension; weight is frozen."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, eps: float, offset: float) -> Tensor:
        wide = x.float()
        size = torch.linalg.vector_norm(wide, dim=-1, keepdim=True)
        root = size.square_().div_(x.shape[-1]).add_(eps).rsqrt_()
        ctx.save_for_backward(x, weight, root)
        ctx.offset = offset
        wide = wide * root if wide is x else wide.mul_(root)
        if offset:
            return wide.mul_(weight.float() + offset).to(x.dtype)
        return wide.to(x.dtype).mul_(weight)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        """Through layer norm's own backward with mean 0, which takes off a mean too many."""
        x, weight, root = ctx.saved_tensors
        width = x.shape[-1]
        scale = weight.float() + ctx.offset
        found = torch.ops.aten.native_layer_norm_backward(
            grads[0], x, [width], torch.zeros_like(root), root, scale, None, [True, False, False]
        )[0]
        # a row's sum, unlike a product's, is the same whatever stands beside the row
        means = torch.linalg.vecdot(grads[0], scale.to(x.dtype)).unsqueeze(-1).float()
        return found.add_(means.mul_(root).div_(width).to(x.dtype)), None, None, None


class _Rotation(torch.autograd.Function):
    """`x cos + rotate_half(x) sin`; x [rows, heads, tokens, dim], cos [rows, 1, tokens, dim]."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        ctx.save_for_backward(cos, sin)
        half = x.shape[-1] // 2
        out = x * cos
        out[..., :half].addcmul_(x[..., half:], sin[..., :half], value=-1)
        out[..., half:].addcmul_(x[..., :half], sin[..., half:])
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        cos, sin = ctx.saved_tensors
        (grad,) = grads
        half = grad.shape[-1] // 2
        out = grad * cos
        out[..., :half].addcmul_(grad[..., half:], sin[..., half:])
        out[..., half:].addcmul_(grad[..., :half], sin[..., :half], value=-1)
        return out, None, None


def speed_up(model: nn.Module, device: torch.device) -> tuple[int, int]:
    """Replace what is found to be a norm or a rotation in a frozen model; how many of each."""
    if device.type != "cpu":
        return 0, 0
    norms = [(module, found) for module in model.modules() if (found := norm_of(module))]
    for module, (eps, offset) in norms:
        module.forward = _quick_norm(module, eps, offset)
    turned = [module for module in model.modules() if _turns(module)]
    for module in turned:
        module.forward = _with_rotation(module)
    return len(norms), len(turned)


def norm_of(module: nn.Module) -> tuple[float, float] | None:
    """`eps`, and what is added to the weight, of a root mean square norm; None for all else."""
    weights = dict(module.named_parameters())
    if list(weights) != ["weight"] or weights["weight"].dim() != 1 or list(module.children()):
        return None
    weight = weights["weight"]
    if weight.requires_grad or weight.dtype not in NEAR or isinstance(module, nn.LayerNorm):
        return None
    found = {value for value in vars(module).values() if isinstance(value, float)}
    x = _numbers(6, len(weight)) + 0.5
    # small rows show eps, which others hide
    x = (x * torch.tensor([1e-4, 1e-3, 1e-2, 0.1, 1.0, 30.0]).unsqueeze(1)).to(weight.dtype)
    tries = [
        (eps, offset) for eps in sorted(found) if 0 < eps < LARGEST_EPS for offset in (0.0, 1.0)
    ]
    try:
        with torch.no_grad():
            expected = module(x)
            fits = (one for one in tries if _same(_norm(x, weight, *one), expected))
            return next(fits, None)
    except (RuntimeError, TypeError, ValueError, IndexError, AttributeError):
        return None


def _norm(x: Tensor, weight: Tensor, eps: float, offset: float) -> Tensor:
    return _Norm.apply(x, weight, eps, offset)  # type: ignore[no-untyped-call, no-any-return]


def _turned(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    return _Rotation.apply(x, cos, sin)  # type: ignore[no-untyped-call, no-any-return]


def _numbers(*shape: int) -> Tensor:
    """Numbers without a pattern, the same each time, no matter what else draws."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(7))


def _same(actual: Any, expected: Any) -> bool:
    if not isinstance(expected, Tensor) or actual.shape != expected.shape:
        return False
    near = NEAR.get(expected.dtype, 0.0)
    return actual.dtype == expected.dtype and torch.allclose(
        actual.float(), expected.float(), rtol=near, atol=near * 1e-3
    )


def _quick_norm(module: nn.Module, eps: float, offset: float) -> Any:
    own = module.forward

    def forward(x: Tensor) -> Tensor:
        weight: Any = module.weight
        if x.dtype != weight.dtype or weight.requires_grad or torch.is_autocast_enabled("cpu"):
            return own(x)  # type: ignore[no-any-return]
        return _norm(x, weight, eps, offset)

    return forward


def _turns(module: nn.Module) -> bool:
    """Whether a module's forward calls the rotation that transformers' models share."""
    function: Any = getattr(getattr(module, "forward", None), "__func__", None)
    code = getattr(function, "__code__", None)
    if code is None or ROTATE not in code.co_names or function.__closure__:
        return False
    return is_rotation(function.__globals__.get(ROTATE))


def is_rotation(function: Any) -> bool:
    """Whether `function(q, k, cos, sin)` turns q and k by halves, on numbers made for it."""
    q, k = _numbers(2, 3, 5, 8), _numbers(2, 1, 5, 8)
    cos, sin = _numbers(4, 5, 8)[:2], _numbers(4, 5, 8)[2:]
    try:
        names = list(inspect.signature(function).parameters)
        if names[:4] != ["q", "k", "cos", "sin"]:
            return False
        found = function(q, k, cos, sin)
        return all(
            _same(_turned(one, cos.unsqueeze(1), sin.unsqueeze(1)), turned)
            for one, turned in zip((q, k), found, strict=True)
        )
    except (RuntimeError, TypeError, ValueError, IndexError):
        return False


def _with_rotation(module: nn.Module) -> Any:
    """The module's forward, in which the rotation's name stands for the quick one."""
    function: Any = module.forward.__func__  # type: ignore[attr-defined]
    own = function.__globals__[ROTATE]

    def turn(q: Tensor, k: Tensor, cos: Tensor, sin: Tensor, *more: Any, **named: Any) -> Any:
        fits = all(one.dim() == 4 and one.shape[-1] == cos.shape[-1] for one in (q, k))
        alike = {one.dtype for one in (q, k, cos, sin)} == {q.dtype} and q.device.type == "cpu"
        if more or named or cos.dim() != 3 or cos.requires_grad or not (fits and alike):
            return own(q, k, cos, sin, *more, **named)
        cos, sin = cos.unsqueeze(1), sin.unsqueeze(1)
        return _turned(q, cos, sin), _turned(k, cos, sin)

    made = FunctionType(
        function.__code__, {**function.__globals__, ROTATE: turn}, function.__name__,
        function.__defaults__,
    )  # fmt: skip
    made.__kwdefaults__ = function.__kwdefaults__
    return MethodType(made, module)
