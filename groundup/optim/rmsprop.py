"""RMSprop: gradients divided, element by element, by the root of the running average of their square. It is
Adam's forerunner, and is still at home in recurrent networks and reinforcement learning."""

from __future__ import annotations

from groundup.optim.hyperparameters import buffer, check_non_negative, check_switches, number
from groundup.optim.optimizer import Group, Optimizer, Params

__all__ = ["RMSprop"]


class RMSprop(Optimizer):
    r"""RMSprop: divide each element's gradient by the root mean square of its recent values.

    At step $t$, for a parameter $p$ with gradient $g$ (its sign is turned when `maximize`):

        g  <-  g + weight_decay * p
        v  <-  alpha * v + (1 - alpha) * g**2             average of the square
        a  <-  a + (1 - alpha) * (g - a)                  only if centered: average of the gradient
        s   =  sqrt(v) + eps,  or  sqrt(v - a**2) + eps  if centered (an estimate of the variance)
        p  <-  p - lr * g / s,  or with momentum:  u <- momentum * u + g / s  and  p <- p - lr * u

    `v` starts at zero and is not corrected for it, so the first steps are large: with the default `alpha`
    the first one is ten times `lr`.

    Args:
        params: tensors, `(name, tensor)` pairs or parameter groups; see `Optimizer`.
        lr: the learning rate.
        alpha: how much of the averages is kept at each step.
        eps: keeps the quotient finite; it is added outside the root.
        weight_decay: adds the gradient of `weight_decay / 2 * p**2` (an L2 penalty).
        momentum: the share of the last step that is kept.
        centered: divide by the deviation from the average gradient.
        maximize: climb instead of descend.
        foreach, capturable: accepted and kept for PyTorch's sake; there is one implementation.
        differentiable: only False.

    State of a parameter: `step`, `square_avg` (v), `momentum_buffer` (u), `grad_avg` (a).

    Raises:
        ValueError: `lr`, `alpha`, `eps`, `weight_decay` or `momentum` is negative.

    Example:
        >>> import groundup
        >>> w = groundup.tensor([1.0, -100.0], requires_grad=True)
        >>> opt = groundup.optim.RMSprop([w], lr=0.01)
        >>> (w * w).sum().backward()
        >>> opt.step()
        >>> w
        tensor([  0.9000, -99.9000], requires_grad=True)

    Sources: Hinton, *Neural networks for machine learning*, lecture 6e, 2012; centered from Graves,
    *Generating sequences with recurrent neural networks*, 2013. Follows ``torch.optim.RMSprop``.
    """

    _counts = frozenset({"step"})
    _buffers = frozenset({"square_avg", "grad_avg", "momentum_buffer"})

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_non_negative(lr=lr, eps=eps, momentum=momentum, weight_decay=weight_decay, alpha=alpha)
        check_switches(differentiable)
        defaults: Group = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def update_group(self, group: Group) -> None:
        lr, alpha, eps = number(group["lr"]), number(group["alpha"]), number(group["eps"])
        momentum, weight_decay = number(group["momentum"]), number(group["weight_decay"])
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
            square.mul_(alpha).addcmul_(grad, grad, value=1 - alpha)
            if group["centered"]:
                mean = buffer(state, "grad_avg", param).lerp_(grad, 1 - alpha)
                scale = square.addcmul(mean, mean, value=-1).sqrt_().add_(eps)
            else:
                scale = square.sqrt().add_(eps)
            if momentum > 0:
                velocity = buffer(state, "momentum_buffer", param)
                velocity.mul_(momentum).addcdiv_(grad, scale)
                param.add_(velocity, alpha=-lr)
            else:
                param.addcdiv_(grad, scale, value=-lr)
