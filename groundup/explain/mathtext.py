"""SymPy's expressions as one line of text, and as LaTeX: elements as x[n,i], gradients as fractions of partials."""

from __future__ import annotations

from functools import cache
from typing import Any

from groundup.explain.indices import GRAD
from groundup.explain.proof import require_sympy
from groundup.explain.sums import size


def text(expression: Any) -> str:
    """The expression in one line.

    >>> sympy = require_sympy()
    >>> i, n = sympy.symbols("i n", integer=True, positive=True)
    >>> x, w = sympy.IndexedBase("x"), sympy.IndexedBase("w")
    >>> text(sympy.Sum(x[n, i] * w[i], (i, 1, size("i"))) / 2)
    '(Σ_i w[i]·x[n,i])/2'
    """
    return str(_text_printer().doprint(expression))


def latex(expression: Any, result: str) -> str:
    """The expression for LaTeX; the gradient of x is written as that of `result` by x."""
    return str(_latex_printer(result).doprint(expression))


@cache
def _text_printer() -> Any:
    require_sympy()
    from sympy.printing.precedence import PRECEDENCE, precedence
    from sympy.printing.str import StrPrinter

    class Text(StrPrinter):
        printmethod = "_none"  # SymPy's own classes would print themselves

        def _print_Indexed(self, each: Any) -> str:
            return f"{self._print(each.base.label)}[{','.join(map(self._print, each.indices))}]"

        def _print_KroneckerDelta(self, each: Any) -> str:
            return f"δ({','.join(map(self._print, each.args))})"

        def _print_Sum(self, each: Any) -> str:
            return self._over("Σ", each)

        def _print_Product(self, each: Any) -> str:
            return self._over("Π", each)

        def _over(self, sign: str, each: Any) -> str:
            """Σ_i where i runs over its axis, else Σ_{i=2..I}."""
            body = self.parenthesize(each.function, PRECEDENCE["Mul"], strict=True)
            if all(map(whole_axis, each.limits)):
                return f"{sign}_{','.join(str(limit[0]) for limit in each.limits)} {body}"
            ranges = (
                str(i) if whole_axis((i, a, b)) else f"{i}={self._print(a)}..{self._print(b)}"
                for i, a, b in each.limits
            )
            return f"{sign}_{{{', '.join(ranges)}}} {body}"

        def _print_Iverson(self, each: Any) -> str:
            low, high = each.args[0].args
            return f"[{self._print(low)} ≤ {self._print(high)}]"

        def _print_LeviCivita(self, each: Any) -> str:
            return f"ε({','.join(map(self._print, each.args))})"

        def _print_Piecewise(self, each: Any) -> str:
            *cases, (last, _) = each.args
            shown = [f"{self._print(value)} if {self._print(condition)}" for value, condition in cases]
            return "{" + ", ".join([*shown, f"{self._print(last)} otherwise"]) + "}"

        def _print_Mul(self, each: Any) -> str:
            if each.could_extract_minus_sign():
                return f"-{self.parenthesize(-each, PRECEDENCE['Mul'], strict=True)}"
            above, below = _fraction(each)
            if not below:
                return self._times(above)
            under = self._times(below) if len(below) == 1 else f"({self._times(below)})"
            return f"{self._times(above)}/{under}"

        def _times(self, factors: list[Any]) -> str:
            """A product; a sum stands in brackets unless nothing follows it."""
            ordered = sorted(factors, key=lambda each: (each.has(*_sum()), not each.is_number, str(each)))
            alone = len(ordered) == 1 and isinstance(ordered[0], _sum())
            return (
                "·".join(
                    f"({self._print(each)})"
                    if (isinstance(each, _sum()) and not alone) or precedence(each) < PRECEDENCE["Mul"]
                    else self._print(each)
                    for each in ordered
                )
                or "1"
                if not alone
                else f"({self._print(ordered[0])})"
            )

        def parenthesize(self, item: Any, level: int, strict: bool = False) -> str:
            if isinstance(item, _sum()) and level > PRECEDENCE["Mul"]:
                return f"({self._print(item)})"
            return str(super().parenthesize(item, level, strict))

        def _print_Add(self, each: Any, order: Any = None) -> str:
            """Terms in their order, sums last."""
            terms = sorted(each.args, key=lambda term: (term.has(*_sum()), term.could_extract_minus_sign(), str(term)))
            shown = self._print(terms[0])
            for term in terms[1:]:
                minus = term.could_extract_minus_sign()
                shown += (" - " if minus else " + ") + self.parenthesize(-term if minus else term, PRECEDENCE["Add"])
            return shown

    return Text()


