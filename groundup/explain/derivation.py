"""`derive`: the gradients of a formula, line by line, by the chain rule, beside the code that computes them.

SymPy differentiates each step, on single numbers or element by element, and the chain rule puts the steps together
from the last to the first, as the library does. What the formula may hold is in `program`, the mathematics in
`indices` and `chain`.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from groundup.explain.chain import Gradient, gradient
from groundup.explain.indices import GRAD, Elements, Local, local, together
from groundup.explain.mathtext import latex, text
from groundup.explain.origin import origin
from groundup.explain.program import Program, read
from groundup.explain.proof import require_sympy, wrong_derivatives
from groundup.ops.row import Row


@dataclass(frozen=True)
class Line:
    """One line of a derivation: an equation, or a continuation of one, and what it stands beside."""

    left: str  # as text; empty where the line goes on from the one before
    right: str
    latex: str
    note: str = ""  # why it holds
    code: str = ""  # where the library does this
    compiled: str = ""  # the line of the compiled source that does


@dataclass
class Derivation:
    """A derivation: prints as text, shows as mathematics in a notebook; `latex` is the source of that."""

    title: str
    form: str
    forward: list[Line] = field(default_factory=list)
    backward: list[Line] = field(default_factory=list)
    whole: list[Line] = field(default_factory=list)  # in scalar form: the chain multiplied out
    gradients: dict[str, Any] = field(default_factory=dict)  # of each value, as SymPy's expression
    letters: dict[str, tuple[str, ...]] = field(default_factory=dict)  # the letters of each value's axes

    @property
    def latex(self) -> str:
        """All equations, aligned, for a document that loads amsmath."""
        rows = " \\\\\n".join(line.latex for line in self.forward + self.backward + self.whole)
        return f"\\begin{{aligned}}\n{rows}\n\\end{{aligned}}"

    def __str__(self) -> str:
        blocks = [("the values", self.forward), ("the gradients, from the last step to the first", self.backward)]
        blocks += [("multiplied out", self.whole)] if self.whole else []
        lines = [self.title]
        for head, block in blocks:
            lines += ["", head]
            for line in block:
                equation = f"{line.left} = {line.right}" if line.left else f"= {line.right}"
                lines.append(("  " if line.left else "      ") + equation + (f"    [{line.note}]" if line.note else ""))
                lines += [f"          {each}" for each in (line.code, line.compiled) if each]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Mathematics for MathJax, each equation beside its line of code."""
        rows = []
        for line in self.forward + self.backward + self.whole:
            equation = line.latex.replace("&", "", 1)  # the sign to align at; cases have theirs
            beside = " ".join(html.escape(each) for each in (line.note, line.compiled) if each)
            code = f"<code>{html.escape(line.code)}</code>" if line.code else ""
            rows.append(
                f'<tr><td style="text-align:left">$\\displaystyle {html.escape(equation)}$</td>'
                f'<td style="text-align:left">{code} {beside}</td></tr>'
            )
        return f"<p>{html.escape(self.title)}</p><table>{''.join(rows)}</table>"


def derive(what: Any, form: str = "index", compiled: str | None = None) -> Derivation:
    """The gradients of `what`, step by step.

    `what` is a formula of the library's operations (``"mse(lin(x, w, b), y)"``, lines ``name = formula`` with the
    result last, or the name of one row), or a module or list of modules (a model, then a loss), of groundup or of
    PyTorch. In ``form="index"`` every step is written for one element, in ``form="scalar"`` every value is one
    number. `compiled` is a compiled source in which to look for the line that computes each value of the same name.
    Needs SymPy. Raises ValueError for what cannot be read or derived.

    >>> derivation = derive("mse(lin(x, w, b), y)")
    >>> [line.right for line in derivation.backward if line.code.startswith("linear, by weight")]
    ['Σ_n l1_grad[n,o]·x[n,i]']
    """
    require_sympy()
    if form not in ("index", "scalar"):
        raise ValueError(f"form must be 'index' or 'scalar', got {form!r}")
    program = read(what)
    elements = Elements(form == "scalar")
    steps = [local(elements, step) for step in program.steps]
    title = what if isinstance(what, str) else "; ".join(map(str, program.steps))
    derivation = Derivation(" ".join(title.split()), form)
    writer = _Writer(derivation, elements, program, compiled or "")
    for made in steps:
        writer.value(made)
    writer.start(steps[-1])
    for made in reversed(steps):
        writer.back(made)
    if form == "scalar":
        writer.whole(steps)
    return derivation


