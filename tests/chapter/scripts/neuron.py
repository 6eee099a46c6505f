"""One neuron in plain Python, a layer of neurons, and the same layer as a tensor expression."""

import numpy as np
import torch
from torch import tensor

inputs = [1.0, -2.0, 3.0, 0.5]
weights = [0.25, 0.5, -0.125, 2.0]
bias = 0.375


def neuron(inputs, weights, bias):
    output = bias
    for x, w in zip(inputs, weights):
        output = output + x * w
    return output


def relu(x):
    return x if x >= 0 else 0


print(neuron(inputs, weights, bias))
print(relu(neuron(inputs, weights, bias)), relu(-3), relu(2.5))

# The same neuron, its numbers held by tensors.
print(sum([x * w for x, w in zip(tensor(inputs), tensor(weights))]) + bias)
print((tensor(inputs) * tensor(weights)).sum() + bias)
print(tensor(inputs) @ tensor(weights) + bias)
print(tensor(inputs).dot(tensor(weights)).item() + bias)

# A layer: three neurons that look at the same four inputs, for a batch of five.
rng = np.random.RandomState(1)
x = torch.from_numpy(rng.randint(-8, 9, (5, 4)).astype(np.float32)) / 4
w = torch.from_numpy(rng.randint(-8, 9, (3, 4)).astype(np.float32)) / 8
b = tensor([0.5, -0.25, 0.125])

one_by_one = torch.zeros(5, 3)
for row in range(x.shape[0]):
    for unit in range(w.shape[0]):
        one_by_one[row, unit] = neuron(x[row], w[unit], b[unit])
together = x @ w.t() + b

print(x, w, b, sep="\n")
print(one_by_one)
print(together)
print((one_by_one == together).all())
print(torch.equal(one_by_one, together), together.shape, together.dtype)
print(together.clamp_min(0.0))
print([[relu(value) for value in row] for row in together.tolist()])
