"""`Tensor`: what a user holds. A NumPy array, the node of the tape that made it, and a record shared by its views.

Shape, stride and offset are read from the array. The methods are the functions of `groundup.functions`, listed here
by family; what only makes sense as a method is written out.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from groundup import dtypes, printing
from groundup.autograd import tape
from groundup.autograd.backward import backward
from groundup.autograd.handle import RemovableHandle
from groundup.autograd.memory import keep_freed_memory
from groundup.autograd.state import LOCAL
from groundup.autograd.tape import RETAIN, AnyNode, Leaf, storage_of, wrap
from groundup.functions import creation, view
from groundup.functions.axes import one_axis
from groundup.functions.methods import Methods
from groundup.size import Size
from groundup.storage import Storage


class Tensor(Methods):
    """An array of numbers of one type that remembers how it was computed. Follows ``torch.Tensor``.

    Made by `groundup.tensor`, `zeros`, `randn` and the like. Operations accept subclasses and return plain tensors.

    >>> import groundup
    >>> x = groundup.tensor([1.0, 2.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4.])
    """

    __slots__ = ()

    _grad: Tensor | None = None
    _retains: bool = False
    name: str | None = None

    def __new__(cls, *data: Any) -> Tensor:
        """Float32 data, or an uninitialised tensor of the sizes given. Prefer `groundup.tensor`."""
        if len(data) == 1 and not isinstance(data[0], int):
            array = creation.to_array(data[0] if not isinstance(data[0], Tensor) else data[0]._array, dtypes.float32)
        else:
            array = np.empty(data or (0,), dtypes.default_float())
        made = wrap(array)
        if cls is not Tensor:
            made.__class__ = cls
        return made

    # What it is

    @property
    def shape(self) -> Size:
        """The extent along each axis."""
        return Size(self._array.shape)

    def size(self, dim: int | None = None) -> Any:
        """The shape, or its extent along `dim`."""
        return Size(self._array.shape) if dim is None else self._array.shape[one_axis(dim, self._array.ndim)]

    @property
    def dtype(self) -> dtypes.dtype:
        """The type of the elements."""
        return dtypes.OF_NUMPY[self._array.dtype]

    @property
    def device(self) -> creation.device:
        """Where the elements are: the CPU."""
        return creation.device("cpu")

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._array.ndim

    @property
    def itemsize(self) -> int:
        """The bytes of one element."""
        return self._array.itemsize

    @property
    def nbytes(self) -> int:
        """The bytes of all elements."""
        return self._array.nbytes

    is_cuda = False
    is_cpu = True
    is_sparse = False
    is_quantized = False
    is_meta = False

    def get_device(self) -> int:
        """The number of the CUDA device, -1 on the CPU."""
        return -1

    def dim(self) -> int:
        """The number of axes."""
        return self._array.ndim

    ndimension = dim

    def element_size(self) -> int:
        """The bytes of one element."""
        return self._array.itemsize

    # Its memory

    def stride(self, dim: int | None = None) -> Any:
        """How many elements to step in memory for a step along each axis (0 where it was expanded)."""
        if dim is not None:
            return self._array.strides[one_axis(dim, self._array.ndim)] // self._array.itemsize
        return tuple(step // self._array.itemsize for step in self._array.strides)

    def _memory(self) -> np.ndarray:
        """The whole buffer that the array is a view of, in one dimension."""
        root, below = self._array, self._array.base
        while below is not None:
            if isinstance(below, np.ndarray):
                if below.dtype != root.dtype:
                    break
                root = below
            # as_strided puts an object of its own between, which has a base too
            below = getattr(below, "base", None)
        if root.flags.forc:
            return root.ravel(order="K")
        return self._array.reshape(-1)

    def storage(self) -> Storage:
        """The memory that this tensor, and every view that shares it, lies in.

        >>> import groundup
        >>> groundup.tensor([1.0, 2.0]).expand(3, 2).storage()
         1.0
         2.0
        [groundup.FloatStorage of size 2]
        """
        return Storage(self._memory())

    untyped_storage = storage

    def storage_offset(self) -> int:
        """How many elements of the storage lie before the first element of this tensor."""
        return int(self._array.ctypes.data - self._memory().ctypes.data) // self._array.itemsize

    def data_ptr(self) -> int:
        """The address of the first element."""
        return int(self._array.ctypes.data)

    def is_contiguous(self, memory_format: Any = creation.contiguous_format) -> bool:
        """Whether the elements lie in memory in the order of their indices, or of the format, without gaps."""
        if memory_format is creation.contiguous_format:
            return self._array.flags.c_contiguous
        return creation.has_order(self._array, memory_format)

    # Gradients

    def _current_node(self) -> Any:
        """The node of its history, recorded anew if it is a view of memory that has got another one since."""
        if self._view is not None:
            self._view.refresh(self)
        return self._node

    @property
    def requires_grad(self) -> bool:
        """Whether operations on it are recorded."""
        return self._current_node() is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Record operations on it from now on (or no longer); only for leaves."""
        if requires_grad and self._node is None:
            if self._array.dtype.kind not in dtypes.REAL:
                raise RuntimeError(
                    "only Tensors of floating point dtype can require gradients\n"
                    f"  This one has dtype {self.dtype}; convert it with .float() first."
                )
            self._node = Leaf(self)
        elif not requires_grad and self._node is not None:
            if not self.is_leaf:
                raise RuntimeError(
                    "you can only change requires_grad flags of leaf variables. If you want to use a computed variable "
                    "in a subgraph that doesn't require differentiation use var_no_grad = var.detach()."
                )
            self._node = None
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether it was made by the user and not by a recorded operation."""
        node = self._current_node()
        return node is None or isinstance(node, Leaf)

    @property
    def grad_fn(self) -> AnyNode | None:
        """The node of the operation that made it; None for leaves."""
        node = self._current_node()
        return None if node is None or isinstance(node, Leaf) else node.origin()

    @property
    def grad(self) -> Tensor | None:
        """The gradient that `backward` has collected, or None."""
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if not isinstance(value, Tensor):
                raise TypeError(
                    f"assigned grad expected to be a Tensor or None but got grad of type {type(value).__name__}"
                )
            if value._array.shape != self._array.shape:
                raise RuntimeError(
                    f"attempting to assign a gradient of size '{list(value._array.shape)}' to a tensor of size "
                    f"'{list(self._array.shape)}'. Please ensure that the gradient and the tensor are the same size"
                )
            if value._array.dtype != self._array.dtype:
                raise RuntimeError(
                    f"assigned grad has data of a different type\n  tensor {self.dtype}, grad {value.dtype}: "
                    f"assign it .to({self.dtype})"
                )
        watch = LOCAL.state.watch
        if watch is not None:
            watch.gradient(self, is_read=False)
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    @property
    def data(self) -> Tensor:
        """The same memory without history, and with a version counter of its own."""
        return self._without_history()

    @data.setter
    def data(self, value: Tensor) -> None:
        self._array = value._array
        self._storage = None
        self._view = None
        if isinstance(self._node, Leaf):
            self._node.shape, self._node.dtype = self._array.shape, self._array.dtype

    def _without_history(self) -> Tensor:
        watch = LOCAL.state.watch
        if watch is not None:
            watch.shared(self)
        return wrap(self._array)

    def detach(self) -> Tensor:
        """The same memory without history; in-place changes are still counted together."""
        found = self._without_history()
        found._storage = storage_of(self)
        return found

    def detach_(self) -> Tensor:
        """Forget the history. Raises for a view, which has that of its base."""
        if self._view is not None:
            raise RuntimeError(
                "Can't detach views in-place. Use detach() instead.\n  x = x.detach() for x.detach_(); or detach the "
                "tensor that it is a view of."
            )
        self._node = self._view = None
        return self

    def backward(
        self,
        gradient: Tensor | None = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Any = None,
    ) -> None:
        """Add the gradient of this tensor to the `.grad` of every leaf that it depends on.

        A scalar needs no `gradient`; see `groundup.autograd.backward`.
        """
        backward(self, gradient, retain_graph, create_graph, inputs)

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
        """Call `hook` with the gradient of this tensor whenever it is computed; what it returns replaces it."""
        node = self._current_node()
        if node is None:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        if node.hooks is None:
            node.hooks = {}
        last = node.hooks.pop(RETAIN, None)
        handle = RemovableHandle(node.hooks)
        node.hooks[handle.id] = hook
        if last is not None:
            node.hooks[RETAIN] = last
        return handle

    def retain_grad(self) -> None:
        """Keep the gradient of this computed tensor in `.grad` too, as its hooks have left it."""
        node = self._current_node()
        if node is None:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if self.is_leaf or self._retains:
            return
        self._retains = True
        found = weakref.ref(self)  # the node must not keep its own tensor alive

        def keep(gradient: Tensor) -> None:
            tensor = found()
            if tensor is not None:
                tensor._grad = gradient.clone() if tensor._grad is None else tensor._grad + gradient

        if node.hooks is None:
            node.hooks = {}
        node.hooks[RETAIN] = keep

    @property
    def retains_grad(self) -> bool:
        """Whether `retain_grad` was called."""
        return self._retains

    # As other things

    def numpy(self, *, force: bool = False) -> np.ndarray:
        """The array itself: a change of either is seen in both. Raises for a tensor that requires a gradient."""
        if self._node is not None and not force:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        self._looked("numpy()")
        return self._array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = self.numpy()
        if dtype is None and copy is None:
            return array
        return np.array(array, dtype=dtype, copy=copy)

    def __dlpack__(self, **options: Any) -> Any:
        if self._node is not None:
            raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
        return self._array.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        kind, number = self._array.__dlpack_device__()
        return int(kind), int(number)

    def _looked(self, what: str) -> Any:
        """Tell the compiler, if it looks on, that Python is about to see values."""
        watch = LOCAL.state.watch
        return None if watch is None else watch.looked(self, what)

    def item(self) -> Any:
        """The one element as a Python number."""
        if self._array.size != 1:
            raise RuntimeError(f"a Tensor with {self._array.size} elements cannot be converted to Scalar")
        found = self._looked("item()")
        return self._array.item() if found is None else found

    def tolist(self) -> Any:
        """Nested lists of Python numbers."""
        self._looked("tolist()")
        return self._array.tolist()

    def __bool__(self) -> bool:
        if self._array.size != 1:
            problem = "no values" if self._array.size == 0 else "more than one value"
            raise RuntimeError(f"Boolean value of Tensor with {problem} is ambiguous\n  Use .any() or .all().")
        self._looked("bool()")
        return bool(self._array.item())

    def _only(self) -> Any:
        """Its one element, as a Python number, for `float` and `int`."""
        if self._array.size != 1:
            raise ValueError(
                "only one element tensors can be converted to Python scalars\n"
                f"  This one has the shape {self._array.shape}."
            )
        return self.item()

    def __float__(self) -> float:
        return float(self._only())

    def __int__(self) -> int:
        return int(self._only())

    def __index__(self) -> int:
        if self._array.size != 1 or self._array.dtype.kind in dtypes.REAL:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        self._looked("an index")
        return int(self._array.item())

    def __len__(self) -> int:
        if self._array.ndim == 0:
            raise TypeError("len() of a 0-d tensor")
        return len(self._array)

    def __iter__(self) -> Iterator[Tensor]:
        if self._array.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return iter(view.unbind(self, 0))

    def __contains__(self, element: Any) -> bool:
        return bool((self == element).any())

    def __repr__(self) -> str:
        self._looked("printing")
        node = self.grad_fn
        return printing.tensor_repr(
            self._array,
            dtype=self.dtype,
            default_dtype=dtypes.get_default_dtype(),
            requires_grad=self._node is not None,
            grad_fn_name=None if node is None else node.name(),
            prefix="tensor(" if type(self) is Tensor else f"{type(self).__name__}(",
        )

    def __format__(self, spec: str) -> str:
        if self._array.ndim == 0:
            return format(self._array.item(), spec)
        return super().__format__(spec)

    # Copies

    def _attributes(self) -> dict[str, Any]:
        """What the user set on it. A gathered gradient is left out: it belongs to a step, not to the tensor."""
        return {name: value for name, value in self.__dict__.items() if name not in ("_grad", "_retains")}

    def __reduce_ex__(self, protocol: Any) -> Any:
        array = np.ascontiguousarray(self._array).reshape(self._array.shape)
        return _rebuild, (type(self), array, self.requires_grad, self._attributes())

    def __copy__(self) -> Tensor:
        made: Tensor = _rebuild(type(self), self._array, self.requires_grad, self._attributes())
        made._storage = storage_of(self)
        return made

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if not self.is_leaf:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the "
                "moment.\n  Copy x.detach() instead."
            )
        import copy  # needed here alone, and not cheap to load

        if id(self) in memo:
            return memo[id(self)]
        made = memo[id(self)] = _rebuild(type(self), self._array.copy(order="K"), self._node is not None, {})
        made.__dict__.update(copy.deepcopy(self.__dict__, memo))
        return made


def _rebuild(cls: type, array: np.ndarray, requires_grad: bool, attributes: dict[str, Any]) -> Any:
    """A tensor as it was pickled."""
    made = wrap(array)
    if cls is not Tensor:
        made.__class__ = cls
    made.__dict__.update(attributes)
    if requires_grad:
        made._node = Leaf(made)
    return made


tape.register_tensor(Tensor)
keep_freed_memory()
