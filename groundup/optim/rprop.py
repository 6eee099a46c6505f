"""Rprop: steps that go by the sign of the gradient alone. It is made for gradients of the whole data set; on
batches, whose signs change by chance, RMSprop took its place."""

from __future__ import annotations

from groundup.optim.hyperparameters import buffer, check_non_negative, check_switches, number
from groundup.optim.optimizer import Group, Optimizer, Params
from groundup.tensor import Tensor

__all__ = ["Rprop"]


class Rprop(Optimizer):
    r"""Rprop: each element has a step of its own, which grows while the sign of its gradient stays.

    At each step, for a parameter $p$ with gradient $g$ (its sign is turned when `maximize`), where the
    product of $g$ and the gradient before is

        positive:  s <- min(s * etas[1], step_sizes[1])      the same way: go faster
        negative:  s <- max(s * etas[0], step_sizes[0])      too far: go slower, and stay this once (g <- 0)
        zero:      s stays
        p  <-  p - sign(g) * s

    Args:
        params: tensors, `(name, tensor)` pairs or parameter groups; see `Optimizer`.
        lr: the first step of every element.
        etas: the factors by which a step shrinks and grows.
        step_sizes: the smallest and the largest step.
        maximize: climb instead of descend.
        foreach, capturable: accepted and kept for PyTorch's sake; there is one implementation.
        differentiable: only False.

    State of a parameter: `step`, `prev` (the gradient before), `step_size` (s).

    Raises:
        ValueError: `lr` is negative, or `etas` are not below and above 1.

    Example:
        >>> import groundup
        >>> w = groundup.tensor([1.0, -100.0], requires_grad=True)
        >>> opt = groundup.optim.Rprop([w], lr=0.1)
        >>> for _ in range(2):
        ...     opt.zero_grad()
        ...     (w * w).sum().backward()
        ...     opt.step()
        >>> w
        tensor([  0.7800, -99.7800], requires_grad=True)

    Source: Riedmiller and Braun, *A direct adaptive method for faster backpropagation learning: the RPROP
    algorithm*, 1993. Follows ``torch.optim.Rprop``.
    """

    _counts = frozenset({"step"})
    _buffers = frozenset({"prev", "step_size"})

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_non_negative(lr=lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        check_switches(differentiable)
        defaults: Group = {
            "lr": lr,
            "etas": etas,
            "step_sizes": step_sizes,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def update_group(self, group: Group) -> None:
        lr = number(group["lr"])
        shrink, grow = map(number, group["etas"])
        smallest, largest = map(number, group["step_sizes"])
        for param in group["params"]:
            grad = param.grad
            if grad is None:
                continue
            state = self.state[param]
            state["step"] = state.get("step", 0) + 1
            if group["maximize"]:
                grad = -grad
            previous = buffer(state, "prev", param)
            product = grad * previous
            size = buffer(state, "step_size", param, lr)
            size.mul_(_factors(product, shrink, grow)).clamp_(smallest, largest)
            grad = grad.masked_fill(product < 0, 0)
            param.addcmul_(grad.sign(), size, value=-1)
            previous.copy_(grad)


def _factors(product: Tensor, shrink: float, grow: float) -> Tensor:
    """By how much each step changes; nan where a gradient is nan, so that it shows."""
    factors = product.masked_fill(product == 0, 1)
    return factors.masked_fill_(product > 0, grow).masked_fill_(product < 0, shrink)
