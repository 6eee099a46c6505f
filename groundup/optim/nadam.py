"""NAdam and RAdam, Adam's relatives: NAdam looks ahead as Nesterov's momentum does, RAdam makes the first steps
without dividing, while the average of the squares is still a guess."""

from __future__ import annotations

from typing import Any

from groundup.functions import creation
from groundup.optim.hyperparameters import buffer, check_betas, check_non_negative, check_switches, number
from groundup.optim.optimizer import Group, Optimizer, Params
from groundup.tensor import Tensor

__all__ = ["NAdam", "RAdam"]


class NAdam(Optimizer):
    r"""NAdam: Adam with Nesterov's momentum, which grows over the first steps.

    At step $t$, for a parameter $p$ with gradient $g$ (its sign is turned when `maximize`):

        g  <-  g + weight_decay * p                       (decoupled: p <- p - lr * weight_decay * p)
        mu_t =  beta1 * (1 - 0.96**(t * momentum_decay) / 2)
        M  <-  M * mu_t                                   product of all momenta so far
        m  <-  m + (1 - beta1) * (g - m)
        v  <-  beta2 * v + (1 - beta2) * g**2
        s   =  sqrt(v / (1 - beta2**t)) + eps
        p  <-  p - lr * ((1 - mu_t) / (1 - M) * g + mu_{t+1} / (1 - M * mu_{t+1}) * m) / s

    Args:
        params: tensors, `(name, tensor)` pairs or parameter groups; see `Optimizer`.
        lr: the learning rate, about the size of a step.
        betas: how much of the two averages is kept at each step.
        eps: keeps the quotient finite where the gradients are zero.
        weight_decay: adds the gradient of `weight_decay / 2 * p**2`.
        momentum_decay: how fast the momentum grows from half of `beta1` to all of it.
        decoupled_weight_decay: decay as `AdamW` does.
        maximize: climb instead of descend.
        foreach, capturable: accepted and kept for PyTorch's sake; there is one implementation.
        differentiable: only False.

    State of a parameter: `step`, `mu_product` (M, one number), `exp_avg` (m), `exp_avg_sq` (v).

    Raises:
        ValueError: `lr`, `eps`, `weight_decay` or `momentum_decay` is negative, or a beta is outside [0, 1).

    Example:
        >>> import groundup
        >>> w = groundup.tensor([1.0, -100.0], requires_grad=True)
        >>> opt = groundup.optim.NAdam([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> opt.step()
        >>> w
        tensor([  0.8944, -99.8944], requires_grad=True)

    Source: Dozat, *Incorporating Nesterov momentum into Adam*, 2016. Follows ``torch.optim.NAdam``.
    """

    _counts = frozenset({"step"})
    _buffers = frozenset({"exp_avg", "exp_avg_sq"})
    _scalars = frozenset({"mu_product"})

    def __init__(
        self,
        params: Params,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_non_negative(lr=lr, eps=eps, weight_decay=weight_decay, momentum_decay=momentum_decay)
        check_switches(differentiable)
        check_betas(betas)
        defaults: Group = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def update_group(self, group: Group) -> None:
        lr, eps, momentum_decay = number(group["lr"]), number(group["eps"]), number(group["momentum_decay"])
        beta1, beta2 = map(number, group["betas"])

        def momentum(step: int) -> float:
            return beta1 * (1.0 - 0.5 * 0.96 ** (step * momentum_decay))

        for param in group["params"]:
            if param.grad is None:
                continue
            state = self.state[param]
            step = state["step"] = state.get("step", 0) + 1
            grad = _decayed(param, group)
            mu, mu_next = momentum(step), momentum(step + 1)
            product = _momentum_product(state).mul_(mu).item()
            mean, square = _averages(state, param, grad, beta1, beta2)
            scale = square.div(1 - beta2**step).sqrt_().add_(eps)
            param.addcdiv_(grad, scale, value=-lr * (1.0 - mu) / (1.0 - product))
            param.addcdiv_(mean, scale, value=-lr * mu_next / (1.0 - product * mu_next))


class RAdam(Optimizer):
    r"""RAdam: Adam whose first steps are momentum alone, until the average of the squares is worth dividing by.

    At step $t$, for a parameter $p$ with gradient $g$ (its sign is turned when `maximize`):

        g  <-  g + weight_decay * p                       (decoupled: p <- p - lr * weight_decay * p)
        m  <-  m + (1 - beta1) * (g - m)
        v  <-  beta2 * v + (1 - beta2) * g**2
        d   =  m / (1 - beta1**t)
        n   =  N - 2 * t * beta2**t / (1 - beta2**t)      how many gradients v speaks for; N = 2 / (1 - beta2) - 1
        p  <-  p - lr * d                                 while n <= 5
        p  <-  p - lr * d * r * sqrt(1 - beta2**t) / (sqrt(v) + eps)    later

    with $r = \sqrt{\frac{(n-4)(n-2)N}{(N-4)(N-2)n}}$, which rises to 1: a warm-up that needs no schedule.

    Args:
        params: tensors, `(name, tensor)` pairs or parameter groups; see `Optimizer`.
        lr: the learning rate.
        betas: how much of the two averages is kept at each step.
        eps: keeps the quotient finite where the gradients are zero.
        weight_decay: adds the gradient of `weight_decay / 2 * p**2`.
        decoupled_weight_decay: decay as `AdamW` does.
        maximize: climb instead of descend.
        foreach, capturable: accepted and kept for PyTorch's sake; there is one implementation.
        differentiable: only False.

    State of a parameter: `step`, `exp_avg` (m), `exp_avg_sq` (v).

    Raises:
        ValueError: `lr`, `eps` or `weight_decay` is negative, or a beta is outside [0, 1).

    Example:
        >>> import groundup
        >>> w = groundup.tensor([1.0, -100.0], requires_grad=True)
        >>> opt = groundup.optim.RAdam([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> opt.step()
        >>> w
        tensor([  0.8000, -80.0000], requires_grad=True)

    Source: Liu and others, *On the variance of the adaptive learning rate and beyond*, 2020. Follows
    ``torch.optim.RAdam``.
    """

    _counts = frozenset({"step"})
    _buffers = frozenset({"exp_avg", "exp_avg_sq"})

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_non_negative(lr=lr, eps=eps, weight_decay=weight_decay)
        check_switches(differentiable)
        check_betas(betas)
        defaults: Group = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def update_group(self, group: Group) -> None:
        lr, eps = number(group["lr"]), number(group["eps"])
        beta1, beta2 = map(number, group["betas"])
        for param in group["params"]:
            if param.grad is None:
                continue
            state = self.state[param]
            step = state["step"] = state.get("step", 0) + 1
            grad = _decayed(param, group)
            mean, square = _averages(state, param, grad, beta1, beta2)
            rate = lr / (1 - beta1**step)
            rectified = _rectification(step, beta2)
            if rectified is None:
                param.add_(mean, alpha=-rate)
            else:
                root = (1 - beta2**step) ** 0.5
                param.addcdiv_(mean, square.sqrt().add_(eps), value=-rate * root * rectified)


def _rectification(step: int, beta2: float) -> float | None:
    """The factor r of `RAdam`, or None while the variance of its quotient would be infinite."""
    longest = 2 / (1 - beta2) - 1
    length = longest - 2 * step * beta2**step / (1 - beta2**step)
    if length <= 5:
        return None
    return ((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)) ** 0.5


def _decayed(param: Tensor, group: Group) -> Any:
    """The gradient, turned if `maximize`, with the weight decay in it; or decay the parameter itself."""
    grad: Any = -param.grad if group["maximize"] else param.grad  # type: ignore[operator]
    weight_decay = number(group["weight_decay"])
    if weight_decay == 0:
        return grad
    if group["decoupled_weight_decay"]:
        param.mul_(1 - number(group["lr"]) * weight_decay)
        return grad
    return grad.add(param, alpha=weight_decay)


def _averages(state: dict[str, Any], param: Tensor, grad: Tensor, beta1: float, beta2: float) -> tuple[Tensor, Tensor]:
    """The running averages of the gradient and of its square, brought up to date."""
    mean = buffer(state, "exp_avg", param).lerp_(grad, 1 - beta1)
    square = buffer(state, "exp_avg_sq", param)
    return mean, square.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)


def _momentum_product(state: dict[str, Any]) -> Tensor:
    """A tensor, as in PyTorch: rounded as it is saved, so that a resumed run goes on to the last bit."""
    if "mu_product" not in state:
        state["mu_product"] = creation.tensor(1.0)
    return state["mu_product"]
