"""The steps of a derivation written down: values forwards, gradients backwards, and in scalar form the whole chain."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import Any

from groundup.explain.chain import Gradient, gradient
from groundup.explain.indices import GRAD, Elements, Local, together
from groundup.explain.lines import Derivation, Line
from groundup.explain.mathtext import latex, text
from groundup.explain.origin import origin
from groundup.explain.program import Program, tensors_of
from groundup.explain.proof import wrong_derivatives
from groundup.explain.sums import size
from groundup.ops import ROWS
from groundup.ops.row import Row


class Writer:
    """Adds lines to a derivation."""

    def __init__(self, derivation: Derivation, elements: Elements, program: Program, compiled: str) -> None:
        self.derivation, self.elements, self.program, self.compiled = derivation, elements, program, compiled
        self.result = program.steps[-1].name
        self.seed: Any = None
        self.parts: dict[str, list[Any]] = {}
        self.uses: dict[str, int] = {}
        self.told: set[Any] = set()  # the sizes of axes that were spoken of
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
        sizes = self.elements.sums.sizes
        new = [size(each) for each in made.letters if size(each) in sizes and size(each) not in self.told]
        self.told |= set(new)
        notes = [*(f"{text(each)} = {text(sizes[each])}" for each in new), *([made.note] if made.note else [])]
        self.derivation.forward.append(self._line(element, body, "; ".join(notes), code, self._compiled(step.name)))

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
        names = tensors_of(row) or [f"argument {i}" for i in range(len(made.step.arguments))]
        code = f"{row.name}, by {names[found.position]}: {origin(row.formula(found.position))}"
        several = self.uses[name] > 1
        through = f", through {made.step.name}" if several else ""
        filled = self._filled(found)
        last = found.written if found.written is not None and found.written != found.result else None
        note = "; ".join(filter(None, (self._broadcast(made, letters), _judge(row, names[found.position]))))
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

    def _broadcast(self, made: Local, letters: tuple[str, ...]) -> str:
        """Along which axes an argument of an elementwise row was repeated."""
        own = ("",) * (len(made.letters) - len(letters)) + letters
        along = [its for mine, its in zip(own, made.letters) if mine in ("", "1") and its != "1"]
        if made.step.row.family != "elementwise" or not along:
            return ""
        return f"summed over {', '.join(along)}, along which it was broadcast"

    def fused(self) -> None:
        """Which of the library's rows do at once what was derived in steps here."""
        for name, row in dict(self.program.fused).items():
            formulas = [(each, ROWS[row].formula(i)) for i, each in enumerate(ROWS[row].arguments)]
            rules = "; ".join(f"by {each}: {origin(formula)}" for each, formula in formulas if formula is not None)
            judge = f", judged by {ROWS[row].judge}" if ROWS[row].judge else ""
            self.derivation.remarks.append(f"the library does {name} in one row, {row}{judge}: {rules}")

    def whole(self, steps: list[Local]) -> None:
        """The chain multiplied out for each leaf, against SymPy's derivative of the whole formula."""
        e, s = self.elements, self.elements.s
        values: dict[Any, Any] = {}
        for made in steps:
            name, body = s.Symbol(made.step.name, real=True), together(e, made.step, made.body)
            if body.is_Boolean or body.is_Relational:
                values[s.Ne(name, 0)] = body  # where it decides
            else:
                values[name] = body
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
        dashed = tuple(each if each == "1" else each + "'" for each in made.letters)
        dashes = tuple(each for each in dashed if each != "1")
        over, under = e.at(made.step.name, dashed), e.at(found.argument, e.letters.get(found.argument, ()))
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
        return s.Sum(product, *((each, 1, size(str(each))) for each in found.over))

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
    while (new := expression.xreplace(known)) != expression:
        expression = new
    return expression


@cache
def _judge(row: Row, argument: str) -> str:
    """Who says that the derivative in the table is the one derived here."""
    if row.judge or (row.family == "elementwise" and not row.smooth):
        return f"judged by {row.judge}" if row.judge else ""
    if row.family != "elementwise":
        return ""
    try:
        wrong = wrong_derivatives(row, argument)
    except ValueError:
        return ""
    where = " and on ".join(each for each in row.smooth if each)
    return f"WRONG: {wrong[0]}" if wrong else "the row is this, by algebra" + (f", on {where}" if where else "")
