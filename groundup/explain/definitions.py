"""What one element of each row's result is: the forms bound to a step's values, and the rows that need more words."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from groundup.explain.forms import ALONG, FORMS, LAST, WITHIN, Reader, head, parsed
from groundup.explain.indices import Elements, Letters, Local, apart, judged, reading
from groundup.explain.origin import origin
from groundup.explain.program import Argument, Step
from groundup.explain.sums import index, size, total

# Which arguments hold positions.
POSITIONS = ("index", "target")


def local(e: Elements, step: Step) -> Local:
    """The element of a step's result. Raises ValueError for a row that has no index form."""
    row, name = step.row, step.row.name
    for twin, plain in zip(apart(step).arguments, step.arguments):
        if twin != plain and plain in e.letters:
            e.letters[str(twin)] = e.letters[str(plain)]
    if name in DEFINITIONS:
        define = DEFINITIONS[name]
    elif name in ALONG or name in WITHIN:
        define = _over_axes
    elif name in FORMS:
        define = _form
    elif row.family == "elementwise":
        define = _elementwise
    else:
        raise ValueError(_no_form(step))
    made = define(e, apart(step))
    e.letters[step.name] = made.letters
    return made


def _no_form(step: Step) -> str:
    """Why a row is not derived, what the table has for it, and who judges that."""
    row = step.row
    if not row.differentiable:
        return f"{row.name} has no derivative{judged(row)}"
    names = [*row.arguments, *(["each argument"] if row.each else [])]
    formulas = [(name, row.formula(i)) for i, name in enumerate(names)]
    lines = [f"  by {name}: {origin(formula)}" for name, formula in formulas if formula is not None]
    judge = row.judge or "finite differences and PyTorch"
    return "\n".join([f"{row.name} has no index form; its derivative is judged by {judge}", *lines])


# Rows by their forms -------------------------------------------------------------------------------------


def _over_axes(e: Elements, step: Step) -> Local:
    """A row over some axes, all others as they are."""
    row, params = step.row, step.params
    within = row.name in WITHIN
    if e.scalar and row.name not in ("sum", "mean"):
        raise ValueError(f"{row.name} is about several numbers: derive it in index form")
    first = next((each for each in step.arguments if e.known(each) and isinstance(each, str)), step.arguments[0])
    given = e.matrix(first)
    for each in step.arguments:
        e.same(e.of(each, given), given, str(each))
    if not given and not e.scalar:
        raise ValueError(f"{row.name} is about several numbers, and {first} is one")
    axes = _axes(step, len(given), within)
    kept = tuple(each for axis, each in enumerate(given) if axis not in axes)
    runs = [given[axis] for axis in axes]
    indices: dict[str, tuple[Any, ...]] = {"i": tuple(map(index, runs))}
    indices |= {
        k: tuple(index(each if each == "1" else each + mark) for each in runs) for k, mark in (("k", "2"), ("l", "3"))
    }
    indices["place"] = tuple(
        e.place(f"{step.name}_at" + (f"_{each}" if len(runs) > 1 else ""), tuple(map(index, kept)), whole=True)
        for each in runs
    )

    def element(argument: Argument) -> Callable[[tuple[Any, ...]], Any]:
        def at(places: tuple[Any, ...]) -> Any:
            there = iter(places)
            return e.place(argument, tuple(next(there) if i in axes else index(x) for i, x in enumerate(given)))

        return at

    sizes = {"I": math.prod(map(size, runs)), "correction": e.s.Integer(int(params.get("correction", 1)))}
    elements = {name: element(each) for name, each in zip(row.arguments, step.arguments)}
    body = Reader(indices, sizes, elements).read(parsed((WITHIN if within else ALONG)[row.name]))
    if not within and params.get("keepdim"):
        kept = tuple("1" if axis in axes else each for axis, each in enumerate(given))
    summed = tuple(runs) if row.name in ("sum", "mean", "prod") else ()
    note = _EXTREMES.get(row.name, "").format(name=step.name)
    return Local(step, given if within else kept, summed, body, note)


_EXTREMES = {
    name: f"{{name}}_at is where the {which} is; equals share its gradient"
    for name, which in (("amax", "largest"), ("amin", "smallest"), ("median", "middle one"))
}


