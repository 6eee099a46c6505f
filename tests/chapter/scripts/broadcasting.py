"""A small tensor stretched over a large one: scalars, vectors, rows, columns, and what is refused."""

import torch
from torch import tensor

a = tensor([10.0, 6, -4])
m = tensor([[1.0, 2, 3], [4, 5, 6], [7, 8, 9]])
c = tensor([10.0, 20, 30])

# A scalar.
print(a > 0, a + 1, m * 2, sep="\n")
print((m - 5) / 2.5)

# A vector over a matrix.
print(m.shape, c.shape)
print(m + c)
print(c + m)
print(torch.equal(m + c, c + m))

# What the vector looks like when it is stretched: no copy is made, the stride over rows is 0.
t = c.expand_as(m)
print(t)
print(m + t)
print(t.storage())
print(t.stride(), t.shape, c.stride(), m.stride())
print(len(t.storage()), t.numel(), t.is_contiguous(), t.contiguous().stride())
print(c.expand(2, 3), c.expand(4, -1).shape, sep="\n")
print(torch.broadcast_tensors(c, m)[0].stride())

# Rows and columns.
print(c.unsqueeze(0).shape, c.unsqueeze(1).shape, c.unsqueeze(-1).shape)
print(c.unsqueeze(0), c.unsqueeze(1), sep="\n")
print(c.shape, c[None, :].shape, c[:, None].shape, c[None].shape, c[..., None].shape, c[None, :, None].shape)
print(c[None, :], c[:, None], sep="\n")
column = c[:, None].expand_as(m)
print(column, column.stride(), column.storage(), sep="\n")
print(m + c.unsqueeze(1))
print(m + c[:, None])
print(m * c[None])
print((c[:, None] * c[None, :]), c[None] > c[:, None], sep="\n")

# Rules: sizes are matched from the last axis back, and 1 (or nothing) matches everything.
print((torch.ones(5, 1, 4) + torch.ones(3, 1)).shape)
print((torch.ones(64, 64, 3) * torch.ones(3)).shape)
print((torch.ones(8, 1, 6, 1) * torch.ones(7, 1, 5)).shape)
print(torch.broadcast_tensors(torch.ones(2, 1), torch.ones(3))[0].shape)

# Means and deviations of rows and of columns.
mean, std = m.mean(0), m.std(0)
print(mean, std, (m - mean) / std, sep="\n")
mean, std = m.mean(1, keepdim=True), m.std(1, keepdim=True)
print(mean.shape, (m - mean) / std)


def attempt(function):
    try:
        print(function())
    except Exception as error:
        print(type(error).__name__, str(error).splitlines()[0])


attempt(lambda: tensor([1.0, 2, 3]) + tensor([1.0, 2]))
attempt(lambda: m + tensor([1.0, 2]))
attempt(lambda: m * torch.ones(2, 3))
attempt(lambda: torch.ones(2, 5, 3) + torch.ones(4, 1))
attempt(lambda: c.expand(2, 4))
attempt(lambda: m.expand_as(c))
