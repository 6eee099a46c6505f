"""The seam between operations and the compiler: a thread's `watch`, while it is set, is told of all that happens.

The operations themselves run as always. A `Watch` sees each row with its arguments and its result, each tensor that
is made without a row, and each change in place; under a watch the backward pass is read in tensors, so that its
rows are seen too.
"""

from __future__ import annotations

from typing import Any

from groundup.ops.row import Row


class Symbol:
    """A number that the compiled function reads anew at each call, as a learning rate: `value` is today's."""

    __slots__ = ("value",)

    value: float | int


class Watch:
    """What is told. The compiler's tracer overrides every method."""

    def applied(self, row: Row, args: tuple[Any, ...], arrays: list[Any], params: dict[str, Any], result: Any) -> None:
        """`row` was applied to tensors and numbers; `arrays` are the arguments with their types settled."""

    def viewed(self, row: Row, base: Any, params: dict[str, Any], result: Any) -> None:
        """A view row was applied; `result` shares the memory of `base` if its `_view` says so."""

    def writing(self, row: Row, target: Any, args: tuple[Any, ...]) -> None:
        """`target` is about to be changed in place."""

    def copied(self, target: Any, before: Any) -> None:
        """`before` is a copy of the elements that are about to be overwritten, which a derivative needs."""

    def written(self, row: Row, target: Any, args: tuple[Any, ...], arrays: list[Any], params: dict[str, Any]) -> None:
        """It was."""

    def overwritten(self, target: Any, operation: str) -> None:
        """The memory of `target` was changed by something that is not a row."""

    def made(self, tensor: Any) -> None:
        """A tensor came to be without a row: from data, or by an operation that looks at values."""

    def shared(self, tensor: Any) -> None:
        """Another tensor of the same array is about to be made without a row, as by `detach`."""

    def constant(self, tensor: Any) -> None:
        """It is the same at each call: zeros, a range, data from Python."""

    def filled(self, target: Any, values: Any) -> None:
        """The memory of `target` is about to take the elements of an array, or one number."""

    def looked(self, tensor: Any, what: str) -> Any:
        """Python asks for the values: `item`, `bool`, `print`. What is returned stands for them, unless it is None."""

    def flowing(self, node: Any, g: Any) -> None:
        """The backward pass has the whole gradient `g` of the value that `node` made."""

    def gradient(self, tensor: Any, is_read: bool) -> None:
        """The `.grad` of a leaf is read to add to it, or is about to be replaced."""
