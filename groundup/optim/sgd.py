"""Stochastic gradient descent, with the momentum of Polyak and of Nesterov: the simplest optimiser, and the
one that the others are measured against."""

from __future__ import annotations

from groundup.optim.hyperparameters import check_non_negative, check_switches, number
from groundup.optim.optimizer import Group, Optimizer, Params

__all__ = ["SGD"]


class SGD(Optimizer):
    r"""Stochastic gradient descent: step against the gradient, or along a running sum of gradients.

    At step $t$, for a parameter $p$ with gradient $g$ (its sign is turned when `maximize`):

        g  <-  g + weight_decay * p
        v  <-  momentum * v + (1 - dampening) * g           only with momentum; at the first step v = g
        d   =  g + momentum * v  if nesterov,  v  with momentum,  else g
        p  <-  p - lr * d

    The buffer `v` multiplies no learning rate, so a change of `lr` acts on the whole of the next step. (Some
    books put `lr` inside the sum: the paths are the same while `lr` stays constant.)

    Args:
        params: tensors, `(name, tensor)` pairs or parameter groups; see `Optimizer`.
        lr: the learning rate.
        momentum: the share of the last step that is kept; 0.9 is usual.
        dampening: the part of the gradient that momentum leaves out.
        weight_decay: adds the gradient of `weight_decay / 2 * p**2` (an L2 penalty).
        nesterov: look ahead, to where the momentum is about to carry the parameter.
        maximize: climb instead of descend.
        foreach, fused: accepted and kept for PyTorch's sake; there is one implementation.
        differentiable: only False.

    Raises:
        ValueError: `lr`, `momentum` or `weight_decay` is negative, or `nesterov` without momentum or with
            dampening.

    Example:
        >>> import groundup
        >>> w = groundup.tensor([1.0, 2.0], requires_grad=True)
        >>> opt = groundup.optim.SGD([w], lr=0.1, momentum=0.9)
        >>> for _ in range(2):
        ...     opt.zero_grad()
        ...     (w * w).sum().backward()
        ...     opt.step()
        >>> w
        tensor([0.4600, 0.9200], requires_grad=True)

    Sources: Polyak, *Some methods of speeding up the convergence of iteration methods*, 1964; Sutskever,
    Martens, Dahl and Hinton, *On the importance of initialization and momentum in deep learning*, 2013.
    Follows ``torch.optim.SGD``.
    """

    _buffers = frozenset({"momentum_buffer"})

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_non_negative(lr=lr, momentum=momentum, weight_decay=weight_decay)
        check_switches(differentiable, foreach, fused)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        defaults: Group = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)

    def update_group(self, group: Group) -> None:
        lr, momentum = number(group["lr"]), number(group["momentum"])
        weight_decay, dampening = number(group["weight_decay"]), number(group["dampening"])
        for param in group["params"]:
            grad = param.grad
            if grad is None:
                continue
            if group["maximize"]:
                grad = -grad
            if weight_decay != 0:
                grad = grad.add(param, alpha=weight_decay)
            if momentum != 0:
                state = self.state[param]
                velocity = state.get("momentum_buffer")
                if velocity is None:
                    velocity = state["momentum_buffer"] = grad.clone()
                else:
                    velocity.mul_(momentum).add_(grad, alpha=1 - dampening)
                grad = grad.add(velocity, alpha=momentum) if group["nesterov"] else velocity
            param.add_(grad, alpha=-lr)
