"""Averaged stochastic gradient descent: plain steps at a falling rate, and the average of where they led."""

from __future__ import annotations

from groundup.functions import creation
from groundup.optim.hyperparameters import buffer, check_non_negative, check_switches, number
from groundup.optim.optimizer import Group, Optimizer, Params

__all__ = ["ASGD"]


class ASGD(Optimizer):
    r"""Averaged SGD: the parameters wander around the minimum, their average `ax` lies closer to it.

    At step $t$, for a parameter $p$ with gradient $g$ (its sign is turned when `maximize`):

        g    <-  g + weight_decay * p
        p    <-  p * (1 - lambd * eta) - eta * g
        ax   <-  ax + mu * (p - ax)                        with mu = 1: ax <- p
        eta  <-  lr / (1 + lambd * lr * t)**alpha
        mu   <-  1 / max(1, t - t0)

    The averaging begins at step `t0`. The average is kept in the state: the parameters themselves are those
    of the last step, so copy `opt.state[p]["ax"]` into them when training is done.

    Args:
        params: tensors, `(name, tensor)` pairs or parameter groups; see `Optimizer`.
        lr: the learning rate of the first step.
        lambd: how fast the rate falls, and a decay of the parameters besides.
        alpha: the power of that fall.
        t0: the step at which averaging begins.
        weight_decay: adds the gradient of `weight_decay / 2 * p**2` (an L2 penalty).
        maximize: climb instead of descend.
        foreach, capturable: accepted and kept for PyTorch's sake; there is one implementation.
        differentiable: only False.

    State of a parameter: `step`, `eta` and `mu` (one number each), `ax`.

    Raises:
        ValueError: `lr` or `weight_decay` is negative.

    Example:
        >>> import groundup
        >>> w = groundup.tensor([1.0], requires_grad=True)
        >>> opt = groundup.optim.ASGD([w], lr=0.1, lambd=0, t0=0)
        >>> for _ in range(2):
        ...     opt.zero_grad()
        ...     (w * w).sum().backward()
        ...     opt.step()
        >>> w, opt.state[w]["ax"]
        (tensor([0.6400], requires_grad=True), tensor([0.6400]))

    Source: Polyak and Juditsky, *Acceleration of stochastic approximation by averaging*, 1992. Follows
    ``torch.optim.ASGD``.
    """

    _counts = frozenset({"step"})
    _buffers = frozenset({"ax"})
    _scalars = frozenset({"eta", "mu"})

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_non_negative(lr=lr, weight_decay=weight_decay)
        check_switches(differentiable)
        defaults: Group = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def update_group(self, group: Group) -> None:
        lr, lambd, alpha = number(group["lr"]), number(group["lambd"]), number(group["alpha"])
        weight_decay, t0 = number(group["weight_decay"]), number(group["t0"])
        for param in group["params"]:
            grad = param.grad
            if grad is None:
                continue
            state = self.state[param]
            if not state:
                # Tensors, as in PyTorch: rounded as they are saved, so that a resumed run goes on to the last bit.
                state.update(step=0, eta=creation.tensor(1.0).fill_(lr), mu=creation.tensor(1.0))
            step = state["step"] = state["step"] + 1
            if group["maximize"]:
                grad = -grad
            if weight_decay != 0:
                grad = grad.add(param, alpha=weight_decay)
            rate, weight = state["eta"].item(), state["mu"].item()
            param.mul_(1 - lambd * rate).add_(grad, alpha=-rate)
            average = buffer(state, "ax", param)
            if weight == 1:
                average.copy_(param)
            else:
                average.add_(param.sub(average).mul_(weight))
            state["eta"].fill_(lr / (1 + lambd * lr * step) ** alpha)
            state["mu"].fill_(1 / max(1, step - t0))