def _axes(step: Step, rank: int, within: bool) -> list[int]:
    chosen = step.params.get("dim", step.params.get("dims"))
    if chosen is None:
        return [rank - 1] if rank and (within or step.row.name in LAST) else list(range(rank))
    dims = chosen if isinstance(chosen, tuple) else (chosen,)
    if not all(isinstance(each, int) and -rank <= each < rank for each in dims):
        raise ValueError(f"{step.row.name} over dim {chosen}: there are {rank} axes")
    return sorted({each % rank for each in dims})


def _form(e: Elements, step: Step) -> Local:
    """A row with letters of its own."""
    name = step.row.name
    if e.scalar:
        raise ValueError(f"{name} is about several numbers: derive it in index form")
    form = head(FORMS[name])
    letters: dict[str, str] = {}
    given = dict(zip(form.arguments, step.arguments))
    for argument, own in form.arguments.items():
        value = given.get(argument)
        if isinstance(value, str) and e.known(value) and len(e.of(value)) == len(own):
            for mine, actual in zip(own, e.of(value)):
                letters.setdefault(mine, actual)
    for each in (*(x for own in form.arguments.values() for x in own), *form.unbound):
        if each not in letters:
            letters[each] = e.new(each)
    for argument, own in form.arguments.items():
        used = tuple(letters[each] for each in own)
        e.same(e.of(given.get(argument, 0.0), used), used, argument) if isinstance(given.get(argument), str) else None

    def element(argument: str) -> Callable[[tuple[Any, ...]], Any]:
        value: Argument = given.get(argument, 0.0 if argument in form.arguments else f"{argument}_of_{step.name}")
        return lambda places: e.place(value, places, whole=argument in POSITIONS or argument == "place")

    indices = {mine: (index(actual),) for mine, actual in letters.items()}
    sizes = {mine.upper(): size(actual) for mine, actual in letters.items()}
    reader = Reader(indices, sizes, {each: element(each) for each in (*form.arguments, "place")})
    for axis, known in form.facts:
        e.sums.sizes[sizes[axis]] = reader.read(known)
    body = reader.read(form.body)
    bound = {str(limit[0]) for each in body.atoms(e.s.Sum) for limit in each.limits}
    every = {letters[each] for own in form.arguments.values() for each in own}
    return Local(step, tuple(letters[each] for each in form.result), tuple(sorted(bound & every)), body)


# Rows that need more words --------------------------------------------------------------------------------


def _elementwise(e: Elements, step: Step) -> Local:
    ranks = [e.of(each) for each in step.arguments if e.known(each)]
    rank = max(map(len, ranks), default=0)
    letters: Letters = tuple(
        next((own[k - rank] for own in ranks if len(own) >= rank - k and own[k - rank] != "1"), "1")
        for k in range(rank)
    )
    if not letters and not e.scalar and not any(isinstance(a, str) and e.known(a) for a in step.arguments):
        letters = (e.new("i"),)
    elements = []
    for each in step.arguments:
        own = e.of(each, letters)
        used = tuple("1" if a == "1" else b for a, b in zip(own, letters[len(letters) - len(own) :]))
        e.same(own, used, str(each))
        elements.append(e.at(each, used))
    return Local(step, letters, (), reading(step.row, elements))


def _linear(e: Elements, step: Step) -> Local:
    x, weight, bias = step.arguments
    given = e.matrix(x)
    wanted = e.of(weight)[0] if e.known(weight) and e.of(weight) else e.new("o")
    e.same(e.of(weight, (wanted, given[-1]) if given else ()), (wanted, *given[-1:]) if given else (), str(weight))
    if isinstance(bias, str):
        own = e.of(bias, (wanted,) if given else ())
        e.same(own, (wanted,) if given else (), str(bias))
    letters = () if e.scalar else (*given[:-1], wanted)
    summed = given[-1:]
    product = e.at(x, given) * e.at(weight, (wanted, *summed) if given else ())
    return Local(step, letters, summed, total(product, summed) + e.at(bias, letters[-1:]))


def _matmul(e: Elements, step: Step) -> Local:
    """a @ b: matrices, a row or a column for either, and batches, if both have them."""
    a, b = step.arguments
    rank = step.params.get("rank", 2)
    left = e.matrix(a, "bik"[3 - rank :])
    if e.scalar:
        return Local(step, (), (), e.at(a, ()) * e.at(b, ()))
    if not left:
        raise ValueError(f"@ takes no numbers, and {a} is one; use * to multiply by a number")
    inner = left[-1]
    own = e.of(b, None if e.known(b) else (*left[: rank - 2], inner, e.new("j")))
    if not own:
        raise ValueError(f"@ takes no numbers, and {b} is one; use * to multiply by a number")
    batch = left[: max(0, len(own) - 2)] if len(own) > 2 else ()
    right = (inner,) if len(own) == 1 else (*batch, inner, own[-1])
    e.same(own, right, str(b))
    letters = (*left[:-1], *right[len(batch) + 1 :])
    return Local(step, letters, (inner,), total(e.at(a, left) * e.at(b, right), (inner,)))


