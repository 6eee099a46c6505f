"""The index forms: what one element of the result is, for the rows that are not elementwise, a line for each.

A form is written as one would on paper, and parsed. Indices count from 1; a capital letter is the size of the axis
of its letter; sum(k, ...) and prod(k, ...) run over an axis, or over k <= i; delta(i, j) is 1 where i = j; and
[i >= j] is 1 where that holds, else 0. SymPy differentiates them, so that no derivative is written down here.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

from groundup.explain.proof import require_sympy
from groundup.explain.sums import iverson, size

# Rows over one axis or several, x[i], whatever other axes there are: i, k and l run over all of those axes.
ALONG = {
    "sum": "sum(i, x[i])",
    "mean": "sum(i, x[i])/I",
    "prod": "prod(i, x[i])",
    "var": "sum(k, (x[k] - sum(l, x[l])/I)**2)/(I - correction)",
    "std": "sqrt(sum(k, (x[k] - sum(l, x[l])/I)**2)/(I - correction))",
    "norm": "sqrt(sum(k, x[k]**2))",
    "length": "sqrt(sum(k, x[k]**2))",
    "logsumexp": "log(sum(k, exp(x[k])))",
    "amax": "x[place]",
    "amin": "x[place]",
    "median": "x[place]",
}
LAST = ("logsumexp", "length")  # these go over the last axis where no other is named, the rest over all
# The same, where the result keeps the axis: y[i].
WITHIN = {
    "softmax": "exp(x[i])/sum(k, exp(x[k]))",
    "log_softmax": "x[i] - log(sum(k, exp(x[k])))",
    "masked_softmax": "keep[i]*exp(x[i])/sum(k, keep[k]*exp(x[k]))",
    "softmax_back": "p[i]*(v[i] - sum(k, v[k]*p[k]))",
    "log_softmax_back": "v[i] - exp(q[i])*sum(k, v[k])",
    "cumsum": "sum(k <= i, x[k])",
    "cumprod": "prod(k <= i, x[k])",
    "logcumsumexp": "log(sum(k <= i, exp(x[k])))",
    "recurrence": "sum(k <= i, a[k]*prod(k < l <= i, b[l]))",
    "flip": "x[I + 1 - i]",
    "roll": "sum(k, delta(i, 1 + mod(k, I))*x[k])",
}
# Rows with letters of their own. Before the colon stands what each argument's axes are called, and what is known of
# the sizes; behind it the element of the result. `place` is where a maximum is.
FORMS = {
    # contractions
    "mm": "a[i,k] b[k,j]: y[i,j] = sum(k, a[i,k]*b[k,j])",
    "mv": "a[i,k] b[k]: y[i] = sum(k, a[i,k]*b[k])",
    "dot": "a[k] b[k]: y = sum(k, a[k]*b[k])",
    "cross": "a[n,i] b[n,i] I=3 J=3 K=3: y[n,i] = sum(j, k, eps(i, j, k)*a[n,j]*b[n,k])",
    "euclidean": "a[i,k] b[j,k] Q=K: y[i,j] = sqrt(sum(q, (a[i,q] - b[j,q])**2))",
    "correlate_back": "products[n,o,p] weight[o,c,k]: y[n,c,k,p] = sum(o, weight[o,c,k]*products[n,o,p])",
    "correlate_weight": "columns[n,c,k,p] products[n,o,p]: y[o,c,k] = sum(n, p, products[n,o,p]*columns[n,c,k,p])",
    # sums over what was spread, and the spreading
    "sum_to": "x[n,i]: y[i] = sum(n, x[n,i])",
    "expand": "x[i]: y[n,i] = x[i]",
    "mean_windows": "x[n,i] I=2*P K=2: y[n,p] = sum(k, x[n,2*p-2+k])/K",
    "share_windows": "x[n,p] I=2*P K=2: y[n,i] = sum(p, k, delta(i, 2*p-2+k)*x[n,p])/K",
    # views
    "clone": "x[n,i]: y[n,i] = x[n,i]",
    "alias": "x[n,i]: y[n,i] = x[n,i]",
    "t": "x[n,i]: y[i,n] = x[n,i]",
    "relaid": "x[n,i]: y[i,n] = x[n,i]",
    "placed": "x[n,i] P=I+1: y[n,p] = sum(i, delta(p, i+1)*x[n,i])",
    "pad": "x[n,i] P=I+3: y[n,p] = sum(i, delta(p, i+1)*x[n,i])",
    "border": "x[n,i] P=I+2: y[n,p] = x[n,clip(p-1, 1, I)]",
    "border_added": "g[n,p] P=I+2: y[n,i] = sum(p, delta(i, clip(p-1, 1, I))*g[n,p])",
    "diagonal": "x[i,j] J=I: y[i] = x[i,i]",
    "on_diagonal": "x[i] J=I: y[i,j] = delta(i, j)*x[i]",
    "tril": "x[i,j]: y[i,j] = [j <= i]*x[i,j]",
    "triu": "x[i,j]: y[i,j] = [i <= j]*x[i,j]",
    "repeat": "x[i] P=2*I: y[p] = x[1+mod(p-1, I)]",
    "repeat_each": "x[i] P=2*I: y[p] = x[ceil(p/2)]",
    "cat": "a[i] b[j] P=I+J: y[p] = sum(i, delta(p, i)*a[i]) + sum(j, delta(p, I+j)*b[j])",
    "stack": "a[i] b[i] P=2: y[p,i] = delta(p, 1)*a[i] + delta(p, 2)*b[i]",
    "windows": "x[n,i] I=2*P+1 K=3: y[n,p,k] = x[n,2*p-2+k]",
    "fold": "x[n,p,k] I=2*P+1 K=3: y[n,i] = sum(p, k, delta(i, 2*p-2+k)*x[n,p,k])",
    "as_strided": "x[i] I=2*P+1 K=3: y[p,k] = x[2*p-2+k]",
    "strided_picked": "x[i] I=2*P+1 K=3: y[p,k] = x[2*p-2+k]",
    "strided_added": "g[p,k] I=2*P+1 K=3: y[i] = sum(p, k, delta(i, 2*p-2+k)*g[p,k])",
    "from_columns": "columns[n,c,k,p] I=P+K-1: y[n,c,i] = sum(k, p, delta(i, p-1+k)*columns[n,c,k,p])",
    # positions that are data
    "gather": "x[n,i] index[n,k]: y[n,k] = x[n,index[n,k]]",
    "gather_added": "x[n,k] index[n,k]: y[n,i] = sum(k, delta(i, index[n,k])*x[n,k])",
    "scatter": "x[n,i] index[n,k] src[n,k]: "
    "y[n,i] = x[n,i] - sum(k, delta(i, index[n,k])*x[n,i]) + sum(k, delta(i, index[n,k])*src[n,k])",
    "scatter_add": "x[n,i] index[n,k] src[n,k]: y[n,i] = x[n,i] + sum(k, delta(i, index[n,k])*src[n,k])",
    "index": "x[n,i] index[k]: y[k,i] = x[index[k],i]",
    "index_select": "x[n,i] index[k]: y[k,i] = x[index[k],i]",
    "embedding": "weight[n,i] index[k]: y[k,i] = weight[index[k],i]",
    "padded_embedding": "weight[n,i] index[k]: y[k,i] = weight[index[k],i]",
    "index_added": "x[k,i] index[k]: y[n,i] = sum(k, delta(n, index[k])*x[k,i])",
    "assign": "x[n,i] value[k,i] index[k]: "
    "y[n,i] = x[n,i] - sum(k, delta(n, index[k])*x[n,i]) + sum(k, delta(n, index[k])*value[k,i])",
    "add_at": "x[n,i] value[k,i] index[k]: y[n,i] = x[n,i] + sum(k, delta(n, index[k])*value[k,i])",
    "nll_back": "v target[n]: y[n,c] = -delta(c, target[n])*v/N",
    "max_windows": "x[n,i] I=2*P: y[n,p] = x[n,place[n,p]]",
    "max_spread": "v[n,p] I=2*P: y[n,i] = sum(p, delta(i, place[n,p])*v[n,p])",
    "max_pick": "v[n,i] I=2*P: y[n,p] = v[n,place[n,p]]",
}


class Head(NamedTuple):
    """What stands before the colon, and the letters of the result."""

    arguments: dict[str, tuple[str, ...]]
    facts: tuple[tuple[str, ast.expr], ...]  # the size of an axis, by those of others
    result: tuple[str, ...]
    body: ast.expr
    unbound: tuple[str, ...]  # letters that no argument has


@cache
def head(form: str) -> Head:
    """A form of `FORMS`, read.

    >>> found = head("x[n,i] P=I-1: y[n,p] = x[n,p+1]")
    >>> found.arguments, found.result, found.unbound
    ({'x': ('n', 'i')}, ('n', 'p'), ('p',))
    """
    before, _, equation = form.partition(":")
    arguments, facts = {}, []
    for word in before.split():
        name, _, size = word.partition("=")
        if size:
            facts.append((name, ast.parse(size, mode="eval").body))
        else:
            stem, _, letters = word.rstrip("]").partition("[")
            arguments[stem] = tuple(letters.split(",")) if letters else ()
    left, _, right = equation.partition(" = ")
    result = tuple(left.strip().removeprefix("y").strip("[]").split(",")) if "[" in left else ()
    body = ast.parse(right.strip(), mode="eval").body
    named = {letter for letters in arguments.values() for letter in letters}
    used = [each.id for each in ast.walk(body) if isinstance(each, ast.Name) and len(each.id) == 1]
    bound = {*arguments, "y"}
    free = dict.fromkeys(each for each in (*result, *used) if each == each.lower() and each not in named | bound)
    return Head(arguments, tuple(facts), result, body, tuple(free))


@cache
def parsed(form: str) -> ast.expr:
    """A form of `ALONG` or `WITHIN`, read."""
    return ast.parse(form, mode="eval").body


class Reader:
    """Reads a form as SymPy's expression. `indices` and `sizes` say what its letters are, `elements` its arguments."""

    def __init__(
        self,
        indices: Mapping[str, tuple[Any, ...]],
        sizes: Mapping[str, Any],
        elements: Mapping[str, Callable[[tuple[Any, ...]], Any]],
    ) -> None:
        self.s = require_sympy()
        self.indices, self.sizes, self.elements = indices, sizes, elements

    def read(self, node: ast.expr) -> Any:
        """The expression."""
        return getattr(self, f"_{type(node).__name__.lower()}")(node)

    def _constant(self, node: ast.Constant) -> Any:
        return self.s.Integer(node.value)

    def _name(self, node: ast.Name) -> Any:
        if node.id in self.sizes:
            return self.sizes[node.id]
        if node.id in self.indices:
            (found,) = self.indices[node.id]
            return found
        return self.elements[node.id](())

    def _subscript(self, node: Any) -> Any:
        at: list[Any] = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        places: list[Any] = []
        for each in at:
            whole = isinstance(each, ast.Name) and each.id in self.indices
            places += self.indices[each.id] if whole else [self.read(each)]
        return self.elements[node.value.id](tuple(places))

    def _unaryop(self, node: ast.UnaryOp) -> Any:
        return -self.read(node.operand)

    def _binop(self, node: ast.BinOp) -> Any:
        left, right = self.read(node.left), self.read(node.right)
        s = self.s
        kinds: dict[type, Callable[[Any, Any], Any]] = {
            ast.Add: s.Add,
            ast.Sub: lambda a, b: a - b,
            ast.Mult: s.Mul,
            ast.Div: lambda a, b: a / b,
            ast.Pow: s.Pow,
        }
        return kinds[type(node.op)](left, right)

    def _list(self, node: Any) -> Any:
        """A bracket."""
        (compared,) = node.elts
        low, high = self.read(compared.left), self.read(compared.comparators[0])
        return iverson()(self.s.Le(low, high, evaluate=False))

    def _call(self, node: Any) -> Any:
        name = node.func.id
        if name in ("sum", "prod"):
            kind = self.s.Sum if name == "sum" else self.s.Product
            limits = [limit for each in node.args[:-1] for limit in self._limits(each)]
            body = self.read(node.args[-1])
            return kind(body, *limits) if limits else body
        s = self.s
        known: dict[str, Callable[..., Any]] = {
            "delta": s.KroneckerDelta,
            "eps": s.LeviCivita,
            "mod": s.Mod,
            "ceil": s.ceiling,
            "exp": s.exp,
            "log": s.log,
            "sqrt": s.sqrt,
            "clip": lambda x, low, high: s.Min(s.Max(x, low), high),
        }
        return known[name](*map(self.read, node.args))

    def _limits(self, node: Any) -> list[tuple[Any, Any, Any]]:
        """k, k <= i, or k < l <= i: an index and its range."""
        low: Any = self.s.Integer(1)
        high = None
        if isinstance(node, ast.Compare):
            parts = [node.left, *node.comparators]
            if len(parts) == 3:
                low = self.read(parts[0]) + 1
            high = self.read(parts[-1])
            node = parts[-2]
        found = [each for each in self.indices[node.id] if each != 1]
        return [(each, low, size(str(each)) if high is None else high) for each in found]
