"""Adagrad, which divides each element's step by the size of all its gradients so far, and Adadelta, which looks
at the recent ones only and replaces the learning rate by the size of the recent steps."""

from __future__ import annotations

from groundup.optim.hyperparameters import buffer, check_non_negative, check_switches, number
from groundup.optim.optimizer import Group, Optimizer, Params

__all__ = ["Adadelta", "Adagrad"]


class Adagrad(Optimizer):
    r"""Adagrad: elements that have had large or many gradients move less and less.

    At step $t$, for a parameter $p$ with gradient $g$ (its sign is turned when `maximize`):

        g  <-  g + weight_decay * p
        v  <-  v + g**2                                   sum of the squares, never forgotten
        p  <-  p - lr / (1 + (t - 1) * lr_decay) * g / (sqrt(v) + eps)

    It suits rare features, whose few gradients keep a large step: the embedding of a rare word, for one.

    Args:
        params: tensors, `(name, tensor)` pairs or parameter groups; see `Optimizer`.
        lr: the learning rate: the first step of every element.
        lr_decay: how fast the learning rate falls besides.
        weight_decay: adds the gradient of `weight_decay / 2 * p**2` (an L2 penalty).
        initial_accumulator_value: what `v` starts from.
        eps: keeps the quotient finite; it is added outside the root.
        maximize: climb instead of descend.
        foreach, fused: accepted and kept for PyTorch's sake; there is one implementation.
        differentiable: only False.

    State of a parameter, from the beginning: `step`, `sum` (v).

    Raises:
        ValueError: a hyperparameter is negative.

    Example:
        >>> import groundup
        >>> w = groundup.tensor([1.0, -100.0], requires_grad=True)
        >>> opt = groundup.optim.Adagrad([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> opt.step()
        >>> w
        tensor([  0.9000, -99.9000], requires_grad=True)

    Source: Duchi, Hazan and Singer, *Adaptive subgradient methods for online learning and stochastic
    optimization*, 2011. Follows ``torch.optim.Adagrad``.
    """

    _counts = frozenset({"step"})
    _buffers = frozenset({"sum"})

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_non_negative(lr=lr, lr_decay=lr_decay, weight_decay=weight_decay)
        check_non_negative(initial_accumulator_value=initial_accumulator_value, eps=eps)
        check_switches(differentiable, foreach, fused)
        defaults: Group = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)
        for group in self.param_groups:
            for param in group["params"]:
                state = self.state[param]
                state["step"] = 0
                buffer(state, "sum", param, number(initial_accumulator_value))

    def update_group(self, group: Group) -> None:
        lr, lr_decay, eps = number(group["lr"]), number(group["lr_decay"]), number(group["eps"])
        weight_decay, start = number(group["weight_decay"]), number(group["initial_accumulator_value"])
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
            total = buffer(state, "sum", param, start).addcmul_(grad, grad)
            rate = lr / (1 + (step - 1) * lr_decay)
            param.addcdiv_(grad, total.sqrt().add_(eps), value=-rate)


class Adadelta(Optimizer):
    r"""Adadelta: steps whose size comes from the sizes of the recent gradients and of the recent steps.

    At step $t$, for a parameter $p$ with gradient $g$ (its sign is turned when `maximize`):

        g  <-  g + weight_decay * p
        v  <-  rho * v + (1 - rho) * g**2                 average of the square of the gradient
        d   =  sqrt(u + eps) / sqrt(v + eps) * g
        u  <-  rho * u + (1 - rho) * d**2                 average of the square of the step
        p  <-  p - lr * d

    `d` has the unit of `p`, whatever the unit of the loss, so the learning rate may stay at 1; the first
    steps are tiny, about `sqrt(eps)`.

    Args:
        params: tensors, `(name, tensor)` pairs or parameter groups; see `Optimizer`.
        lr: multiplies the step; 1 in the paper.
        rho: how much of the averages is kept at each step.
        eps: keeps the quotient finite and gets the first steps going.
        weight_decay: adds the gradient of `weight_decay / 2 * p**2` (an L2 penalty).
        maximize: climb instead of descend.
        foreach, capturable: accepted and kept for PyTorch's sake; there is one implementation.
        differentiable: only False.

    State of a parameter: `step`, `square_avg` (v), `acc_delta` (u).

    Raises:
        ValueError: `lr`, `eps` or `weight_decay` is negative, or `rho` is outside [0, 1].

    Example:
        >>> import groundup
        >>> w = groundup.tensor([1.0, -100.0], requires_grad=True)
        >>> opt = groundup.optim.Adadelta([w], rho=0.75, eps=0.01)
        >>> (w * w).sum().backward()
        >>> opt.step()
        >>> w
        tensor([  0.8010, -99.8000], requires_grad=True)

    Source: Zeiler, *ADADELTA: an adaptive learning rate method*, 2012. Follows ``torch.optim.Adadelta``.
    """

    _counts = frozenset({"step"})
    _buffers = frozenset({"square_avg", "acc_delta"})

    def __init__(
        self,
        params: Params,
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_non_negative(lr=lr, rho=rho, eps=eps, weight_decay=weight_decay)
        if number(rho) > 1:
            raise ValueError(f"Invalid rho value: {rho}")
        check_switches(differentiable)
        defaults: Group = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "capturable": capturable,
            "foreach": foreach,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def update_group(self, group: Group) -> None:
        lr, rho, eps = number(group["lr"]), number(group["rho"]), number(group["eps"])
        weight_decay = number(group["weight_decay"])
        for param in group["params"]:
            grad = param.grad
            if grad is None:
                continue
            state = self.state[param]
            state["step"] = state.get("step", 0) + 1
            if group["maximize"]:
                grad = -grad
            if weight_decay != 0:
                grad = grad.add(param, alpha=weight_decay)
            square = buffer(state, "square_avg", param)
            square.mul_(rho).addcmul_(grad, grad, value=1 - rho)
            steps = buffer(state, "acc_delta", param)
            delta = steps.add(eps).sqrt_().div_(square.add(eps).sqrt_()).mul_(grad)
            steps.mul_(rho).addcmul_(delta, delta, value=1 - rho)
            param.add_(delta, alpha=-lr)