def _einsum(e: Elements, step: Step) -> Local:
    """Subscripts are letters already."""
    if e.scalar:
        raise ValueError("einsum is about several numbers: derive it in index form")
    inputs, _, output = str(step.params["equation"]).replace(" ", "").partition("->")
    words = inputs.split(",")
    if (
        len(words) != len(step.arguments)
        or not all(each.isalpha() for each in words)
        or "->" not in step.params["equation"]
    ):
        raise ValueError("einsum is derived for an equation such as ik,kj->ij, with letters for every operand")
    if not set(output) <= set(inputs) or any(len(set(word)) < len(word) for word in words):
        raise ValueError("einsum is derived for letters that do not repeat within an operand, the output's among them")
    actual: dict[str, str] = {}
    for word, each in zip(words, step.arguments):
        if e.known(each) and len(e.of(each)) == len(word):
            for letter, own in zip(word, e.of(each)):
                actual.setdefault(letter, own)
    for letter in inputs.replace(",", ""):
        if letter not in actual:
            actual[letter] = e.new(letter.lower())
    body = e.s.Integer(1)
    for word, each in zip(words, step.arguments):
        used = tuple(actual[letter] for letter in word)
        e.same(e.of(each, used), used, str(each))
        body = body * e.at(each, used)
    summed = tuple(actual[letter] for letter in dict.fromkeys(inputs.replace(",", "")) if letter not in output)
    return Local(step, tuple(actual[letter] for letter in output), summed, total(body, summed))


def _nll(e: Elements, step: Step) -> Local:
    x, target = step.arguments[:2]
    if e.scalar:
        raise ValueError("nll picks one score of several: derive it in index form")
    given = e.matrix(x)
    e.of(target, given[:-1])
    row = tuple(map(index, given[:-1]))
    # The class of an example is an index that depends on the example.
    chosen = e.place(target, row, whole=True)
    body = -total(e.place(x, (*row, chosen)), given[:-1])
    for each in given[:-1]:
        body = body / size(each)
    return Local(step, (), given[:-1], body)


def _reordered(e: Elements, step: Step) -> Local:
    """permute and transpose."""
    (x,) = step.arguments
    given = e.matrix(x)
    order = list(range(len(given)))
    if step.row.name == "permute":
        order = [each % len(given) for each in step.params.get("dims", tuple(reversed(order)))]
    elif given:
        one, other = (int(step.params.get(name, default)) for name, default in (("dim0", 0), ("dim1", 1)))
        order[one], order[other] = order[other], order[one]
    if sorted(order) != list(range(len(given))):
        raise ValueError(f"{step.row.name} of {len(given)} axes by {step.params}: each axis goes to one place")
    return Local(step, tuple(given[each] for each in order), (), e.at(x, given))


def _resized(e: Elements, step: Step) -> Local:
    """squeeze and unsqueeze: an axis of one element less or more."""
    (x,) = step.arguments
    more = step.row.name == "unsqueeze"
    given = e.of(x, None if e.known(x) else ((e.new("n"),) if more else (e.new("n"), "1")))
    dim = int(step.params.get("dim", -1))
    letters = list(given)
    if more:
        letters.insert(dim % (len(given) + 1), "1")
    elif letters[dim] == "1":
        letters.pop(dim)
    else:
        raise ValueError(f"squeeze takes away an axis of one element, and axis {dim} of {x} is {letters[dim]}")
    return Local(step, tuple(letters), (), e.at(x, given))


def _flattened(e: Elements, step: Step) -> Local:
    """Some axes as one, in reading order."""
    (x,) = step.arguments
    given = e.matrix(x)
    start = int(step.params.get("start_dim", 0)) % max(1, len(given))
    front, merged = given[:start], given[start:]
    if e.scalar or len(merged) < 2:
        return Local(step, given, (), e.at(x, given))
    p = e.new("p")
    place: Any = index(merged[0])
    for each in merged[1:]:
        place = (place - 1) * size(each) + index(each)
    e.sums.sizes[size(p)] = math.prod(map(size, merged))
    delta = e.s.KroneckerDelta(index(p), place)
    return Local(step, (*front, p), merged, total(delta * e.at(x, given), merged))


