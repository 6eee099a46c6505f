"""The rows in index form: what each element of a result is. The chain rule is in `chain`.

Every axis of a value has a letter, and the element at these letters is a SymPy expression of the arguments' elements.
In scalar form every value is a single number: there are no letters, and the same code has nothing to sum over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from groundup.explain.program import Argument, Step
from groundup.explain.proof import exactly, require_sympy
from groundup.ops.readings import SympyMath
from groundup.ops.row import Row

Letters = tuple[str, ...]
_POOL = "ijklpqrsuvabcdefh"
GRAD = "_grad"


@dataclass(frozen=True)
class Local:
    """A step as seen by one element of its result: the letters of the result, and the element's expression."""

    step: Step
    letters: Letters
    summed: Letters  # the letters that the expression itself sums over
    body: Any  # the element, with each sum written out as a SymPy Sum


class Elements:
    """Names the elements of values; gives every value its letters, from how it is first used."""

    def __init__(self, scalar: bool) -> None:
        self.s = require_sympy()
        self.scalar = scalar
        self.letters: dict[str, Letters] = {}
        self._used: set[str] = set()

    def new(self, wanted: str = "") -> str:
        """A letter that no other axis has."""
        found = next(
            each for each in (*wanted, *_POOL, *(a + b for a in _POOL for b in _POOL)) if each not in self._used
        )
        self._used.add(found)
        return found

    def of(self, argument: Argument, default: Letters | None = None) -> Letters:
        """The letters of a value; of a new one, those it is asked to have."""
        if self.scalar or not isinstance(argument, str):
            return ()
        if argument not in self.letters:
            self.letters[argument] = default if default is not None else ()
        return self.letters[argument]

    def known(self, argument: Argument) -> bool:
        """Whether the value has its letters already."""
        return self.scalar or not isinstance(argument, str) or argument in self.letters

    def at(self, argument: Argument, letters: Letters, suffix: str = "") -> Any:
        """The element of a value at these letters."""
        s = self.s
        if not isinstance(argument, str):
            return exactly(argument)
        name = argument + suffix
        if not letters:
            return s.Symbol(name, real=True)
        return s.IndexedBase(name, real=True)[tuple(index(each) for each in letters)]


def index(letter: str) -> Any:
    """A letter as SymPy's symbol."""
    return require_sympy().Symbol(letter, integer=True, positive=True)


def size(letter: str) -> Any:
    """How many values a letter takes: its capital. i, i' and i2 run over the same axis."""
    return require_sympy().Symbol(letter.rstrip("'2").upper(), integer=True, positive=True)


def total(body: Any, letters: Letters) -> Any:
    """The sum over the letters."""
    if not letters:
        return body
    if body.could_extract_minus_sign():
        return -total(-body, letters)
    return require_sympy().Sum(body, *((index(each), 1, size(each)) for each in letters))


# Each row that is not elementwise: its letters, those it sums over, and its element -------------------


def _linear(e: Elements, step: Step) -> Local:
    x, weight, bias = step.arguments
    given = e.of(x, None if e.known(x) else (e.new("n"), e.new("i")))
    out = e.new("o")
    e.of(weight, (out, given[-1]) if given else ())
    e.of(bias, (out,))
    letters = () if e.scalar else (*given[:-1], out)
    summed = given[-1:]
    product = e.at(x, given) * e.at(weight, (out, *summed) if given else ())
    return Local(step, letters, summed, total(product, summed) + e.at(bias, letters[-1:]))


def _matmul(e: Elements, step: Step) -> Local:
    a, b = step.arguments
    left = e.of(a, None if e.known(a) else (e.new("i"), e.new("k")))
    inner = left[-1:]
    column = b in e.letters and len(e.letters[str(b)]) == 1
    right = inner if column or e.scalar else (*inner, e.new("j"))
    e.of(b, right)
    letters = (*left[:-1], *right[1:])
    return Local(step, letters, inner, total(e.at(a, left) * e.at(b, right), inner))


def _reduced(e: Elements, step: Step) -> Local:
    (x,) = step.arguments
    given = e.of(x, None if e.known(x) else (e.new("n"), e.new("i")))
    body = total(e.at(x, given), given)
    if step.row.name == "mean":
        for each in given:
            body = body / size(each)
    return Local(step, (), given, body)


