"""`derive`: the gradients of a formula, line by line, by the chain rule, beside the code that computes them.

SymPy differentiates each step, on single numbers or element by element, and the chain rule puts the steps together
from the last to the first, as the library does. What the formula may hold is in `reading` and `networks`, what each
row computes in `forms` and `definitions`, the mathematics in `chain` and `sums`, the lines in `writing`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from groundup.explain.definitions import local
from groundup.explain.indices import Elements, judged
from groundup.explain.lines import Derivation
from groundup.explain.networks import read
from groundup.explain.proof import require_sympy
from groundup.explain.running import as_function
from groundup.explain.writing import Writer

Compiler = Callable[[Callable[..., Any], tuple[Any, ...]], str]


def derive(what: Any, form: str = "index", compiled: str | Compiler | None = None) -> Derivation:
    """The gradients of `what`, step by step.

    `what` is a formula of the library's operations (``"mse(lin(x, w, b), y)"``, lines ``name = formula`` with the
    result last, or the name of one row), or a module or list of modules (a model, then a loss), of groundup or of
    PyTorch. ``x[n,c]`` names the axes of a given value where it is first used; one called 1 broadcasts. In
    ``form="index"`` every step is written for one element, in ``form="scalar"`` every value is one number.

    `compiled` is a compiled source in which to look for the line that computes each value of the same name, or what
    compiles one: a function that takes the formula as a function, with arguments, and gives the source.
    Needs SymPy. Raises ValueError for what cannot be read or derived.

    >>> derivation = derive("mse(lin(x, w, b), y)")
    >>> [line.right for line in derivation.backward if line.code.startswith("linear, by weight")]
    ['Σ_n l1_grad[n,o]·x[n,i]']
    """
    require_sympy()
    if form not in ("index", "scalar"):
        raise ValueError(f"form must be 'index' or 'scalar', got {form!r}")
    program = read(what)
    last = program.steps[-1].row
    if not last.differentiable:
        raise ValueError(f"{last.name} has no derivative{judged(last)}")
    elements = Elements(form == "scalar")
    for value, letters in program.letters.items():
        elements.declare(value, letters)
    steps = [local(elements, step) for step in program.steps]
    title = what if isinstance(what, str) else "; ".join(map(str, program.steps))
    derivation = Derivation(" ".join(title.split()), form)
    derivation.sizes = dict(elements.sums.sizes)
    source = compiled or ""
    if callable(compiled):
        source = compiled(*as_function(program, elements))
    writer = Writer(derivation, elements, program, str(source))
    for made in steps:
        writer.value(made)
    writer.start(steps[-1])
    for made in reversed(steps):
        writer.back(made)
    writer.fused()
    if form == "scalar":
        writer.whole(steps)
    derivation.letters |= {name: elements.letters.get(name, ()) for name in program.names()}
    return derivation
