"""Modules: parameters that register themselves, layers in layers, and a base class without ceremony."""

from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

rng = np.random.RandomState(9)


def quarters(*shape):
    return torch.from_numpy(rng.randint(-8, 9, shape).astype(np.float32) / 4)


class LinearLayer(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.weight = nn.Parameter(quarters(n_out, n_in))
        self.bias = nn.Parameter(torch.zeros(n_out))

    def forward(self, x):
        return x @ self.weight.t() + self.bias


lin = LinearLayer(3, 2)
p1, p2 = lin.parameters()
print(p1.shape, p2.shape)
print(p1)
print(p2)
print(lin)
print(lin(quarters(4, 3)))
print([name for name, _ in lin.named_parameters()], isinstance(p1, torch.Tensor), p1.requires_grad, p1.is_leaf)
print(type(p1.data).__name__, type(p1 * 1).__name__, sum(p.numel() for p in lin.parameters()))


class Module(nn.Module):
    """A base class whose children do not have to call `super().__init__()`."""

    def __new__(cls, *args, **kwargs):
        module = super().__new__(cls)
        nn.Module.__init__(module)
        return module


class Model(Module):
    def __init__(self, n_in, n_hidden, n_out):
        self.layers = nn.Sequential(nn.Linear(n_in, n_hidden), nn.ReLU(), nn.Linear(n_hidden, n_out))
        self.loss = nn.MSELoss()

    def forward(self, x, targ):
        return self.loss(self.layers(x).squeeze(-1), targ)


model = Model(4, 3, 1)
print(model)
for name, parameter in model.named_parameters():
    bound = 1 / parameter.shape[-1] ** 0.5 if name.endswith("weight") else 1
    print(name, parameter.shape, parameter.requires_grad, (parameter.abs() <= bound).all())
with torch.no_grad():
    for parameter in model.parameters():
        parameter.copy_(quarters(*parameter.shape))

x, y = quarters(5, 4), quarters(5)
loss = model(x, y)
print(loss.detach())
loss.backward()
for name, parameter in model.named_parameters():
    print(name, parameter, parameter.grad, sep="\n")
model.zero_grad()
print([parameter.grad for parameter in model.parameters()])

state = model.state_dict()
print(list(state), type(state).__name__, state["layers.0.bias"])
other = Model(4, 3, 1)
print(other.load_state_dict(state), torch.equal(other(x, y), model(x, y)))
print([type(module).__name__ for module in model.modules()])
print([name for name, _ in model.named_modules()], [name for name, _ in model.named_children()])
print(model.training, model.eval().training, model.layers[1].training, model.train().layers.training)
print(len(model.layers), model.layers[0], model.layers[-1], model.layers[:2], sep="\n")

hidden = model.layers[0](x)
print(hidden)
print(F.relu(hidden))
print(torch.equal(F.linear(x, model.layers[0].weight, model.layers[0].bias), hidden))
print(F.mse_loss(model.layers(x).squeeze(-1), y).item() == loss.item())


class Stack(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        pairs = pairwise(sizes)
        self.layers = nn.ModuleList([nn.Linear(n_in, n_out, bias=False) for n_in, n_out in pairs])
        self.scale = nn.Parameter(torch.ones(1))
        self.register_buffer("calls", torch.tensor(0))
        self.frozen = torch.ones(2)

    def forward(self, x):
        self.calls += 1
        for layer in self.layers:
            x = torch.tanh(layer(x))
        return x * self.scale


stack = Stack([4, 8, 2])
print(stack)
print(stack(x).shape, stack.calls, sorted(stack.state_dict()), stack.frozen)
print(nn.Sequential(nn.Flatten(), nn.Dropout(0.25), nn.Linear(2, 1), nn.Sigmoid(), nn.Tanh(), nn.GELU()))
try:
    stack.missing
except AttributeError as error:
    print(error)
