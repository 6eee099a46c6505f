"""How a module keeps its parameters, buffers and submodules apart from its ordinary attributes.

Assigning a ``Parameter``, a ``Buffer`` or a ``Module`` files it in one of three tables, which are made
when the object is, before any ``__init__`` runs. ``Module`` stands on this class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from groundup.nn.parameter import Buffer, Parameter
from groundup.tensor import Tensor

if TYPE_CHECKING:
    from groundup.nn.module import Module


class Attributes:
    """The three tables of a module and the rules by which attributes enter and leave them."""

    training: bool
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Module | None]
    _non_persistent_buffers_set: set[str]

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        module = super().__new__(cls)
        module.__dict__.update(
            training=True, _parameters={}, _buffers={}, _modules={}, _non_persistent_buffers_set=set()
        )
        return module

    # ---- the rules of assignment ----

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Parameter):
            self._leave_other_tables(name, self._parameters)
            self.register_parameter(name, value)
        elif isinstance(value, Attributes):
            self._leave_other_tables(name, self._modules)
            self._modules[name] = value  # type: ignore[assignment]
        elif isinstance(value, Buffer):
            self._leave_other_tables(name, self._buffers)
            self.register_buffer(name, value, value.persistent)
        elif name in self._parameters:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{type_name(value)}' as parameter '{name}' "
                    "(groundup.nn.Parameter or None expected)\n"
                    f"To change its values write  with groundup.no_grad(): module.{name}.copy_(values)\n"
                    f"To replace it write         module.{name} = groundup.nn.Parameter(values)"
                )
            self._parameters[name] = None
        elif name in self._modules:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{type_name(value)}' as child module '{name}' (groundup.nn.Module or None expected)"
                )
            self._modules[name] = None
        elif name in self._buffers:
            if value is not None and not isinstance(value, Tensor):
                raise TypeError(
                    f"cannot assign '{type_name(value)}' as buffer '{name}' "
                    "(groundup.nn.Buffer, groundup.Tensor or None expected)"
                )
            self._buffers[name] = value
        else:
            object.__setattr__(self, name, value)

    def _leave_other_tables(self, name: str, staying: dict[str, Any]) -> None:
        for table in (self.__dict__, self._parameters, self._buffers, self._modules):
            if table is not staying:
                table.pop(name, None)
        if staying is not self._buffers:
            self._non_persistent_buffers_set.discard(name)

    def __getattr__(self, name: str) -> Any:
        # Reached only when ordinary lookup has failed.
        own = self.__dict__
        if name in (table := own["_parameters"]):
            return table[name]
        if name in (table := own["_modules"]):
            return table[name]
        if name in (table := own["_buffers"]):
            return table[name]
        if hasattr(type(self), name):
            # A property of the class raised AttributeError: let that error be seen, not a false one.
            return object.__getattribute__(self, name)
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'", name=name, obj=self)

    def __delattr__(self, name: str) -> None:
        for table in (self._parameters, self._buffers, self._modules):
            if name in table:
                del table[name]
                self._non_persistent_buffers_set.discard(name)
                return
        object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        names = {*super().__dir__(), *self._parameters, *self._buffers, *self._modules}
        return sorted(name for name in names if not name[:1].isdigit())

    def __copy__(self) -> Self:
        # The tables are copied too, so that adding to the copy leaves the original as it was.
        copy = type(self).__new__(type(self))
        copy.__dict__.update(self.__dict__)
        for table in ("_parameters", "_buffers", "_modules", "_non_persistent_buffers_set"):
            copy.__dict__[table] = self.__dict__[table].copy()
        return copy

    # ---- filing by name ----

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Files ``param`` under ``name``; None says that the parameter exists and is unused.

        >>> from groundup import nn
        >>> module = nn.Module()
        >>> module.register_parameter("bias", None)
        >>> print(module.bias, list(module.parameters()))
        None []
        """
        self._check_name("parameter", name, self._parameters)
        if param is not None:
            if not isinstance(param, Parameter):
                raise TypeError(
                    f"cannot assign '{type_name(param)}' object to parameter '{name}' "
                    "(groundup.nn.Parameter or None required)"
                )
            if param.grad_fn is not None:
                raise ValueError(
                    f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be created "
                    f"explicitly. To express '{name}' as a function of another Tensor, compute the value in "
                    "the forward() method."
                )
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Files a tensor that is part of the module's state but is not trained.

        A buffer that is not ``persistent`` is left out of ``state_dict``.

        >>> import groundup
        >>> module = groundup.nn.Module()
        >>> module.register_buffer("mean", groundup.zeros(3))
        >>> list(module.state_dict())
        ['mean']
        """
        self._check_name("buffer", name, self._buffers)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{type_name(tensor)}' object to buffer '{name}' (groundup Tensor or None required)"
            )
        self._buffers[name] = tensor
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Files ``module`` as a child under ``name``, which need not be a Python name ("0" will do)."""
        if module is not None and not isinstance(module, Attributes):
            raise TypeError(f"{type_name(module)} is not a Module subclass")
        self._check_name("module", name, self._modules)
        self._modules[name] = module

    def register_module(self, name: str, module: Module | None) -> None:
        """Another name of ``add_module``."""
        self.add_module(name, module)

    def _check_name(self, kind: str, name: object, table: dict[str, Any]) -> None:
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {type_name(name)}")
        if "." in name:
            got = f", got: {name}" if kind == "module" else ""
            raise KeyError(f'{kind} name can\'t contain "."{got}')
        if name == "":
            raise KeyError(f'{kind} name can\'t be empty string ""')
        if name not in table and hasattr(self, name):
            raise KeyError(f"attribute '{name}' already exists")


def type_name(value: object) -> str:
    """The type of ``value`` as messages spell it: with its module, unless it is built in."""
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
