"""What every optimiser shares: the parameters in their groups, the state kept for each parameter, and the
frame of a step. An optimiser adds one method, `update_group`, which is its formula; the learning-rate
schedulers change the numbers in `param_groups`, and a checkpoint holds what `state_dict` returns."""

from __future__ import annotations

import functools
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any, ClassVar, TypeAlias

from groundup.autograd import enable_grad, no_grad
from groundup.autograd.handle import RemovableHandle
from groundup.functions import creation
from groundup.tensor import Tensor

__all__ = ["Optimizer", "required"]

Params: TypeAlias = Iterable[Tensor] | Iterable[dict[str, Any]] | Iterable[tuple[str, Tensor]]
Group: TypeAlias = dict[str, Any]
State: TypeAlias = dict[str, Any]
Hooks: TypeAlias = dict[int, Callable[..., Any]]


class _Required:
    """The default of a hyperparameter that has none: each parameter group must give it."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()


def _registered(hooks: Hooks, hook: Callable[..., Any]) -> RemovableHandle:
    if not callable(hook):
        raise TypeError(f"a hook must be callable, got {type(hook).__name__}")
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    return handle


def _whole_step(step: Callable[..., Any]) -> Callable[..., Any]:
    """Put the hooks around a `step` method. A step that calls `super().step()` is still one step."""

    @functools.wraps(step)
    def run(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        if self._stepping:
            return step(self, *args, **kwargs)
        self._stepping = True
        try:
            for before in tuple(self._step_pre_hooks.values()):
                changed = before(self, args, kwargs)
                if changed is not None:
                    args, kwargs = _hook_result(changed)
            result = step(self, *args, **kwargs)
            self._opt_called = True
            for after in tuple(self._step_post_hooks.values()):
                after(self, args, kwargs)
        finally:
            self._stepping = False
        return result

    return run


def _hook_result(changed: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if isinstance(changed, tuple) and len(changed) == 2:
        return changed
    raise RuntimeError(f"step pre-hook must return None or a tuple of (new_args, new_kwargs), but got {changed!r}.")


class Optimizer:
    """Base of all optimisers: holds the parameters and calls `update_group` on each group of them.

    Args:
        params: tensors; or pairs `(name, tensor)`; or dicts, each a parameter group: `{"params": [...]}`
            and any hyperparameter that differs from `defaults`.
        defaults: the hyperparameters of the groups that do not give their own.

    `param_groups` is a list of dicts, read afresh at every step, so `opt.param_groups[0]["lr"] = 0.01`
    takes effect at once. `state` maps a parameter to the dict of its buffers. A parameter whose gradient
    is None is left alone.

    To write an optimiser, override `update_group`; it runs without recording gradients, between the hooks.
    Overriding `step` itself works too, as it does in PyTorch.

    Raises:
        TypeError: `params` is one tensor, a module, a set, or holds something that is not a tensor.
        ValueError: it is empty, holds a tensor computed from others, or one tensor in two groups.

    Example:
        >>> import groundup
        >>> class SignSGD(groundup.optim.Optimizer):
        ...     def __init__(self, params, lr=0.1):
        ...         super().__init__(params, {"lr": lr})
        ...
        ...     def update_group(self, group):
        ...         for p in group["params"]:
        ...             if p.grad is not None:
        ...                 p.add_(p.grad.sign(), alpha=-group["lr"])
        >>> w = groundup.tensor([1.0, -2.0], requires_grad=True)
        >>> opt = SignSGD([w])
        >>> (w * w).sum().backward()
        >>> opt.step()
        >>> w
        tensor([ 0.9000, -1.9000], requires_grad=True)

    Follows ``torch.optim.Optimizer``.
    """

    # State entries that count steps: Python numbers in `state`, zero-dimensional tensors in `state_dict()`.
    _counts: ClassVar[frozenset[str]] = frozenset()
    # State entries with one element for each element of the parameter.
    _buffers: ClassVar[frozenset[str]] = frozenset()
    # State entries that are one number in a tensor, of a dtype that is not the parameter's.
    _scalars: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "step" in vars(cls):
            cls.step = _whole_step(vars(cls)["step"])  # type: ignore[method-assign]

    def __init__(self, params: Params, defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self.state: defaultdict[Any, State] = defaultdict(dict)
        self.param_groups: list[Group] = []
        self._prepare()
        given = _listed(params)
        if not given:
            raise ValueError(
                "optimizer got an empty parameter list\n"
                "A generator such as model.parameters() is used up by its first reader: make it anew."
            )
        groups = given if isinstance(given[0], dict) else [{"params": given}]
        for group in groups:
            self.add_param_group(group)

    def _prepare(self) -> None:
        """What belongs to this process rather than to the optimisation, and is not pickled."""
        self._step_pre_hooks: Hooks = {}
        self._step_post_hooks: Hooks = {}
        self._stepping = False
        self._opt_called = False  # read by the schedulers, which warn when they are stepped first

    def __getstate__(self) -> dict[str, Any]:
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._prepare()

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines += [""] if i else []
            lines.append(f"Parameter Group {i}")
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key != "params"]
        return "\n".join([*lines, ")"])

    # ---- parameters -----------------------------------------------------------------------------------

    def add_param_group(self, param_group: Group) -> None:
        """Add a group, such as the layers that fine-tuning has just unfrozen.

        Hyperparameters that the group does not give are the optimiser's defaults.

        Example:
            >>> import groundup
            >>> a, b = groundup.zeros(2, requires_grad=True), groundup.zeros(3, requires_grad=True)
            >>> opt = groundup.optim.SGD([a], lr=0.1)
            >>> opt.add_param_group({"params": b, "lr": 0.01})
            >>> [group["lr"] for group in opt.param_groups]
            [0.1, 0.01]
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        if "params" not in param_group:
            raise KeyError("'params' is missing from the parameter group")
        group = self._with_defaults(param_group)
        self._check_unique(group)
        self.param_groups.append(group)

    def _with_defaults(self, param_group: Group) -> Group:
        """A copy of the group (the caller's dict stays as it is) with a list of tensors and every default."""
        given = param_group["params"]
        members = [given] if isinstance(given, Tensor) else _listed(given)
        names = [member[0] for member in members if isinstance(member, tuple)]
        params = [member[1] if isinstance(member, tuple) else member for member in members]
        if names and len(names) != len(params):
            raise ValueError("all optimizer params should be with/without names. Some param names are missing")
        for param in params:
            self._check_parameter(param)
        group = {**param_group, "params": params}
        if names:
            group["param_names"] = names
        for name, default in self.defaults.items():
            if name not in group and default is required:
                raise ValueError(f"parameter group didn't specify a value of required optimization parameter {name}")
            group.setdefault(name, default)
        return group

    def _check_parameter(self, param: Any) -> None:
        if not isinstance(param, Tensor):
            raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {type(param).__name__}")
        if not (param.is_leaf or param.retains_grad):
            raise ValueError(
                "can't optimize a non-leaf Tensor\n"
                "It was computed from other tensors, so its gradient is not kept. Give the optimizer the "
                "tensors it was computed from, or make it a leaf: t.detach().requires_grad_()."
            )

    def _check_unique(self, group: Group) -> None:
        params = group["params"]
        if len(set(params)) != len(params):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; in future, this will cause "
                "an error; each occurrence is updated in turn",
                stacklevel=4,
            )
        for other in self.param_groups:
            if ("param_names" in group) != ("param_names" in other):
                kind = "with" if "param_names" in group else "without"
                raise ValueError(
                    "all optimizer param groups should be with/without names. "
                    f"cannot add param group {kind} names to the optimizer"
                )
            if not set(params).isdisjoint(other["params"]):
                raise ValueError("some parameters appear in more than one parameter group")

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients; with `set_to_none=False`, fill them with zeros instead."""
        for group in self.param_groups:
            for param in group["params"]:
                if param.grad is None:
                    continue
                if set_to_none:
                    param.grad = None
                else:
                    param.grad = param.grad.detach().zero_()

    # ---- the step -------------------------------------------------------------------------------------

    @_whole_step
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change every parameter once, from its gradient.

        Args:
            closure: if given, it is called first, with gradients on; it should clear the gradients,
                compute the loss, call `backward` and return the loss.

        Returns:
            What the closure returned, or None.

        Example:
            >>> import groundup
            >>> w = groundup.tensor([1.0], requires_grad=True)
            >>> opt = groundup.optim.SGD([w], lr=0.1)
            >>> (w * w).sum().backward()
            >>> opt.step()
            >>> w
            tensor([0.8000], requires_grad=True)
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        with no_grad():
            for group in self.param_groups:
                self.update_group(group)
        return loss

    def update_group(self, group: Group) -> None:
        """Change the parameters of one group: the formula of the optimiser."""
        raise NotImplementedError(f"{type(self).__name__} defines neither update_group() nor step()")

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` before each step; it may return new `(args, kwargs)`."""
        return _registered(self._step_pre_hooks, hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` after each step."""
        return _registered(self._step_post_hooks, hook)

    # ---- saving and loading ---------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """The state and the hyperparameters, laid out as PyTorch lays them out.

        `{"state": {number: {...}}, "param_groups": [{..., "params": [numbers]}]}`: a parameter is named by
        its position among all parameters. The tensors are the optimiser's own, not copies.

        Example:
            >>> import groundup
            >>> opt = groundup.optim.SGD([groundup.zeros(2, requires_grad=True)], lr=0.5)
            >>> opt.state_dict()["param_groups"][0]["params"]
            [0]
        """
        number: dict[Any, int] = {}
        for group in self.param_groups:
            for param in group["params"]:
                number.setdefault(param, len(number))
        groups = [
            {**{key: value for key, value in group.items() if key != "params"},
             "params": [number[param] for param in group["params"]]}
            for group in self.param_groups
        ]  # fmt: skip
        state = {number.get(param, param): self._shown(entry) for param, entry in self.state.items()}
        return {"state": state, "param_groups": groups}

    def _shown(self, entry: Any) -> Any:
        if not isinstance(entry, dict):
            return entry
        return {key: creation.tensor(float(value)) if key in self._counts else value for key, value in entry.items()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state that `state_dict` returned, here or in PyTorch.

        Tensors are copied, to the dtype of their parameter where that is floating point, so two optimisers
        that load one dictionary stay apart. The hyperparameters become those of the dictionary. Nothing is
        changed if an error is raised.

        Raises:
            ValueError: other groups, another number of parameters in a group, a buffer of another shape,
                or a dictionary that another kind of optimiser saved.
        """
        for key in ("state", "param_groups"):
            if key not in state_dict:
                raise KeyError(f"{key!r} is missing: this is not what an optimizer's state_dict() returned")
        saved = deepcopy(state_dict["param_groups"])
        self._check_groups(saved)
        owner: dict[Any, Tensor] = {}
        for new, old in zip(saved, self.param_groups, strict=True):
            owner.update(zip(new["params"], old["params"], strict=True))
        state: defaultdict[Any, State] = defaultdict(dict)
        for number, entry in state_dict["state"].items():
            if number in owner:
                state[owner[number]] = self._taken(owner[number], entry, number)
            else:
                state[number] = deepcopy(entry)
        groups = [
            {**new, **_kept(old, but=new), "params": old["params"]}
            for new, old in zip(saved, self.param_groups, strict=True)
        ]
        self.state, self.param_groups = state, groups

    def _check_groups(self, saved: list[Group]) -> None:
        if len(saved) != len(self.param_groups):
            raise ValueError(
                "loaded state dict has a different number of parameter groups\n"
                f"it has {len(saved)}, the optimizer has {len(self.param_groups)}"
            )
        for i, (new, old) in enumerate(zip(saved, self.param_groups, strict=True)):
            if len(new["params"]) != len(old["params"]):
                raise ValueError(
                    "loaded state dict contains a parameter group that doesn't match the size of "
                    f"optimizer's group\ngroup {i} has {len(new['params'])} parameters in the dictionary "
                    f"and {len(old['params'])} in the optimizer"
                )
            missing = [key for key in self.defaults if key not in new and key not in _kept(old, but=new)]
            if missing:
                raise ValueError(
                    f"loaded state dict is not one of {type(self).__name__}: group {i} has no "
                    + ", ".join(map(repr, missing))
                )

    def _taken(self, param: Tensor, entry: Any, number: Any) -> Any:
        if not isinstance(entry, dict):
            return deepcopy(entry)
        return {key: self._taken_value(param, key, value, number) for key, value in entry.items()}

    def _taken_value(self, param: Tensor, key: str, value: Any, number: Any) -> Any:
        if key in self._counts:
            return float(value)
        if isinstance(value, (list, tuple)):
            return type(value)(self._taken_value(param, key, item, number) for item in value)
        if not isinstance(value, Tensor):
            if not hasattr(value, "__dlpack__"):
                return deepcopy(value)
            value = creation.tensor(value.__array__())  # another library's tensor, such as PyTorch's
        if key in self._buffers and value.shape != param.shape:
            raise ValueError(
                f"loaded state dict does not fit: {key!r} of parameter {number} has shape "
                f"{tuple(value.shape)}, but the parameter has shape {tuple(param.shape)}"
            )
        value = value.detach().clone()
        return value.to(param.dtype) if param.is_floating_point() and key not in self._scalars else value


def _listed(params: Any) -> list[Any]:
    """The parameters (or groups) as a list; or the reason why they are not an ordered collection."""
    if isinstance(params, (set, frozenset)):
        raise TypeError(
            "optimizer parameters need to be organized in ordered collections, but the ordering of tensors "
            "in sets will change between runs. Please use a list instead."
        )
    if isinstance(params, Tensor):
        instead = "[tensor]"
    elif isinstance(params, dict):
        instead = "[group]" if "params" in params else "list(d.values())"
    elif isinstance(params, Iterable):
        return list(params)
    else:
        instead = "model.parameters()" if hasattr(params, "parameters") else "a list of tensors"
    raise TypeError(
        "params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
        f"{type(params).__name__}\nWrite {instead} instead."
    )


def _kept(group: Group, but: Group) -> Group:
    """The entries that a saved group may lack, as older checkpoints do: its switches and its names."""
    return {
        key: value
        for key, value in group.items()
        if key not in but and (value is None or isinstance(value, bool) or key == "param_names")
    }
