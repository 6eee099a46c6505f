"""Values and their elements: the letters of each value's axes, and a step as one element of its result sees it.

Every axis of a value has a letter, and the element at these letters is a SymPy expression of the arguments' elements.
An axis of one element has the letter "1". In scalar form every value is a single number: there are no letters, and the
same code has nothing to sum over. What the element of each row is stands in `definitions`, the chain rule in `chain`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from groundup.explain.program import Argument, Step
from groundup.explain.proof import exactly, require_sympy
from groundup.explain.sums import Sums, index, size
from groundup.ops.readings import SympyMath
from groundup.ops.row import Row

Letters = tuple[str, ...]
_POOL = "ijklpqrsuvabcdefh"
GRAD = "_grad"
TWIN = "__again"


@dataclass(frozen=True)
class Local:
    """A step as seen by one element of its result: the letters of the result, and the element's expression."""

    step: Step
    letters: Letters
    summed: Letters  # the letters of arguments that the expression itself sums over
    body: Any  # the element, with each sum written out as a SymPy Sum
    note: str = ""


class Elements:
    """Names the elements of values; gives every value its letters, from how it is first used."""

    def __init__(self, scalar: bool) -> None:
        self.s = require_sympy()
        self.scalar = scalar
        self.letters: dict[str, Letters] = {}
        self.sums = Sums()
        self._used: set[str] = set()

    def new(self, wanted: str = "") -> str:
        """A letter that no other axis has."""
        pool = (*wanted, *_POOL, *(a + b for a in _POOL for b in _POOL))
        found = next(each for each in pool if each not in self._used)
        self._used.add(found)
        return found

    def declare(self, value: str, letters: Letters) -> None:
        """A value's letters, as the user wrote them."""
        self._used.update(letters)
        self.letters[value] = letters

    def of(self, argument: Argument, default: Letters | None = None) -> Letters:
        """The letters of a value; of a new one, those it is asked to have."""
        if self.scalar or not isinstance(argument, str):
            return ()
        if argument not in self.letters:
            self.letters[argument] = default if default is not None else ()
        return self.letters[argument]

    def matrix(self, argument: Argument, default: str = "ni") -> Letters:
        """The letters of a value; a new one is a matrix."""
        return self.of(argument, None if self.known(argument) else tuple(map(self.new, default)))

    def known(self, argument: Argument) -> bool:
        """Whether the value has its letters already."""
        return self.scalar or not isinstance(argument, str) or argument in self.letters

    def same(self, own: Letters, used: Letters, where: str) -> None:
        """Note that axes with these letters are as long as those with the others. Raises if there are more of them."""
        if len(own) != len(used):
            raise ValueError(f"{where} is derived for [{','.join(used)}] here, and it has [{','.join(own)}]")
        for mine, other in zip(own, used):
            if mine != other and "1" not in (mine, other) and size(other) not in self.sums.sizes:
                self.sums.sizes[size(mine)] = size(other)

    def at(self, argument: Argument, letters: Letters, suffix: str = "") -> Any:
        """The element of a value at these letters."""
        return self.place(argument, tuple(map(index, letters)), suffix)

    def place(self, argument: Argument, places: tuple[Any, ...], suffix: str = "", whole: bool = False) -> Any:
        """The element of a value at these places; `whole` for a value of whole numbers, which may be places."""
        s = self.s
        if not isinstance(argument, str):
            return exactly(argument)
        kind = {"integer": True} if whole else {"real": True}
        name = argument + suffix
        return s.IndexedBase(name, **kind)[places] if places else s.Symbol(name, **kind)


def reading(row: Row, elements: list[Any]) -> Any:
    """The row read on SymPy's expressions. Raises ValueError where SymPy has no word for it."""
    try:
        return exactly(row.forward(SympyMath(), *elements))
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"SymPy cannot read the row {row.name}{judged(row)}") from error


def judged(row: Row) -> str:
    return f"; its derivative is judged by {row.judge}" if row.judge else ""


def apart(step: Step) -> Step:
    """The step with a name of its own for each argument, so that a value used twice is differentiated use by use."""
    names: list[Argument] = []
    for each in step.arguments:
        while isinstance(each, str) and each in names:
            each += TWIN
        names.append(each)
    return Step(step.name, step.row, tuple(names), step.params)


def together(e: Elements, step: Step, expression: Any) -> Any:
    """The expression with every value under its own name again."""
    s = e.s
    for name in (each for each in apart(step).arguments if isinstance(each, str) and TWIN in each):
        plain = name.replace(TWIN, "")
        bases = {s.IndexedBase(name, real=True): s.IndexedBase(plain, real=True)}
        expression = expression.xreplace(bases | {s.Symbol(name, real=True): s.Symbol(plain, real=True)})
    return expression
