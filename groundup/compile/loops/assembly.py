"""The items of a plan as steps: runs of kernels and products that machine code does in one go, and what stands between.

A group becomes the text of a kernel here, a kernel written by hand gets the source of what it calls, and two kernels
of the same text are one. A kernel of which no machine code can be made is left to NumPy, and the others are not.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import FunctionType
from typing import Any

from groundup.compile.graph import Graph, Value
from groundup.compile.loops.emit import Emitter
from groundup.compile.loops.group import Group
from groundup.compile.loops.items import Call, Item, Left, Looked, Nest, Product, kinds_of, read_by
from groundup.compile.loops.layout import Buffer
from groundup.compile.loops.left import members
from groundup.compile.loops.machine import LARGEST, PLUS, REASONS, SMALLEST, Kernel, machine_code
from groundup.compile.loops.made import Made
from groundup.compile.loops.nests.calls import prepare
from groundup.compile.loops.plan import NESTS, Plan, planned
from groundup.compile.loops.products import multiplied
from groundup.compile.loops.terms import Refused

WAITING = 1 << 16  # bytes of a partial result that may lie about until somebody needs the whole

Step = list[Made | Product | Nest] | Product | Left | Looked  # what one call of machine code does, or one of NumPy


def kernels_of(graph: Graph) -> dict[Value, str]:
    """For each value that a fused kernel makes the name of that kernel, numbered where several are called the same."""
    found: dict[Value, str] = {}
    counts: Counter[str] = Counter()
    for item in planned(graph).items:
        if isinstance(item, (Group, Nest)):
            name = item.name if isinstance(item, Nest) else _kernel_name(item)
            counts[name] += 1
            groups = [item] if isinstance(item, Group) else [each for each in item.members if isinstance(each, Group)]
            found |= {member.out.value: f"{name} {counts[name]}" for group in groups for member in group.members}
    return {value: name.removesuffix(" 1") if counts[name[:-2]] == 1 else name for value, name in found.items()}


@dataclass
class Assembled:
    """The steps of a plan, the machine code of their kernels, and what fell back to NumPy: what, and why.

    `without` are kernels written by hand that turned out to have no machine code: the plan must be made without them.
    """

    steps: list[Step]
    addresses: dict[Kernel, int]
    fallbacks: list[tuple[str, str]]
    without: dict[Any, str]


def assembled(plan: Plan) -> Assembled:
    """The steps of a plan, in order. A group whose kernel gets no machine code is left to NumPy, and no other."""
    alone: dict[Group, str] = {}
    told = [(item.statement.row.name, item.why) for item in plan.items if isinstance(item, Left)]
    while True:
        assembler = _Assembler(plan, alone)
        steps = assembler.assembled()
        kernels = list(dict.fromkeys(assembler.kernels.values()))
        found = dict(zip(kernels, machine_code(kernels), strict=True))
        addresses = {kernel: address for kernel, address in found.items() if address is not None}
        groups = {item: why for item, why in assembler.refused.items() if isinstance(item, Group)}
        without: dict[Any, str] = {}
        if len(groups) < len(assembler.refused):
            without[NESTS] = next(why for item, why in assembler.refused.items() if isinstance(item, Nest))
        told += [(_kernel_name(group), why) for group, why in groups.items()]
        for (item, _), kernel in assembler.kernels.items():
            if kernel in addresses or item in groups:
                continue
            why = REASONS.get(kernel, "no machine code")
            if isinstance(item, Nest):
                without[NESTS] = f"{kernel.name}: {why}"
            elif isinstance(item, Call):
                without[item.function, kinds_of(item.arguments)] = f"{kernel.name}: {why}"
            else:
                groups[item] = why
                told.append((kernel.name, why))
        if without or not groups:
            return Assembled(steps, addresses, list(dict.fromkeys(told)), without)
        alone |= groups


class _Assembler:
    """Makes the steps, one item after the other; `alone` are groups of which it is known that NumPy must do them."""

    def __init__(self, plan: Plan, alone: dict[Group, str]) -> None:
        self.plan = plan
        self.items: list[Item] = []
        for item in plan.items:
            self.items += members(item, alone[item]) if item in alone else [item]
        self.steps: list[Step] = []
        self.kernels: dict[tuple[Item, int], Kernel] = {}  # of an item, by their order
        self.refused: dict[Item, str] = {}
        self.waiting: list[tuple[Buffer, Made]] = []  # for somebody to need what they make: threads must meet before

    def assembled(self) -> list[Step]:
        """All of them."""
        needed = self._needed()
        taken: dict[str, str] = {}
        for item in self.items:
            if isinstance(item, Group):
                if needed[item]:
                    self._group(item, needed[item], taken)
            elif isinstance(item, Call):
                self._append(self._noted(item, _called(item, taken)))
            elif isinstance(item, Nest):
                self._nest(item, taken)
            elif isinstance(item, Product) and multiplied(item) is not None:
                self._append(item)
            else:
                self._finish({*touched(item)})
                self.steps.append(item)
        self._finish({whole for whole, _ in self.waiting})
        return self.steps

    def _group(self, group: Group, needed: set[Buffer], taken: dict[str, str]) -> None:
        try:
            made = _renamed(Emitter(group, needed, _kernel_name(group)).made(), taken)
        except Refused as refused:
            self.refused[group] = str(refused)
            return
        except Exception as error:  # whatever is wrong with one kernel, the others run
            self.refused[group] = repr(error)
            return
        self._append(self._noted(group, made))
        for partial, whole, how in made.partials:
            combining = self._noted(group, _combining(partial, whole, how))
            if partial.size * partial.dtype.itemsize <= WAITING:
                self.waiting.append((whole, combining))
            else:
                self._append(combining)

    def _nest(self, nest: Nest, taken: dict[str, str]) -> None:
        """A nest, once what it calls is known."""
        try:
            for block in nest.blocks:
                block.calls = [self._of_nest(nest, item, taken) for item in block.items]
        except Exception as error:  # whatever is wrong with one kernel, the others run
            self.refused[nest] = repr(error)
            return
        prepare(nest, touched)
        self._append(nest)

    def _of_nest(self, nest: Nest, item: Item, taken: dict[str, str]) -> Made | Product:
        if isinstance(item, Product):
            if multiplied(item) is None:
                raise Refused("a product that is not BLAS's")
            return item
        return self._noted(nest, _renamed(Emitter(item, nest.needed, _kernel_name(item)).made(), taken))

    def _noted(self, item: Item, made: Made) -> Made:
        self.kernels[item, len(self.kernels)] = made.kernel
        return made

    def _append(self, made: Made | Product | Nest) -> None:
        self._finish({*touched(made)})
        self._put(made)

    def _finish(self, needed: set[Buffer]) -> None:
        """Put the partial results together that somebody needs now, and with them all others that wait."""
        if any(whole in needed for whole, _ in self.waiting):
            waiting, self.waiting = self.waiting, []
            for _, made in waiting:
                self._put(made)

    def _put(self, made: Made | Product | Nest) -> None:
        last = self.steps[-1] if self.steps else None
        if isinstance(last, list):
            last.append(made)
        else:
            self.steps.append([made])

    def _needed(self) -> dict[Any, set[Buffer]]:
        """What of the results of each group somebody else reads."""
        readers: dict[Buffer, set[int]] = {}
        for at, item in enumerate(self.items):
            for buffer in read_by(item):
                readers.setdefault(buffer, set()).add(at)
        found = {}
        for at, item in enumerate(self.items):
            if isinstance(item, Group):
                written_over = item.read_and_written_over()
                found[item] = {
                    buffer
                    for buffer in item.buffers_written()
                    if buffer.kind != "temporary" or buffer in written_over or readers.get(buffer, set()) - {at}
                }
        return found


def touched(step: Any) -> list[Buffer]:
    if isinstance(step, Made):
        found = [each[0] if isinstance(each, tuple) else each for each in step.arguments]
        return [each for each in found if isinstance(each, Buffer)]
    if isinstance(step, Product):
        return [step.a.buffer, step.b.buffer, step.out.buffer]
    if isinstance(step, Looked):
        return [step.read.buffer]
    if isinstance(step, Nest):
        return [*dict.fromkeys(whole for whole, *_ in step.wholes.values()), *step.own]
    return [each.buffer for each in (*step.reads.values(), step.out)]


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
    name = call.function.__name__
    kernel = Kernel(name, _source(call.function), kinds_of(call.arguments))
    return _renamed(Made(kernel, call.arguments, call.split, flops=call.flops, bytes=call.bytes), taken)


@cache
def _source(function: Callable[..., Any]) -> str:
    """The text of a kernel and of what it calls; reading it again for each call of a program would take longer."""
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
