"""What fifty layers do to the size of a signal, and which initial weights keep it."""

import math

import numpy as np
import torch
from torch import nn

torch.manual_seed(0)

# Weights of size 1: every layer multiplies by 10, and float32 ends.
x = torch.randn(200, 100)
for _ in range(50):
    x = x @ torch.randn(100, 100)
print(x[0:5, 0:5])
print(x.isnan().all(), x.mean(), x.std())

# Weights of size 0.01: every layer divides by 10, and nothing is left.
x = torch.randn(200, 100)
for _ in range(50):
    x = x @ (torch.randn(100, 100) * 0.01)
print(x[0:5, 0:5])
print((x == 0).all(), x.abs().max())

# 1 / sqrt(100) is the size that stays.
x = torch.randn(200, 100)
for _ in range(50):
    x = x @ (torch.randn(100, 100) * 0.1)
print(x.isfinite().all(), (x.std() > 0.1) & (x.std() < 10))

# The same on given numbers, so that they can be printed.
rng = np.random.RandomState(5)
given = torch.from_numpy(rng.randn(200, 100).astype(np.float32))
weights = [torch.from_numpy(rng.randn(100, 100).astype(np.float32)) for _ in range(50)]


def deep(scale, activation=lambda x: x):
    x, sizes = given, []
    for weight in weights:
        x = activation(x @ (weight * scale))
        sizes.append(x.std())
    return x, sizes


def relu(x):
    return x.clamp_min(0.0)


for name, scale, activation in [
    ("lecun", 1 / math.sqrt(100), lambda x: x),
    ("lecun, relu", 1 / math.sqrt(100), relu),
    ("kaiming, relu", math.sqrt(2 / 100), relu),
    ("lecun, tanh", 1 / math.sqrt(100), torch.tanh),
    ("5/3, tanh", 5 / 3 / math.sqrt(100), torch.tanh),
]:
    x, sizes = deep(scale, activation)
    print(name, " ".join(f"{sizes[i].item():.3g}" for i in (0, 4, 9, 24, 49)), x.shape)

# The initialisers: what they compute, in numbers that do not depend on the stream of random numbers.
for initialise, expected in [
    (lambda w: nn.init.xavier_uniform_(w), math.sqrt(2 / (300 + 500))),
    (lambda w: nn.init.xavier_normal_(w, gain=2.0), 2 * math.sqrt(2 / (300 + 500))),
    (lambda w: nn.init.kaiming_uniform_(w, nonlinearity="relu"), math.sqrt(2 / 300)),
    (lambda w: nn.init.kaiming_normal_(w, mode="fan_out", nonlinearity="relu"), math.sqrt(2 / 500)),
    (lambda w: nn.init.normal_(w, 0.0, 0.25), 0.25),
    (lambda w: nn.init.uniform_(w, -1.0, 1.0), math.sqrt(1 / 3)),
]:
    weight = torch.empty(500, 300)
    result = initialise(weight)
    print(result is weight, (weight.std() - expected).abs() < 0.02 * expected, weight.mean().abs() < 0.02)
for name in ["linear", "relu", "tanh", "sigmoid", "leaky_relu"]:
    print(f"{name} {nn.init.calculate_gain(name):.5f}")
print(nn.init.zeros_(torch.empty(2, 2)), nn.init.ones_(torch.empty(2)), nn.init.constant_(torch.empty(2), 0.3))
