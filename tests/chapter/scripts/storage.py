"""Where the numbers of a tensor lie: storage, offset, stride, views and copies."""

import numpy as np
import torch
from torch import tensor

m = torch.arange(12.0).view(3, 4)
print(m, m.stride(), m.storage_offset(), m.storage(), sep="\n")

views = {
    "row": m[1],
    "column": m[:, 1],
    "block": m[1:, 2:],
    "every other": m[::2, ::3],
    "transpose": m.t(),
    "permute": m.permute(1, 0),
    "reshape": m.view(2, 6),
    "guess": m.view(-1, 2, 2),
    "flat": m.flatten(),
    "expand": m[:, None, :].expand(3, 5, 4),
    "diagonal": m.diagonal(),
    "narrow": m.narrow(1, 1, 2),
    "squeeze": m[None, :, None].squeeze(0),
}
for name, view in views.items():
    print(name, view.shape, view.stride(), view.storage_offset(), view.is_contiguous(), len(view.storage()))

# A view writes into the tensor it was taken from, and a copy does not.
column, block, copy = m[:, 1], m[1:, 2:], m.clone()
column.mul_(-1)
block[0, 0] = 100
block[:, -1] = tensor([0.5, 0.25])
print(m, column, block, copy, sep="\n")
m[0] = 7
m[:, 3] += 1000
m[1, :2] = tensor([-1.0, -2.0])
m[m < 0] = 0
print(m)
element = m[0, 1]
element += 0.5
m[2][0].mul_(100)
m[[0, 2], [1, 2]] = 55
print(m, m[[2, 0]], m[:, [3, 0, 0]], m[tensor([True, False, True])], sep="\n")

# transpose, contiguous and reshape
t = m.t()
print(t, t.stride(), t.contiguous().stride(), torch.equal(t, t.contiguous()), sep="\n")
print(t.reshape(-1), t.contiguous().view(2, 6), sep="\n")
try:
    t.view(-1)
except RuntimeError as error:
    print(str(error).startswith("view size is not compatible with input tensor's size and stride"))

# An array of NumPy's is shared, not copied; torch.tensor copies.
array = np.arange(6, dtype=np.float32).reshape(2, 3)
shared, copied = torch.from_numpy(array), torch.tensor(array)
array[0, 0] = 42
shared[1, 1] = -1
print(array.tolist(), shared, copied, sep="\n")
back = shared.numpy()
back[:] = 3
print(shared, array.sum(), type(back).__name__, back.dtype)
print(torch.from_numpy(np.array([1, 2, 3])).dtype, torch.from_numpy(np.array([True, False])).storage())
print(tensor([1, 2, 3]).storage(), tensor([1.5, 2.5]).double().storage(), sep="\n")
