"""Adamax: Adam with the largest recent gradient in the place of the root of their mean square."""

from __future__ import annotations

from groundup.functions import elementwise
from groundup.optim.hyperparameters import buffer, check_betas, check_non_negative, check_switches, number
from groundup.optim.optimizer import Group, Optimizer, Params

__all__ = ["Adamax"]


class Adamax(Optimizer):
    r"""Adamax: momentum, with each element's step divided by its largest gradient of late.

    At step $t$, for a parameter $p$ with gradient $g$ (its sign is turned when `maximize`):

        g  <-  g + weight_decay * p
        m  <-  m + (1 - beta1) * (g - m)                  average of the gradient
        u  <-  max(beta2 * u, |g| + eps)                  the largest, which fades
        p  <-  p - lr / (1 - beta1**t) * m / u

    Args:
        params: tensors, `(name, tensor)` pairs or parameter groups; see `Optimizer`.
        lr: the learning rate: no element moves by more in the first step.
        betas: how much of the average and of the largest value is kept at each step.
        eps: keeps the quotient finite where the gradients are zero.
        weight_decay: adds the gradient of `weight_decay / 2 * p**2`.
        maximize: climb instead of descend.
        foreach, capturable: accepted and kept for PyTorch's sake; there is one implementation.
        differentiable: only False.

    State of a parameter: `step`, `exp_avg` (m), `exp_inf` (u).

    Raises:
        ValueError: `lr`, `eps` or `weight_decay` is negative, or a beta is outside [0, 1).

    Example:
        >>> import groundup
        >>> w = groundup.tensor([1.0, -100.0], requires_grad=True)
        >>> opt = groundup.optim.Adamax([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> opt.step()
        >>> w
        tensor([  0.9000, -99.9000], requires_grad=True)

    Source: Kingma and Ba, *Adam: a method for stochastic optimization*, 2015, section 7.1. Follows
    ``torch.optim.Adamax``.
    """

    _counts = frozenset({"step"})
    _buffers = frozenset({"exp_avg", "exp_inf"})

    def __init__(
        self,
        params: Params,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_non_negative(lr=lr, eps=eps, weight_decay=weight_decay)
        check_switches(differentiable)
        check_betas(betas)
        defaults: Group = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def update_group(self, group: Group) -> None:
        lr, eps, weight_decay = number(group["lr"]), number(group["eps"]), number(group["weight_decay"])
        beta1, beta2 = map(number, group["betas"])
        for param in group["params"]:
            grad = param.grad
            if grad is None:
                continue
            state = self.state[param]
            step = state["step"] = state.get("step", 0) + 1
            if group["maximize"]:
                grad = -grad
            if weight_decay != 0:
                grad = grad.add(param, alpha=weight_decay)
            mean = buffer(state, "exp_avg", param).lerp_(grad, 1 - beta1)
            largest = buffer(state, "exp_inf", param)
            largest.copy_(elementwise.maximum(largest.mul_(beta2), grad.abs().add_(eps)))
            param.addcdiv_(mean, largest, value=-lr / (1 - beta1**step))