def _exponential(e: Elements, step: Step) -> Local:
    """softmax, log_softmax and logsumexp, over the last axis."""
    if e.scalar:
        raise ValueError(f"{step.row.name} is about several numbers: derive it in index form")
    (x,) = step.arguments
    s = e.s
    given = e.of(x, None if e.known(x) else (e.new("n"), e.new("i")))
    if not given:
        raise ValueError(f"{step.row.name} is about several numbers, and {x} is one")
    powers, own = power_sum(e, x, given), e.at(x, given)
    body = {"softmax": s.exp(own) / powers, "log_softmax": own - s.log(powers), "logsumexp": s.log(powers)}
    letters = given[:-1] if step.row.name == "logsumexp" else given
    return Local(step, letters, (), body[step.row.name])


def power_sum(e: Elements, x: Argument, given: Letters) -> Any:
    """The sum of exp(x) over the last axis."""
    over = given[-1] + "2"
    return total(e.s.exp(e.at(x, (*given[:-1], over))), (over,))


def _nll(e: Elements, step: Step) -> Local:
    x, target = step.arguments
    if e.scalar:
        raise ValueError("nll picks one score of several: derive it in index form")
    given = e.of(x, None if e.known(x) else (e.new("n"), e.new("i")))
    e.of(target, given[:-1])
    row = tuple(map(index, given[:-1]))
    # The class of an example is an index that depends on the example.
    chosen = e.s.IndexedBase(str(target), integer=True)[row]
    picked = e.s.IndexedBase(str(x), real=True)[(*row, chosen)]
    body = -total(picked, given[:-1])
    for each in given[:-1]:
        body = body / size(each)
    return Local(step, (), given[:-1], body)


DEFINITIONS: dict[str, Callable[[Elements, Step], Local]] = {
    "linear": _linear,
    "matmul": _matmul,
    "sum": _reduced,
    "mean": _reduced,
    "softmax": _exponential,
    "log_softmax": _exponential,
    "logsumexp": _exponential,
    "nll": _nll,
}


def _elementwise(e: Elements, step: Step) -> Local:
    ranks = [e.of(each) for each in step.arguments if e.known(each)]
    letters = max(ranks, key=len, default=())
    if not letters and not e.scalar and not any(isinstance(a, str) and e.known(a) for a in step.arguments):
        letters = (e.new("i"),)
    elements = []
    for each in step.arguments:
        own = e.of(each, letters)
        elements.append(e.at(each, letters[len(letters) - len(own) :]))
    return Local(step, letters, (), reading(step.row, elements))


def reading(row: Row, elements: list[Any]) -> Any:
    """The row read on SymPy's expressions. Raises ValueError where SymPy has no word for it."""
    try:
        return exactly(row.forward(SympyMath(), *elements))
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"SymPy cannot read the row {row.name}{judged(row)}") from error


def judged(row: Row) -> str:
    return f"; its derivative is judged by {row.judge}" if row.judge else ""


# A step, from its row ------------------------------------------------------------------------------------

TWIN = "__again"


def apart(step: Step) -> Step:
    """The step with a name of its own for each argument, so that a value used twice is differentiated use by use."""
    names: list[Argument] = []
    for each in step.arguments:
        while isinstance(each, str) and each in names:
            each += TWIN
        names.append(each)
    return Step(step.name, step.row, tuple(names))


def together(e: Elements, step: Step, expression: Any) -> Any:
    """The expression with every value under its own name again."""
    s = e.s
    for name in (each for each in apart(step).arguments if isinstance(each, str) and TWIN in each):
        plain = name.replace(TWIN, "")
        bases = {s.IndexedBase(name, real=True): s.IndexedBase(plain, real=True)}
        expression = expression.xreplace(bases | {s.Symbol(name, real=True): s.Symbol(plain, real=True)})
    return expression


_RULES = {
    "reduce": "spread the gradient back over the reduced axes",
    "view": "the gradient goes back by the adjoint view (expand and sum, slice and pad, permute and its inverse)",
    "contract": "another contraction, with the subscripts exchanged",
    "index": "gather and scatter-add are each other's derivative",
}


def local(e: Elements, step: Step) -> Local:
    """The element of a step's result. Raises ValueError for a row that has no index form here."""
    row = step.row
    if not row.differentiable:
        raise ValueError(f"{row.name} has no derivative{judged(row)}")
    if row.name not in DEFINITIONS and row.family != "elementwise":
        names = ", ".join(DEFINITIONS)
        raise ValueError(
            f"derive has no index form of {row.name}: it has the elementwise rows and {names}\n"
            f"  {row.name} is of the family {row.family}, whose rule is: {_RULES[row.family]}"
        )
    for twin, plain in zip(apart(step).arguments, step.arguments):
        if twin != plain and plain in e.letters:
            e.letters[str(twin)] = e.letters[str(plain)]
    made = DEFINITIONS.get(row.name, _elementwise)(e, apart(step))
    e.letters[step.name] = made.letters
    return made
