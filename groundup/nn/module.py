"""``Module``: the base of every layer and network, a tree whose leaves are parameters and buffers.

It knows which of its attributes are parameters, buffers and submodules, and everything that is done
to a whole network (training it, saving it, changing its dtype, printing it) is a walk over that tree.
All of ``groundup.nn``, and every network that a user writes, stands on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self, TypeVar

from groundup import dtypes
from groundup.autograd.handle import RemovableHandle
from groundup.functions.creation import no_cuda
from groundup.nn import moving, state
from groundup.nn.attributes import Attributes
from groundup.nn.hooks import BackwardHooks, Hook, Hooks, call_with_hooks
from groundup.nn.parameter import Parameter
from groundup.tensor import Tensor

T = TypeVar("T")


class Module(Attributes):
    """The base class of all layers and networks.

    Assign parameters, buffers and other modules as attributes, and write ``forward``. The module's
    own records are made before ``__init__`` runs, so ``super().__init__()`` may be called, at any
    place, or left out. Follows ``torch.nn.Module``.

    >>> import groundup
    >>> from groundup import nn
    >>> class Net(nn.Module):
    ...     def __init__(self):
    ...         self.hidden = nn.Linear(2, 3)
    ...         self.out = nn.Linear(3, 1)
    ...     def forward(self, x):
    ...         return self.out(self.hidden(x).relu())
    >>> net = Net()
    >>> net
    Net(
      (hidden): Linear(in_features=2, out_features=3, bias=True)
      (out): Linear(in_features=3, out_features=1, bias=True)
    )
    >>> net(groundup.ones(5, 2)).shape
    groundup.Size([5, 1])
    >>> [name for name, _ in net.named_parameters()]
    ['hidden.weight', 'hidden.bias', 'out.weight', 'out.bias']
    """

    training: bool
    _forward_hooks: Hooks | None = None

    def __init__(self) -> None:
        """Does nothing: the records were made when the object was created."""

    # ---- calling ----

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Computes the output; every subclass that is called must define it."""
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function\n'
            f"Define it in the class:  def forward(self, x): ..."
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Runs ``forward`` with the registered hooks around it."""
        hooks = self._forward_hooks
        if hooks is None:
            return self.forward(*args, **kwargs)
        return call_with_hooks(self, hooks, args, kwargs)

    def register_forward_pre_hook(
        self, hook: Hook, *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Calls ``hook(module, args)`` before each ``forward``; a result that is not None replaces the args.

        With ``with_kwargs`` the hook is ``hook(module, args, kwargs)`` and may return both as a pair.

        >>> import groundup
        >>> layer = groundup.nn.ReLU()
        >>> handle = layer.register_forward_pre_hook(lambda module, args: args[0] - 1)
        >>> layer(groundup.tensor([0.5, 3.0]))
        tensor([0., 2.])
        >>> handle.remove()
        """
        return self._own_hooks().before.add(hook, prepend, with_kwargs)

    def register_forward_hook(self, hook: Hook, *, prepend: bool = False, with_kwargs: bool = False) -> RemovableHandle:
        """Calls ``hook(module, args, output)`` after each ``forward``; a result replaces the output.

        With ``with_kwargs`` the hook is ``hook(module, args, kwargs, output)``.

        >>> import groundup
        >>> layer = groundup.nn.ReLU()
        >>> handle = layer.register_forward_hook(lambda module, args, output: print(output.shape))
        >>> _ = layer(groundup.ones(2, 3))
        groundup.Size([2, 3])
        """
        return self._own_hooks().after.add(hook, prepend, with_kwargs)

    def register_full_backward_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Calls ``hook(module, grad_input, grad_output)`` when the gradients of the inputs are computed.

        Both are tuples, with None where there is no gradient; a result that is not None replaces ``grad_input``.

        >>> import groundup
        >>> layer = groundup.nn.ReLU()
        >>> handle = layer.register_full_backward_hook(lambda module, grad_input, grad_output: print(grad_input))
        >>> layer(groundup.tensor([-1.0, 2.0], requires_grad=True)).sum().backward()
        (tensor([0., 1.]),)
        """
        return self._own_backward_hooks().after.add(hook, prepend, False)

    def register_full_backward_pre_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Calls ``hook(module, grad_output)`` before the gradients of the inputs are computed.

        A result that is not None replaces ``grad_output``.
        """
        return self._own_backward_hooks().before.add(hook, prepend, False)

    def _own_backward_hooks(self) -> BackwardHooks:
        hooks = self._own_hooks()
        if hooks.backward is None:
            hooks.backward = BackwardHooks()
        return hooks.backward

    def _own_hooks(self) -> Hooks:
        hooks = self._forward_hooks
        if hooks is None:
            hooks = self._forward_hooks = Hooks()
        return hooks

    # ---- walking the tree ----

    def named_modules(
        self, memo: set[Any] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """Yields ``(path, module)`` for this module and everything below it, each module once.

        >>> from groundup import nn
        >>> [path for path, _ in nn.Sequential(nn.Tanh(), nn.Sequential(nn.ReLU())).named_modules()]
        ['', '0', '1', '1.0']
        """
        seen = set() if memo is None else memo
        if id(self) in seen:
            return
        if remove_duplicate:
            seen.add(id(self))
        yield prefix, self
        for name, child in self._modules.items():
            if child is not None:
                path = f"{prefix}.{name}" if prefix else name
                yield from child.named_modules(seen, path, remove_duplicate)

    def modules(self) -> Iterator[Module]:
        """Yields this module and every module below it, each once."""
        for _, module in self.named_modules():
            yield module

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Yields ``(name, module)`` for the direct children, each once."""
        seen: set[int] = set()
        for name, child in self._modules.items():
            if child is not None and id(child) not in seen:
                seen.add(id(child))
                yield name, child

    def children(self) -> Iterator[Module]:
        """Yields the direct children, each once."""
        for _, child in self.named_children():
            yield child

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Yields ``(path, parameter)``; a parameter that is shared comes once, under its first path.

        >>> from groundup import nn
        >>> [(path, p.shape) for path, p in nn.Linear(3, 2).named_parameters()]
        [('weight', groundup.Size([2, 3])), ('bias', groundup.Size([2]))]
        """
        return self._named_members(lambda module: module._parameters, prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Yields every parameter once: what an optimiser is given."""
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Yields ``(path, buffer)`` as ``named_parameters`` does for parameters."""
        return self._named_members(lambda module: module._buffers, prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Yields every buffer once."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def _named_members(
        self,
        members: Callable[[Module], Mapping[str, T | None]],
        prefix: str,
        recurse: bool,
        remove_duplicate: bool,
    ) -> Iterator[tuple[str, T]]:
        modules = (
            self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else iter([(prefix, self)])
        )
        seen: set[int] = set()
        for path, module in modules:
            for name, member in members(module).items():
                if member is None or id(member) in seen:
                    continue
                if remove_duplicate:
                    seen.add(id(member))
                yield (f"{path}.{name}" if path else name), member

    def get_submodule(self, target: str) -> Module:
        """Returns the module at a dotted path, such as ``"encoder.0"``; ``""`` is this module.

        >>> from groundup import nn
        >>> nn.Sequential(nn.Sequential(nn.Tanh())).get_submodule("0.0")
        Tanh()
        """
        module: Module = self
        for name in filter(None, target.split(".")):
            if not hasattr(module, name):
                raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
            child = getattr(module, name)
            if not isinstance(child, Module):
                raise AttributeError(f"`{name}` is not an nn.Module")
            module = child
        return module

    def get_parameter(self, target: str) -> Parameter:
        """Returns the parameter at a dotted path, such as ``"0.weight"``."""
        owner, name = self._owner_of(target)
        if name not in owner._parameters:
            raise AttributeError(f"{type(owner).__name__} has no parameter `{name}`")
        return getattr(owner, name)

    def get_buffer(self, target: str) -> Tensor:
        """Returns the buffer at a dotted path."""
        owner, name = self._owner_of(target)
        if name not in owner._buffers:
            raise AttributeError(f"{type(owner).__name__} has no buffer `{name}`")
        return getattr(owner, name)

    def _owner_of(self, target: str) -> tuple[Module, str]:
        path, _, name = target.rpartition(".")
        return self.get_submodule(path), name

    def apply(self, fn: Callable[[Module], object]) -> Self:
        """Calls ``fn`` on every module below this one and then on this one; used to initialise weights.

        >>> from groundup import nn
        >>> net = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
        >>> _ = net.apply(lambda module: print(type(module).__name__))
        Linear
        ReLU
        Sequential
        """
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    # ---- modes and gradients ----

    def train(self, mode: bool = True) -> Self:
        """Sets training mode here and below: dropout drops. Returns the module.

        >>> from groundup import nn
        >>> nn.Sequential(nn.Dropout()).train(False)[0].training
        False
        """
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for child in self.children():
            child.train(mode)
        return self

    def eval(self) -> Self:
        """Sets evaluation mode here and below: dropout passes its input through. Returns the module."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Says for every parameter whether gradients are computed for it; False freezes the module."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forgets every parameter's gradient, or fills it with zeros if ``set_to_none`` is False."""
        for parameter in self.parameters():
            if set_to_none:
                parameter.grad = None
            elif parameter.grad is not None:
                parameter.grad = parameter.grad.detach()
                parameter.grad.zero_()

    # ---- dtype and device ----

    def to(
        self,
        *args: Any,
        device: Any = None,
        dtype: Any = None,
        non_blocking: bool = False,
        memory_format: Any = None,
    ) -> Self:
        """Changes the dtype of floating-point parameters and buffers in place, and returns the module.

        Takes ``to(dtype)``, ``to(device)``, ``to(device, dtype)`` or ``to(tensor)``. The only device
        is ``"cpu"``. Integer buffers keep their dtype. A dtype that is not floating raises ``TypeError``.
        ``memory_format`` orders the memory of parameters and buffers of four (or five) axes.

        >>> import groundup
        >>> groundup.nn.Linear(2, 1).to(groundup.float64).weight.dtype
        groundup.float64
        """
        wanted = moving.wanted_dtype(args, device, dtype)
        if memory_format is not None:
            moving.order_memory(self, memory_format)
        return self if wanted is None else moving.cast_floating(self, wanted)

    def float(self) -> Self:
        """Casts floating-point parameters and buffers to float32, in place."""
        return moving.cast_floating(self, dtypes.float32)

    def double(self) -> Self:
        """Casts floating-point parameters and buffers to float64, in place."""
        return moving.cast_floating(self, dtypes.float64)

    def half(self) -> Self:
        """Casts floating-point parameters and buffers to float16, in place."""
        return moving.cast_floating(self, dtypes.float16)

    def cpu(self) -> Self:
        """Returns the module: everything is on the CPU."""
        return self

    def cuda(self, device: Any = None) -> Self:
        """Raises RuntimeError: there is no CUDA device here."""
        raise no_cuda()

    # ---- saving and loading ----

    def state_dict(
        self, *, destination: dict[str, Any] | None = None, prefix: str = "", keep_vars: bool = False
    ) -> dict[str, Any]:
        """Returns all parameters and persistent buffers by dotted path, with PyTorch's keys.

        The tensors share memory with the module and are detached, unless ``keep_vars`` asks for the
        parameters themselves.

        >>> from groundup import nn
        >>> list(nn.Sequential(nn.Linear(2, 2), nn.ReLU()).state_dict())
        ['0.weight', '0.bias']
        """
        return state.collect(self, destination, prefix, keep_vars)

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> state.IncompatibleKeys:
        """Copies the values of ``state_dict`` into this module's parameters and buffers.

        Values may be tensors, NumPy arrays or another library's tensors that NumPy can read; they are
        cast to the dtype of what they replace. With ``assign`` the given tensors take the place of
        the old ones. Missing or unexpected keys (if ``strict``) and wrong shapes raise
        ``RuntimeError``, and then nothing has been changed. Returns the missing and unexpected keys.

        >>> from groundup import nn
        >>> first, second = nn.Linear(2, 1), nn.Linear(2, 1)
        >>> second.load_state_dict(first.state_dict())
        <All keys matched successfully>
        """
        return state.load(self, state_dict, strict, assign)

    # ---- printing ----

    def extra_repr(self) -> str:
        """What is printed between the brackets after the class name: a subclass's settings."""
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        extra = self.extra_repr()
        settings = extra.split("\n") if extra else []
        children = [f"({name}): {indent(repr(child))}" for name, child in self._modules.items()]
        return bracketed(self._get_name(), settings, children)


def indent(text: str) -> str:
    """Indents every line of ``text`` but the first by two spaces."""
    return text.replace("\n", "\n  ")


def bracketed(name: str, settings: list[str], children: list[str]) -> str:
    """Lays out ``name(...)``: on one line if there is one line of settings and no child, else indented."""
    if not children and len(settings) <= 1:
        return f"{name}({''.join(settings)})"
    return f"{name}(\n  " + "\n  ".join(settings + children) + "\n)"
