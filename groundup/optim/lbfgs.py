"""L-BFGS: Newton's method with a curvature that is learnt from the last steps. It wants the loss of the whole
data set, which it computes several times for each step, and then needs few steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from groundup.autograd import enable_grad, no_grad
from groundup.functions import view
from groundup.optim.hyperparameters import check_non_negative, number
from groundup.optim.line_search import Point, strong_wolfe
from groundup.optim.optimizer import Group, Optimizer, Params, State
from groundup.tensor import Tensor

__all__ = ["LBFGS"]

Closure = Callable[[], Any]


class LBFGS(Optimizer):
    r"""Limited-memory BFGS, for losses without noise: a fit, a physical model, a network on all its data.

    One `step(closure)` makes up to `max_iter` iterations, each

        d  <-  -H g                                       H: the inverse curvature of the last steps
        t  <-  lr, or what the line search finds          at the very first: at most lr / sum(|g|)
        p  <-  p + t * d

    `H` is never formed: it is given by the last `history_size` differences of parameters and gradients.

    Args:
        params: tensors or `(name, tensor)` pairs; one group only.
        lr: the length of a step, in units of `d`; 1 is the step of Newton.
        max_iter: iterations in one `step`.
        max_eval: calls of the closure in one `step`; `max_iter * 5 // 4` unless given.
        tolerance_grad: stop when no gradient is larger.
        tolerance_change: stop when neither the parameters nor the loss change by more.
        history_size: how many differences are kept; each has the size of all parameters.
        line_search_fn: None for steps of fixed length, or `"strong_wolfe"`, which is safer and nearly always
            better.

    `step` needs a closure, as the loss is computed again and again: it clears the gradients, computes the
    loss, calls `backward` and returns the loss. The loss before the step is returned.

    State, with the first parameter: `func_evals`, `n_iter`, `d`, `t`, `old_dirs`, `old_stps`, `ro`, `H_diag`,
    `prev_flat_grad`, `prev_loss`, `al`.

    Raises:
        ValueError: `lr` is negative, or there is more than one group.
        RuntimeError: another line search is asked for.

    Example:
        >>> import groundup
        >>> w = groundup.tensor([-1.0, 2.0], requires_grad=True)
        >>> opt = groundup.optim.LBFGS([w], max_iter=50, line_search_fn="strong_wolfe")
        >>> def closure():
        ...     opt.zero_grad()
        ...     loss = (1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2
        ...     loss.backward()
        ...     return loss
        >>> opt.step(closure)
        tensor(104., grad_fn=<AddBackward0>)
        >>> groundup.allclose(w, groundup.ones(2), atol=1e-3)
        True

    Source: Liu and Nocedal, *On the limited memory BFGS method for large scale optimization*, 1989. Follows
    ``torch.optim.LBFGS``.
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        check_non_negative(lr=lr)
        if line_search_fn not in (None, "strong_wolfe"):
            raise RuntimeError("only 'strong_wolfe' is supported")
        defaults: Group = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, defaults)

    def add_param_group(self, param_group: Group) -> None:
        super().add_param_group(param_group)
        if len(self.param_groups) > 1:
            self.param_groups.pop()
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")

    @property
    def _params(self) -> list[Tensor]:
        return self.param_groups[0]["params"]

    # ---- the step -------------------------------------------------------------------------------------

    def step(self, closure: Closure) -> Any:
        """Minimise for up to `max_iter` iterations; return the loss that the closure gave first."""
        with no_grad():
            return self._minimise(_with_gradients(closure))

    def _minimise(self, closure: Closure) -> Any:
        group = self.param_groups[0]
        state = self.state[self._params[0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        first = closure()
        loss, grad, evaluations = float(first), self._flat_grad(), 1
        state["func_evals"] += 1
        if _largest(grad) <= group["tolerance_grad"]:
            return first
        for iteration in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            direction = state["d"] = _direction(state, grad, group["history_size"])
            state["prev_flat_grad"], state["prev_loss"] = grad, loss
            state["t"] = _first_length(state, grad, number(group["lr"]))
            here = Point(0.0, loss, grad, grad.dot(direction).item())
            if here.slope > -group["tolerance_change"]:
                break
            is_last = iteration == group["max_iter"]
            loss, grad, calls = self._move(closure, state, here, group["max_eval"] - evaluations, is_last)
            evaluations += calls
            state["func_evals"] += calls
            change = _largest(direction) * abs(state["t"])
            if (
                is_last
                or evaluations >= group["max_eval"]
                or _largest(grad) <= group["tolerance_grad"]
                or change <= group["tolerance_change"]
                or abs(loss - here.loss) < group["tolerance_change"]
            ):
                break
        return first

    def _move(self, closure: Closure, state: State, here: Point, most: int, is_last: bool) -> tuple[float, Tensor, int]:
        """Go along the direction; the loss and gradient there, and how often the closure was called."""
        group, direction = self.param_groups[0], state["d"]
        if group["line_search_fn"] is None:
            self._add(direction, state["t"])
            if is_last:  # the next step computes the loss again, perhaps of other data
                return here.loss, here.grad, 0
            loss = float(closure())
            return loss, self._flat_grad(), 1

        start = [param.clone() for param in self._params]

        def evaluate(t: float) -> Point:
            self._add(direction, t)
            loss = float(closure())
            grad = self._flat_grad()
            for param, value in zip(self._params, start, strict=True):
                param.copy_(value)
            return Point(t, loss, grad, grad.dot(direction).item())

        tolerance = group["tolerance_change"]
        found, calls = strong_wolfe(evaluate, here, state["t"], _largest(direction), tolerance, most)
        state["t"] = found.t
        self._add(direction, found.t)
        return found.loss, found.grad, calls

    # ---- all parameters as one vector -----------------------------------------------------------------

    def _flat_grad(self) -> Tensor:
        grads = [param.new_zeros(param.shape) if param.grad is None else param.grad for param in self._params]
        return view.cat([grad.detach().reshape(-1) for grad in grads])

    def _add(self, direction: Tensor, t: float) -> None:
        sizes = [param.numel() for param in self._params]
        for param, part in zip(self._params, direction.split(sizes), strict=True):
            param.add_(part.view(param.shape), alpha=t)


def _with_gradients(closure: Closure) -> Closure:
    def run() -> Any:
        with enable_grad():
            return closure()

    return run


def _largest(vector: Tensor) -> float:
    return vector.abs().max().item()


def _first_length(state: State, grad: Tensor, lr: float) -> float:
    """The length to try first: nothing is known of the curvature at the first iteration of all."""
    return lr / max(1.0, grad.abs().sum().item()) if state["n_iter"] == 1 else lr


def _direction(state: State, grad: Tensor, history_size: int) -> Tensor:
    """Minus the gradient times the inverse curvature: the two loops of L-BFGS."""
    if state["n_iter"] == 1:
        state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1)
        return grad.neg()
    _remember(state, grad, history_size)
    bends, steps, weights = state["old_dirs"], state["old_stps"], state["ro"]
    shares = state.setdefault("al", [None] * history_size)
    vector = grad.neg()
    for i in reversed(range(len(steps))):
        shares[i] = steps[i].dot(vector) * weights[i]
        vector.sub_(bends[i], alpha=shares[i].item())
    vector.mul_(state["H_diag"])
    for i, step in enumerate(steps):
        back = bends[i].dot(vector) * weights[i]
        vector.add_(step, alpha=(shares[i] - back).item())
    return vector


def _remember(state: State, grad: Tensor, history_size: int) -> None:
    """Keep the last step and what it did to the gradient, if the curvature along it is positive."""
    bend = grad.sub(state["prev_flat_grad"])
    step = state["d"].mul(number(state["t"]))
    product = bend.dot(step)
    if product.item() > 1e-10:
        kept = (state["old_dirs"], state["old_stps"], state["ro"])
        for entries, entry in zip(kept, (bend, step, product.reciprocal()), strict=True):
            if len(entries) == history_size:
                entries.pop(0)
            entries.append(entry)
        state["H_diag"] = product / bend.dot(bend)
