"""When a program is the right one: the first part of the function that it is called through, as source.

A call must cost little beside a small network's arithmetic, so that each check is a line of its own on known places:
is the argument of this shape, does this place hold the object that it held. What has been found unchanged once is
recognised by identity afterwards. Whatever is not as it was when the program was made gives `MISS`. What the call does
then, `call` adds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from groundup.autograd.tape import TensorBase
from groundup.compile.reach import terms
from groundup.compile.sharing import apart, first_places
from groundup.dtypes import get_default_dtype
from groundup.tensor import Tensor

MISS = object()  # what a call gives for which the program is not the right one

_MANY = 2000  # places in reach, from which a loop looks at them instead of source


@dataclass(frozen=True)
class Form:
    """What a tensor among the arguments must be like."""

    shape: tuple[int, ...]
    dtype: Any
    contiguous: bool
    history: bool

    @classmethod
    def of(cls, tensor: Any) -> Form:
        """What this one is like."""
        array = tensor._array
        return cls(array.shape, array.dtype, array.flags.c_contiguous, tensor._node is not None)


class Source:
    """Lines of Python and the objects that they name."""

    def __init__(self) -> None:
        self.first: list[str] = []  # lines that stand before the others, of functions that they call
        self.lines: list[str] = []
        self.world: dict[str, Any] = {}
        self.refusal = "MISS"
        self._names: dict[int, str] = {}

    def name(self, value: Any) -> str:
        """A name for that very object; the three that are literals stand for themselves."""
        if value is None or value is True or value is False:
            return repr(value)
        name = self._names.setdefault(id(value), f"v{len(self._names)}")
        self.world[name] = value
        return name

    def entry(self, holder: Any, key: Any) -> str:
        """What stands under that key."""
        return f"{self.name(holder)}[{repr(key) if type(key) in (str, int) else self.name(key)}]"

    def add(self, line: str, depth: int = 1) -> None:
        """One more line, that many levels in."""
        self.lines.append("    " * depth + line)

    def unless(self, condition: str, depth: int = 2) -> None:
        """The program is not the right one unless the condition holds."""
        self.add(f"if not ({condition}):", depth)
        self.add(f"return {self.refusal}", depth + 1)

    def made(self, name: str) -> Callable[..., Any]:
        """The function of that name that the lines define."""
        exec(compile("\n".join([*self.first, *self.lines]), "<call of a compiled function>", "exec"), self.world)
        found: Callable[..., Any] = self.world[name]
        return found


class Guard:
    """Writes the checks of one program's call, and says what they have found: names of arrays and of numbers."""

    def __init__(self, entry: Any) -> None:
        self.entry = entry
        self.source = Source()
        self.arguments: list[str] = []  # the names of the tensors among the arguments
        self.numbers: dict[str, str] = {}  # what the numbers of the program are called here

    def checks(self) -> None:
        """All of them, in order."""
        source, entry = self.source, self.entry
        source.world |= {
            "MISS": MISS,
            "Tensor": Tensor,
            "TensorBase": TensorBase,
            "apart": apart,
            "default": get_default_dtype,
            "entry": entry,
            "first_places": first_places,
            "unchanged": entry.reach.unchanged,
            "last": (None,) * len(entry.captured),
        }
        source.add("try:")
        self._surroundings()
        self.given()
        self.reached()
        self.memory()
        self.settings()
        source.add("except (AttributeError, LookupError, ValueError):  # something in reach is gone")
        source.add("return MISS", 2)
        self.captured()

    def _surroundings(self) -> None:
        self.source.unless(f"state.grad is {self.entry.recording}")
        self.source.unless(f"default() is {self.source.name(self.entry.default_dtype)}")

    def given(self) -> None:
        """The arguments are of the same kind."""
        args, kwargs = self.entry.given
        self.argument(args, "args")
        self.argument(kwargs, "kwargs")

    def argument(self, value: Any, text: str) -> None:
        """Check one argument, or what a tuple, list or dict of them holds."""
        source = self.source
        if isinstance(value, Form):
            self._tensor(value, text)
            return
        if isinstance(value, dict):
            source.unless(
                f"isinstance({text}, dict) and [*{text}] == {source.name(list(value))}" if value else f"not {text}"
            )
            inner, parts = f"{text}.values()", list(value.values())
        elif isinstance(value, (tuple, list)):
            kind = "" if text == "args" else f"type({text}) is {source.name(type(value))} and "
            source.unless(f"{kind}len({text}) == {len(value)}")
            inner, parts = text, list(value)
        else:
            same = f"{text} is {source.name(value)}"
            if value is not None and type(value) is not bool:
                same = f"({same} or entry.equal({text}, {source.name(value)}))"
            source.unless(same)
            return
        names = [f"{'x' if text == 'args' else text + '_'}{i}" for i in range(len(parts))]
        if names:
            source.add(f"{', '.join(names)}, = {inner}", 2)
        for name, part in zip(names, parts, strict=True):
            self.argument(part, name)

    def _tensor(self, form: Form, text: str) -> None:
        source = self.source
        name = f"a{len(self.arguments)}"
        self.arguments.append(text)
        source.unless(f"type({text}) is Tensor or isinstance({text}, TensorBase)")
        source.add(f"{name} = {text}._array", 2)
        history = "is not" if form.history else "is"
        source.unless(
            f"{name}.shape == {form.shape} and {name}.dtype is {source.name(form.dtype)} "
            f"and {text}._node {history} None and {name}.flags.c_contiguous is {form.contiguous}"
        )

    def memory(self) -> None:
        """Arguments that were one tensor still are, and what is written lies apart from the others."""
        source, entry = self.source, self.entry
        names = [f"a{i}" for i in range(len(self.arguments))]
        for i, tensor in entry.coincide:
            source.unless(f"a{i} is {source.name(tensor)}._array")
        if entry.merged:
            source.unless(f"first_places([{', '.join(names)}]) == {entry.first_places}")
        others = [name for i, name in enumerate(names) if i not in {place for place, _ in entry.coincide}]
        if not entry.written or entry.merged or not others:
            return
        own = [f"{name}.base is None and id({name}) not in owners" for name in others]
        own += [f"{a} is not {b}" for i, a in enumerate(others) for b in others[:i]] if len(others) < 5 else ["False"]
        source.add("owners = entry.written_owners", 2)
        source.unless(f"({' and '.join(own)}) or apart([{', '.join(others)}], owners)")

    def reached(self) -> None:
        """What is in reach is as it was."""
        reach = self.entry.reach
        self.unchanged(reach.sizes, reach.conditions)

    def unchanged(self, sizes: list[tuple[Any, int]], conditions: list[tuple[Any, Any, Any]]) -> None:
        """These places hold what they held, or all in reach is equal to what it was."""
        if len(conditions) + len(sizes) > _MANY:
            self.source.unless("unchanged()")
        else:
            found = terms(sizes, conditions, self.source.name)
            if found:
                self.source.unless(f"({' and '.join(found)}) or unchanged()")

    def settings(self) -> None:
        """The optimisers' state is as it was, and the numbers that the program reads."""
        self.states()
        self.starts()
        self.read()
        self.decided(self.entry.conditions)

    def states(self) -> None:
        """The optimisers have state for the same parameters, and as much of it."""
        source, entry = self.source, self.entry
        for states, inner in entry.hyper.states:
            source.unless(f"len({source.name(states)}) == {len(inner)}")
            if inner:
                names = [f"s{i}" for i in range(len(inner))]
                source.add(f"{', '.join(names)}, = {source.name(states)}.values()", 2)
                terms = [f"{name} is {source.name(state)}" for name, (state, _) in zip(names, inner, strict=True)]
                terms += [f"len({name}) == {size}" for name, (_, size) in zip(names, inner, strict=True)]
                source.unless(" and ".join(terms))

    def starts(self) -> None:
        """Leaves whose gradients matter have one, or have none."""
        for leaf, had in self.entry.starts:
            self.source.unless(f"{self.leaf(leaf)}._grad is {'not ' if had else ''}None")

    def used(self) -> set[str]:
        """The numbers that the program reads, or that decide whether it is the right one."""
        deciding = [name for text in self.entry.conditions for name in names_in(text)]
        return {*self.entry.program.numbers, *deciding}

    def read(self) -> None:
        """Read them, each of the kind that it was, and counts that were equal are."""
        source, entry = self.source, self.entry
        used = self.used()
        for name, number in entry.hyper.inputs:
            if name in used:
                self.numbers[name] = f"n{len(self.numbers)}"
                source.add(f"{self.numbers[name]} = {self._place(number)}", 2)
        for (holder, key), others in entry.hyper.shared:
            rest = [source.entry(other, name) for other, name in others if other is not holder]
            if rest:
                source.unless(" == ".join([source.entry(holder, key), *rest]))
        kinds = [
            f"type({self.numbers[name]}) is {source.name(n.kind)}" for name, n in entry.hyper.inputs if name in used
        ]
        if kinds:
            source.unless(" and ".join(kinds))

    def decided(self, conditions: Iterable[str]) -> None:
        """What was decided by numbers would be decided again."""
        found = " and ".join(dict.fromkeys(conditions))
        if found:
            self.source.unless(self.named(found))

    def named(self, text: str) -> str:
        """An expression of the program's numbers in the names that they have here."""
        return re.sub(r"\b[A-Za-z_]\w*", lambda found: self.numbers.get(found[0], found[0]), text)

    def _place(self, number: Any) -> str:
        """How to read an input number."""
        if isinstance(number.holder, TensorBase) or type(number.holder) is int:
            return f"{self.leaf(number.holder)}._array.item()"
        text = self.source.entry(number.holder, number.key)
        return text if number.index is None else f"{text}[{number.index}]"

    def leaf(self, leaf: Any) -> str:
        """What a tensor in reach is called, or an argument."""
        return self.arguments[leaf] if type(leaf) is int else self.source.name(leaf)

    def captured(self) -> None:
        """The tensors in reach: most often their arrays are the very ones of the call before."""
        source, entry = self.source, self.entry
        terms = []
        for i, (tensor, (_, _, _, history)) in enumerate(zip(entry.captured, entry.shapes, strict=True)):
            source.add(f"b{i} = {source.name(tensor)}._array")
            terms.append(f"{source.name(tensor)}._node is {'not ' if history else ''}None")
        if not terms:
            return
        now = "".join(f"b{i}, " for i in range(len(terms)))
        source.add("".join(f"k{i}, " for i in range(len(terms))) + "= last")
        source.add(f"if not ({' and '.join(f'b{i} is k{i}' for i in range(len(terms)))}):")
        source.unless(f"entry.renewed(({now}))", 2)
        source.add(f"last = ({now})", 2)
        source.unless(" and ".join(terms), 1)


def names_in(text: str) -> tuple[str, ...]:
    """The names in an expression."""
    return compile(text, "", "eval").co_names