class _Writer:
    """Adds lines to a derivation."""

    def __init__(self, derivation: Derivation, elements: Elements, program: Program, compiled: str) -> None:
        self.derivation, self.elements, self.program, self.compiled = derivation, elements, program, compiled
        self.result = program.steps[-1].name
        self.seed: Any = None
        self.parts: dict[str, list[Any]] = {}
        self.uses: dict[str, int] = {}
        for step in program.steps:
            for position, each in enumerate(step.arguments):
                if isinstance(each, str) and step.row.formula(position) is not None:
                    self.uses[each] = self.uses.get(each, 0) + 1

    def value(self, made: Local) -> None:
        """The line of a value."""
        step = made.step
        element = self.elements.at(step.name, made.letters)
        body = together(self.elements, step, made.body)
        code = f"{step.row.name}: {origin(step.row.forward)}"
        self.derivation.forward.append(self._line(element, body, code=code, compiled=self._compiled(step.name)))

    def start(self, made: Local) -> None:
        """The gradient that the walk starts with."""
        s, name = self.elements.s, made.step.name
        first = self.elements.at(name, made.letters, GRAD)
        if made.letters:
            meaning = f"x{GRAD} stands for the gradient by x of what comes after"
            equation = rf"{self._latex(first)} &\quad\text{{is given}}"
            self.derivation.backward.append(Line(text(first), "what arrives", equation, meaning))
        else:
            self.seed = s.Integer(1)
            meaning = f"x{GRAD} stands for ∂{name}/∂x"
            self.derivation.backward.append(self._line(first, self.seed, note=meaning))

    def back(self, made: Local) -> None:
        """The lines of the gradients of one step's arguments."""
        seed = self.seed if made.step.name == self.result else None
        for position, argument in enumerate(made.step.arguments):
            if isinstance(argument, str) and made.step.row.formula(position) is not None:
                self._use(gradient(self.elements, made, position, seed))

    def _use(self, found: Gradient) -> None:
        e, made, name = self.elements, found.local, found.argument
        row, letters = made.step.row, e.letters.get(name, ())
        element = e.at(name, letters, GRAD)
        lines = self.derivation.backward
        code = f"{row.name}, by {row.arguments[found.position]}: {origin(row.formula(found.position))}"
        several = self.uses[name] > 1
        through = f", through {made.step.name}" if several else ""
        filled = self._filled(found)
        last = found.written if found.written is not None and found.written != found.result else None
        note = _judge(row, row.arguments[found.position])
        compiled = "" if several else self._compiled(name + GRAD)
        stages = [each for each in (filled, found.result, last) if each is not None]
        stages = [each for i, each in enumerate(stages) if each not in stages[i + 1 :]]
        if found.incoming != 1:
            lines.append(self._chain(found, element, through))
        for i, each in enumerate(stages):
            first = element if found.incoming == 1 and i == 0 else None
            ending = (note, code, compiled) if i == len(stages) - 1 else ()
            line = self._line(first, each, *ending)
            lines.append(replace(line, left=line.left + through) if first is not None else line)
        self.parts.setdefault(name, []).append(last if last is not None else found.result)
        if len(self.parts[name]) == self.uses[name]:
            total = e.s.Add(*self.parts[name])
            self.derivation.gradients[name] = total
            self.derivation.letters[name] = letters
            if several:
                why = "the gradients of all uses add up"
                lines.append(self._line(element, total, why, compiled=self._compiled(name + GRAD)))

    def whole(self, steps: list[Local]) -> None:
        """The chain multiplied out for each leaf, against SymPy's derivative of the whole formula."""
        e, s = self.elements, self.elements.s
        values = {s.Symbol(made.step.name, real=True): together(e, made.step, made.body) for made in steps}
        gradients = {s.Symbol(name + GRAD, real=True): each for name, each in self.derivation.gradients.items()}
        formula = _put_in(s.Symbol(self.result, real=True), values)
        for name in self.program.leaves:
            if name in self.derivation.gradients:
                leaf = s.Symbol(name, real=True)
                chained = _put_in(self.derivation.gradients[name], gradients | values)
                same = s.simplify(s.piecewise_fold(chained - formula.diff(leaf))) == 0
                note = "and so SymPy says of the whole formula" if same else f"SymPy: {text(formula.diff(leaf))}"
                self.derivation.whole.append(self._line(e.at(name, (), GRAD), chained, note))

    def _chain(self, found: Gradient, element: Any, through: str) -> Line:
        """The chain rule itself, before anything is put in."""
        e, made = self.elements, found.local
        dashes = tuple(each + "'" for each in made.letters)
        over, under = e.at(made.step.name, dashes), e.at(found.argument, e.letters.get(found.argument, ()))
        sign = f"Σ_{','.join(dashes)} " if dashes else ""
        right = f"{sign}{text(found.incoming)}·∂{text(over)}/∂{text(under)}"
        partial = rf"\frac{{\partial {self._latex(over)}}}{{\partial {self._latex(under)}}}"
        start = rf"\sum_{{{' '.join(dashes)}}} " if dashes else ""
        equation = f"{self._latex(element)} &= {start}{self._latex(found.incoming)} {partial}"
        return Line(text(element) + through, right, equation, "the chain rule")

    def _filled(self, found: Gradient) -> Any:
        """The chain rule with the derivative of the element put in, its sums not yet carried out."""
        s = self.elements.s
        product = found.incoming * found.slope
        if not found.over:
            return product
        return s.Sum(product, *((each, 1, s.Symbol(str(each).rstrip("'2").upper())) for each in found.over))

    def _line(self, left: Any, right: Any, note: str = "", code: str = "", compiled: str = "") -> Line:
        head = "" if left is None else self._latex(left)
        equation = f"{head} &= {self._latex(right)}"
        return Line("" if left is None else text(left), text(right), equation, note, code, compiled)

    def _latex(self, expression: Any) -> str:
        return latex(expression, self.result)

    def _compiled(self, name: str) -> str:
        found = re.search(rf"^\s*({re.escape(name)} (?:=|\+=) .*)$", self.compiled, re.MULTILINE)
        return f"compiled: {' '.join(found[1].split())}" if found else ""


def _put_in(expression: Any, known: dict[Any, Any]) -> Any:
    """The expression with every name replaced by what it stands for, to the end."""
    while expression.free_symbols & set(known):
        expression = expression.xreplace(known)
    return expression


@cache
def _judge(row: Row, argument: str) -> str:
    """Who says that the derivative in the table is the one derived here."""
    if row.family != "elementwise":
        return ""
    if row.judge or not row.smooth:
        return f"judged by {row.judge}" if row.judge else ""
    try:
        wrong = wrong_derivatives(row, argument)
    except ValueError:
        return ""
    where = " and on ".join(each for each in row.smooth if each)
    return f"WRONG: {wrong[0]}" if wrong else "the row is this, by algebra" + (f", on {where}" if where else "")