def _sum() -> Any:
    return require_sympy().Sum, require_sympy().Product


def whole_axis(limit: tuple[Any, Any, Any]) -> bool:
    """Whether an index runs over all of its axis."""
    letter, low, high = limit
    return bool(low == 1 and high == size(str(letter)))


def _fraction(each: Any) -> tuple[list[Any], list[Any]]:
    """The factors above and below the line."""
    s = require_sympy()
    above, below = [], []
    for factor in s.Mul.make_args(each):
        if isinstance(factor, s.Pow) and factor.exp.could_extract_minus_sign():
            below.append(1 / factor)
        elif isinstance(factor, s.Rational) and factor.q != 1:
            above += [s.Integer(factor.p)] if factor.p != 1 else []
            below.append(s.Integer(factor.q))
        else:
            above.append(factor)
    return above, below


@cache
def _latex_printer(result: str) -> Any:
    require_sympy()
    from sympy.printing.latex import LatexPrinter

    class Latex(LatexPrinter):
        def _print_Indexed(self, each: Any) -> str:
            name = str(each.base.label)
            place = " ".join(map(self._print, each.indices))
            if name.endswith(GRAD):
                return _partial(result, f"{_name(name[: -len(GRAD)])}_{{{place}}}")
            return f"{_name(name)}_{{{place}}}"

        def _print_Symbol(self, each: Any, style: str = "plain") -> str:
            name = each.name
            if each.is_integer and name[-1].isdigit():
                return f"{name[:-1]}_{name[-1]}"
            return _partial(result, _name(name[: -len(GRAD)])) if name.endswith(GRAD) else _name(name)

        def _print_KroneckerDelta(self, each: Any, exp: Any = None) -> str:
            return rf"\delta_{{{' '.join(map(self._print, each.args))}}}"

        def _print_Sum(self, each: Any) -> str:
            return self._over(r"\sum", each)

        def _print_Product(self, each: Any) -> str:
            return self._over(r"\prod", each)

        def _over(self, sign: str, each: Any) -> str:
            body = self._print(each.function)
            body = rf"\left({body}\right)" if each.function.is_Add else body
            if all(map(whole_axis, each.limits)):
                return rf"{sign}_{{{' '.join(self._print(limit[0]) for limit in each.limits)}}} {body}"
            signs = (
                rf"{sign}_{{{self._print(i)}}}"
                if whole_axis((i, low, high))
                else rf"{sign}_{{{self._print(i)}={self._print(low)}}}^{{{self._print(high)}}}"
                for i, low, high in each.limits
            )
            return f"{' '.join(signs)} {body}"

        def _print_Iverson(self, each: Any, exp: Any = None) -> str:
            low, high = each.args[0].args
            return rf"\left[{self._print(low)} \le {self._print(high)}\right]"

    return Latex({"fold_func_brackets": False})


def _partial(above: str, below: str) -> str:
    return rf"\frac{{\partial {_name(above)}}}{{\partial {below}}}"


def _name(name: str) -> str:
    """A name for LaTeX: a letter with a number has an index, a word stands upright."""
    dashes = len(name) - len(name.rstrip("'"))
    stem, number = name.rstrip("'"), ""
    while stem and stem[-1].isdigit():
        stem, number = stem[:-1], stem[-1] + number
    escaped = stem.replace("_", r"\_")
    body = escaped if len(stem) == 1 else rf"\mathrm{{{escaped}}}"
    return body + (f"^{{({number})}}" if number else "") + "'" * dashes
