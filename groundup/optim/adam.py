"""Adam and AdamW: steps scaled, element by element, by running averages of the gradient and of its square.
They share one update and differ in what weight decay acts on: Adam's gradient, or AdamW's parameter."""

from __future__ import annotations

from typing import Any

from groundup.optim.hyperparameters import buffer, check_betas, check_non_negative, check_switches, number
from groundup.optim.optimizer import Group, Optimizer, Params
from groundup.tensor import Tensor

__all__ = ["Adam", "AdamW"]


class Adam(Optimizer):
    r"""Adam: momentum, with each element's step divided by the size its gradients usually have.

    At step $t$, for a parameter $p$ with gradient $g$ (its sign is turned when `maximize`):

        g  <-  g + weight_decay * p                       (AdamW: p <- p - lr * weight_decay * p)
        m  <-  m + (1 - beta1) * (g - m)                  average of the gradient
        v  <-  beta2 * v + (1 - beta2) * g**2             average of its square
        s   =  sqrt(v / (1 - beta2**t)) + eps             with amsgrad, the largest v so far
        p  <-  p - lr / (1 - beta1**t) * m / s

    `m` and `v` start at zero; the divisions by $1 - \beta^t$ undo the bias that this gives the first steps.
    An element moves by about `lr` per step however large its gradients are.

    Args:
        params: tensors, `(name, tensor)` pairs or parameter groups; see `Optimizer`.
        lr: the learning rate, about the size of a step.
        betas: how much of the two averages is kept at each step.
        eps: keeps the quotient finite where the gradients are zero.
        weight_decay: adds the gradient of `weight_decay / 2 * p**2`; prefer `AdamW`, whose decay is not
            divided by `s`.
        amsgrad: never let `s` shrink (up to the bias correction).
        maximize: climb instead of descend.
        decoupled_weight_decay: decay as AdamW does.
        foreach, fused, capturable: accepted and kept for PyTorch's sake; there is one implementation.
        differentiable: only False.

    State of a parameter: `step`, `exp_avg` (m), `exp_avg_sq` (v), and with amsgrad `max_exp_avg_sq`.

    Raises:
        ValueError: `lr`, `eps` or `weight_decay` is negative, or a beta is outside [0, 1).

    Example:
        >>> import groundup
        >>> w = groundup.tensor([1.0, -100.0], requires_grad=True)
        >>> opt = groundup.optim.Adam([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> opt.step()
        >>> w
        tensor([  0.9000, -99.9000], requires_grad=True)

    Sources: Kingma and Ba, *Adam: a method for stochastic optimization*, 2015; amsgrad from Reddi, Kale and
    Kumar, *On the convergence of Adam and beyond*, 2018. Follows ``torch.optim.Adam``.
    """

    _counts = frozenset({"step"})
    _buffers = frozenset({"exp_avg", "exp_avg_sq", "max_exp_avg_sq"})

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        check_non_negative(lr=lr, eps=eps, weight_decay=weight_decay)
        check_switches(differentiable, foreach, fused)
        _check_adam(lr, betas, capturable, foreach)
        defaults: Group = {
            "lr": lr,
            "betas": tuple(map(number, betas)),
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
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
                if group["decoupled_weight_decay"]:
                    param.mul_(1 - lr * weight_decay)
                else:
                    grad = grad.add(param, alpha=weight_decay)
            mean = buffer(state, "exp_avg", param).lerp_(grad, 1 - beta1)
            square = buffer(state, "exp_avg_sq", param)
            square.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
            if group["amsgrad"]:
                largest = buffer(state, "max_exp_avg_sq", param)
                square = largest.copy_(largest.maximum(square))
            scale = square.sqrt().div_((1 - beta2**step) ** 0.5).add_(eps)
            param.addcdiv_(mean, scale, value=-lr / (1 - beta1**step))


class AdamW(Adam):
    r"""Adam with decoupled weight decay: every step first shrinks the parameter by `lr * weight_decay`.

    In `Adam` the decay is added to the gradient and then divided by its usual size, so weights with large
    gradients hardly decay. Here all weights decay alike:

        p  <-  p - lr * weight_decay * p
        p  <-  p - lr / (1 - beta1**t) * m / s            as in `Adam`

    Args: as in `Adam`; `weight_decay` is 0.01 unless given.

    Example:
        >>> import groundup
        >>> w = groundup.tensor([1.0, -100.0], requires_grad=True)
        >>> opt = groundup.optim.AdamW([w], lr=0.1, weight_decay=0.1)
        >>> (w * w).sum().backward()
        >>> opt.step()
        >>> w
        tensor([  0.8900, -98.9000], requires_grad=True)

    Source: Loshchilov and Hutter, *Decoupled weight decay regularization*, 2019. Follows
    ``torch.optim.AdamW``.
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """As in `Optimizer`; a dictionary that `Adam` saved is taken over, and the decay stays decoupled."""
        super().load_state_dict(state_dict)
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True


def _check_adam(lr: Any, betas: Any, capturable: bool, foreach: bool | None) -> None:
    check_betas(betas)
    if foreach and not capturable:
        for name, value in (("lr", lr), ("betas[0]", betas[0]), ("betas[1]", betas[1])):
            if isinstance(value, Tensor):
                raise ValueError(f"{name} as a Tensor is not supported for capturable=False and foreach=True")
