"""Mistakes everyone makes: the kind of the exception and its first line."""

import torch
import torch.nn.functional as F
from torch import nn, tensor


def attempt(title, function, until="\n"):
    """Print the first line of an error, or what stands in it before `until`."""
    try:
        function()
    except Exception as error:
        print(f"{title}: {type(error).__name__}: {str(error).partition(until)[0].splitlines()[0]}")
    else:
        print(f"{title}: no error")


v, m, n = tensor([1.0, 2, 3]), torch.arange(6.0).view(2, 3), tensor([1, 2, 3])
leaf = torch.ones(3, requires_grad=True)

attempt("shapes that do not broadcast", lambda: v + tensor([1.0, 2]))
attempt("on an inner axis", lambda: torch.ones(2, 3, 4) * torch.ones(2, 1, 5))
attempt("matrix product", lambda: m @ m)
attempt("matrix product, 1-d", lambda: v @ tensor([1.0, 2]))
attempt("mm of a vector", lambda: torch.mm(m, v))
attempt("batches", lambda: torch.bmm(torch.ones(2, 3, 4), torch.ones(2, 5, 6)))
attempt("view of the wrong size", lambda: m.view(4, 2))
attempt("view that cannot be guessed", lambda: m.view(-1, 4))
attempt("two sizes to guess", lambda: m.view(-1, -1))
attempt("no such row", lambda: m[2])
attempt("no such row, from the end", lambda: m[-3])
attempt("no such column", lambda: m[:, 3])
attempt("too many indices", lambda: m[0, 0, 0])
attempt("no such axis", lambda: m.sum(2))
attempt("no such axis for unsqueeze", lambda: v.unsqueeze(3))
attempt("mean of whole numbers", lambda: n.mean())
attempt("item of many", lambda: m.item())
attempt("truth of many", lambda: bool(v > 1))
attempt("len of a number", lambda: len(tensor(1.0)))
attempt("gradient of whole numbers", lambda: tensor([1, 2], requires_grad=True))
attempt("backward of many", lambda: (leaf * 2).backward())
attempt("backward without a graph", lambda: v.sum().backward())
attempt("in place on a leaf", lambda: leaf.add_(1))
attempt("numpy of a leaf", lambda: leaf.numpy())
attempt("cat of different sizes", lambda: torch.cat([m, torch.ones(2, 2)]))
attempt("stack of different sizes", lambda: torch.stack([v, tensor([1.0])]))
attempt("ragged lists", lambda: tensor([[1, 2], [3]]))
attempt("dense layer", lambda: nn.Linear(4, 2)(m))
attempt("expand", lambda: m.expand(4, 3))
attempt("reshape", lambda: m.reshape(7))
attempt("squeeze of no axis", lambda: m.squeeze(5))
attempt("t of three axes", lambda: torch.ones(2, 3, 4).t())
attempt("cross entropy target", lambda: F.cross_entropy(m, tensor([0, 3])))
attempt("cross entropy sizes", lambda: F.cross_entropy(m, tensor([0, 1, 2])))


def twice():
    loss = (leaf * leaf).sum()
    loss.backward()
    loss.backward()


def changed_in_place():
    y = leaf.exp()
    y.mul_(2)
    y.sum().backward()


attempt("backward twice", twice, until=" (or")
attempt("changed in place", changed_in_place, until=":")
