"""What tensors look like when they are printed."""

import math

import torch
from torch import nn, tensor

inf, nan = math.inf, math.nan
tensors = [
    tensor(3),
    tensor(3.0),
    tensor(3.14159265),
    tensor(True),
    tensor([]),
    tensor([1, -20, 300]),
    tensor([1.0, 2.0, 3.0]),
    tensor([1.5, -2.25, 3.125]),
    tensor([1e-8, 1.0, 1e8]),
    tensor([1e9, 2e9]),
    tensor([0.00001, 0.00002]),
    tensor([1.0, nan, inf, -inf]),
    tensor([0.1, nan]),
    tensor([nan, nan]),
    tensor([True, False]),
    tensor([[1, 2], [3, 4]]),
    tensor([[0.5, -0.25], [100.0, 3.0]]),
    tensor([1.0, 2.0]).double(),
    tensor([1, 2]).int(),
    tensor([250, 7]).byte(),
    tensor([0.1, 0.2]).half(),
    tensor(-0.0),
    tensor(1e-10),
    tensor(123456789.0),
    tensor(123456789),
    torch.zeros(2, 3),
    torch.ones(2, 2, 2),
    torch.zeros(0, 3),
    torch.zeros(2, 0),
    torch.eye(3),
    torch.arange(30),
    torch.arange(30.0) / 7,
    torch.arange(24).view(2, 3, 4),
    torch.arange(1001),
    torch.arange(2000.0).view(40, 50),
    torch.linspace(0, 1, 5),
    torch.full((2, 2), 7),
    torch.full((3,), 0.5),
    torch.ones(3, 1).expand(3, 4),
    torch.arange(6.0).view(2, 3).t(),
    torch.arange(12000).view(2, 30, 200),
]
for value in tensors:
    print(value)
print(tensors[:8])
print({"shape": tensors[5].shape, "dtype": tensors[5].dtype})
print(tensor([[1.0]]).shape, tensor(1).shape, torch.zeros(2, 3).size(), torch.zeros(2, 3).size(1))
print(torch.float32, torch.float64, torch.int64, torch.bool, torch.uint8, torch.float16)

x = tensor([1.0, 2.0, 3.0], requires_grad=True)
m = tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
for value in [
    x,
    m,
    tensor(2.0, requires_grad=True),
    x + 1,
    x - x,
    x * 2,
    x / 2,
    -x,
    x**2,
    x.exp(),
    x.log(),
    x.sqrt(),
    x.tanh(),
    x.sigmoid(),
    x.relu(),
    x.clamp_min(1.5),
    x.sum(),
    x.mean(),
    x.amax(),
    x.std(),
    m.sum(0),
    m.mean(1),
    m.t(),
    m @ x,
    m @ m.t(),
    x @ x,
    m.view(3, 2),
    m[0],
    m[:, 1],
    x[None],
    x[...],
    x[:, None],
    m[1, ...],
    m[0][1],
    m[[1, 0]],
    m[m > 2],
    x.unsqueeze(-1),
    x.unsqueeze(-1).squeeze(-1),
    x.expand(2, 3),
    m.permute(1, 0),
    torch.cat([x, x]),
    torch.stack([x, x]),
    x.clone(),
    x.detach(),
    x.softmax(0),
    x.log_softmax(0),
    x.abs(),
    torch.where(x > 1, x, x * 0),
    (x - 2).pow(2).mean(),
    nn.functional.linear(m, m, tensor([1.0, 2.0])),
]:
    print(value)
print(x.grad, (x * x).sum().backward(), x.grad)
print(nn.Parameter(tensor([1.0, 2.0])))
print(nn.Parameter(torch.zeros(2, 2), requires_grad=False))
print(nn.Linear(3, 2), nn.Linear(3, 2, bias=False), nn.ReLU(), nn.ReLU(inplace=True), nn.Softmax(dim=1))
print(nn.Conv2d(3, 8, 3), nn.Conv2d(3, 8, (3, 5), stride=2, padding=1, bias=False), nn.MaxPool2d(2))
print(nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU(), nn.Linear(3, 1))))
print(nn.MSELoss(), nn.CrossEntropyLoss(), nn.AvgPool2d(2), nn.AdaptiveAvgPool2d(1), nn.Identity())
print(f"{tensor(1.5)} {tensor(1.5):.3f} {tensor([1.5])!s} {x!r}")