def _sliced(e: Elements, step: Step) -> Local:
    """Brackets with slices and numbers."""
    (x,) = step.arguments
    given = e.matrix(x)
    key = step.params.get("key", (slice(None), slice(1, None)))
    if e.scalar or len(key) > len(given):
        raise ValueError(f"{x} has {len(given)} axes, and the brackets name {len(key)}")
    letters, places = [], []
    for part, each in zip((*key, *(slice(None),) * (len(given) - len(key))), given):
        if isinstance(part, int):
            places.append(e.s.Integer(part + 1) if part >= 0 else size(each) + part + 1)
        elif part == slice(None):
            letters.append(each)
            places.append(index(each))
        else:
            p = e.new("p")
            first, step_, stop = part.start or 0, part.step or 1, part.stop
            if min(first, step_ - 1, 0 if stop is None else stop - 1) < 0:
                raise ValueError("slices are derived with a start, a stop and a step that count from the front")
            letters.append(p)
            places.append(step_ * (index(p) - 1) + first + 1)
            if stop is not None:
                e.sums.sizes[size(p)] = e.s.Integer(-(-(stop - first) // step_))
            else:
                e.sums.sizes[size(p)] = e.s.ceiling((size(each) - first) / e.s.Integer(step_))
    return Local(step, tuple(letters), (), e.place(x, tuple(places)))


def _to_columns(e: Elements, step: Step) -> Local:
    """Every window as a column: the letters of the kernel's places, then those of the windows."""
    (x,) = step.arguments
    s, params = e.s, step.params
    given = e.matrix(x, "nchw"[: 2 + len(params.get("stride", (1,)))])
    if e.scalar:
        raise ValueError("a convolution is about several numbers: derive it in index form")
    image = given[2:]
    if len(given) < 3:
        raise ValueError(f"a convolution takes a batch of images with channels, and {x} has {len(given)} axes")
    ones, zeros = (1,) * len(image), (0,) * len(image)
    strides, paddings, dilations = (
        params.get(k, v) for k, v in (("stride", ones), ("padding", zeros), ("dilation", ones))
    )
    kernel = tuple(e.new(each) for each in "kl"[: len(image)])
    windows = tuple(e.new(each) for each in "pq"[: len(image)])
    places, deltas, runs = [], [], []
    for i, u, p, stride, padding, dilation in zip(image, kernel, windows, strides, paddings, dilations):
        at = stride * (index(p) - 1) + dilation * (index(u) - 1) + 1 - padding
        e.sums.sizes[size(i)] = stride * (size(p) - 1) + dilation * (size(u) - 1) + 1 - 2 * padding
        if padding:
            runs.append(i)
            deltas.append(s.KroneckerDelta(index(i), at))
        places.append(index(i) if padding else at)
    body = total(s.Mul(*deltas) * e.place(x, (*map(index, given[:2]), *places)), tuple(runs))
    note = "outside the image there are zeros" if runs else ""
    return Local(step, (*given[:2], *kernel, *windows), tuple(runs), body, note)


def _correlate(e: Elements, step: Step) -> Local:
    """Columns times weights: columns[n, c, kernel, windows], weight[o, c, kernel], bias[o]."""
    columns, weight, *bias = step.arguments
    given = e.matrix(columns, "nckp")
    if e.scalar or len(given) % 2:
        raise ValueError("correlate takes columns, as to_columns makes them, in index form")
    rank = (len(given) - 2) // 2
    summed, windows = given[1 : 2 + rank], given[2 + rank :]
    out = e.of(weight)[0] if e.known(weight) and e.of(weight) else e.new("o")
    e.same(e.of(weight, (out, *summed)), (out, *summed), str(weight))
    body = total(e.at(weight, (out, *summed)) * e.at(columns, given), summed)
    for each in bias:
        e.same(e.of(each, (out,)), (out,) if isinstance(each, str) else (), str(each))
        body = body + e.at(each, (out,))
    return Local(step, (given[0], out, *windows), summed, body)


DEFINITIONS: dict[str, Callable[[Elements, Step], Local]] = {
    "linear": _linear,
    "matmul": _matmul,
    "einsum": _einsum,
    "nll": _nll,
    "permute": _reordered,
    "transpose": _reordered,
    "squeeze": _resized,
    "unsqueeze": _resized,
    "reshape": _flattened,
    "flatten": _flattened,
    "slice": _sliced,
    "to_columns": _to_columns,
    "correlate": _correlate,
}
