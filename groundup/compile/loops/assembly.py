"""The items of a plan as steps: runs of kernels and products that machine code does in one go, and what stands between.

A group becomes the text of a kernel here, a kernel written by hand gets the source of what it calls, and two kernels
of the same text are one.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

from groundup.compile.loops.emit import Emitter, Made
from groundup.compile.loops.group import Group
from groundup.compile.loops.layout import Buffer
from groundup.compile.loops.machine import LARGEST, PLUS, SMALLEST, Kernel
from groundup.compile.loops.plan import Call, Left, Plan, Product
from groundup.compile.loops.products import Operand, product_call

Step = list[Made | Product] | Product | Left  # what one call of machine code does, or one of NumPy


def assembled(plan: Plan) -> list[Step]:
    """The steps of a plan, in order."""
    return _Assembler(plan).assembled()


class _Assembler:
    """Makes the steps, one item after the other."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.steps: list[Step] = []

    def assembled(self) -> list[Step]:
        """All of them."""
        needed = self._needed()
        taken: dict[str, str] = {}
        for item in self.plan.items:
            if isinstance(item, Group):
                name = _kernel_name(item)
                made = Emitter(item, needed[item], name).made()
                made = _renamed(made, taken)
                self._machine(made)
                for partial, whole, how in made.partials:
                    self._machine(_combining(partial, whole, how))
            elif isinstance(item, Call):
                self._machine(_called(item, taken))
            elif isinstance(item, Product) and multiplied(item) is not None:
                self._machine(item)
            else:
                self.steps.append(item)
        return self.steps

    def _machine(self, made: Made | Product) -> None:
        last = self.steps[-1] if self.steps else None
        if isinstance(last, list):
            last.append(made)
        else:
            self.steps.append([made])

    def _needed(self) -> dict[Any, set[Buffer]]:
        """What of the results of each group somebody else reads."""
        readers: dict[Buffer, set[int]] = {}
        for at, item in enumerate(self.plan.items):
            for buffer in _reads(item):
                readers.setdefault(buffer, set()).add(at)
        found = {}
        for at, item in enumerate(self.plan.items):
            if isinstance(item, Group):
                in_place = {m.out.buffer for m in item.members if m.statement.inplace}
                found[item] = {
                    buffer
                    for buffer in item.buffers_written()
                    if buffer.kind != "temporary" or buffer in in_place or readers.get(buffer, set()) - {at}
                }
        return found


def multiplied(product: Product) -> Any:
    """The product as a call of machine code; None if it must stay with NumPy."""
    a, b, out = (
        Operand((max(each.buffer.slot, 0), each.offset), each.shape, each.strides)
        for each in (product.a, product.b, product.out)
    )
    return product_call(product.out.buffer.dtype, a, b, out, product.beta)


def touched(step: Any) -> list[Buffer]:
    if isinstance(step, Made):
        found = [each[0] if isinstance(each, tuple) else each for each in step.arguments]
        return [each for each in found if isinstance(each, Buffer)]
    if isinstance(step, Product):
        return [step.a.buffer, step.b.buffer, step.out.buffer]
    return [each.buffer for each in (*step.reads, step.out)]


def _reads(item: Any) -> set[Buffer]:
    if isinstance(item, Group):
        return item.buffers_read()
    if isinstance(item, Call):
        return item.reads
    if isinstance(item, Product):
        return {item.a.buffer, item.b.buffer} | ({item.out.buffer} if item.beta else set())
    return {each.buffer for each in item.reads}


def _kernel_name(group: Group) -> str:
    names = [name.strip("_") for name in group.names]
    if len(names) > 3:
        names = [*names[:2], names[-1]]
    return "_".join(dict.fromkeys(names)) + "_kernel" * (len(names) == 1)


def _renamed(made: Made, taken: dict[str, str]) -> Made:
    """Under a name that no other text has: softmax, softmax_2."""
    stem, count = made.kernel.name, 1
    name = stem
    while True:
        text = made.kernel.text.replace(f"def {stem}(", f"def {name}(")
        if taken.setdefault(name, text) == text:
            made.kernel = Kernel(name, text, made.kernel.parameters)
            return made
        count += 1
        name = f"{stem}_{count}"


def _called(call: Call, taken: dict[str, str]) -> Made:
    """A kernel written by hand, with the source of what it calls."""
    kinds: list[str] = []
    for each in call.arguments:
        buffer = each[0] if isinstance(each, tuple) else each
        if isinstance(buffer, Buffer):
            kinds.append(f"{buffer.dtype.name}*")
        elif isinstance(each, (bool, int, np.integer)):
            kinds.append("int")
        else:
            kinds.append("float64")
    name = call.function.__name__
    return _renamed(Made(Kernel(name, _source(call.function), tuple(kinds)), call.arguments, call.split), taken)


def _source(function: Callable[..., Any]) -> str:
    texts: dict[str, str] = {}

    def add(each: Callable[..., Any]) -> None:
        for name in each.__code__.co_names:
            other = each.__globals__.get(name)
            if isinstance(other, FunctionType) and name not in texts and other is not function:
                add(other)
        texts[each.__name__] = inspect.getsource(each)

    add(function)
    return "\n\n".join(texts.values())


def _combining(partial: Buffer, whole: Buffer, how: str) -> Made:
    """The kernel that puts the results of all panels together."""
    parts = partial.size // max(whole.size, 1)
    dtype = whole.dtype.name
    texts = {"plus": PLUS[dtype], "largest": LARGEST, "smallest": SMALLEST}[how]
    name = {"plus": "add_panels", "largest": "largest_of_panels", "smallest": "smallest_of_panels"}[how]
    text = (
        f"{texts[1]}\n\ndef {name}(panels, out, size, count, begin, end):\n"
        "    for i in range(begin, end):\n"
        "        found = panels[i]\n"
        "        for panel in range(1, count):\n"
        f"            found = {texts[0]}(found, panels[panel * size + i])\n"
        "        out[i] = found\n"
    )
    kernel = Kernel(name, text, (f"{dtype}*", f"{dtype}*", "int", "int"))
    return Made(kernel, [(partial, 0), (whole, 0), whole.size, parts], whole.size)
