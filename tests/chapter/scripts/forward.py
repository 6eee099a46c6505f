"""A forward pass by hand: normalised data, two dense layers, a clamp, and a loss."""

import numpy as np
import torch
from torch import tensor

rng = np.random.RandomState(4)
x_train = torch.from_numpy(rng.randn(200, 100).astype(np.float32) * 3 + 5)
y_train = torch.from_numpy(rng.randn(200).astype(np.float32))
x_valid = torch.from_numpy(rng.randn(50, 100).astype(np.float32) * 3 + 5)

mean, std = x_train.mean(), x_train.std()
print(f"{mean:.3f} {std:.3f}")


def normalize(x, mean, std):
    return (x - mean) / std


x_train, x_valid = normalize(x_train, mean, std), normalize(x_valid, mean, std)
print(f"{x_train.std():.4f} {x_valid.mean():.4f} {x_valid.std():.4f}", x_train.mean().abs() < 1e-5)

n, m = x_train.shape
n_hidden = 50
print(n, m, n_hidden, x_train.shape, x_train.size(), x_train.size(-1), x_train.dim(), x_train.numel())

w1 = torch.from_numpy(rng.randn(m, n_hidden).astype(np.float32)) * (2 / m) ** 0.5
b1 = torch.zeros(n_hidden)
w2 = torch.from_numpy(rng.randn(n_hidden, 1).astype(np.float32)) * (2 / n_hidden) ** 0.5
b2 = torch.zeros(1)


def lin(x, w, b):
    return x @ w + b


def relu(x):
    return x.clamp_min(0.0)


def mse(output, target):
    return (output.squeeze(-1) - target).pow(2).mean()


def model(x):
    return lin(relu(lin(x, w1, b1)), w2, b2)


hidden = lin(x_train, w1, b1)
print(hidden.shape, f"{hidden.mean():.4f} {hidden.std():.4f}")
hidden = relu(hidden)
print(hidden.shape, f"{hidden.mean():.4f} {hidden.std():.4f}", (hidden == 0).float().mean(), hidden.min())
out = model(x_train)
print(out.shape, out.squeeze(-1).shape, out[:, 0].shape, out.squeeze().shape, out.squeeze(0).shape)
print(out[:4], out[:4].squeeze(-1), y_train[:4], sep="\n")
print(mse(out, y_train))
print(f"{mse(model(x_valid), tensor(0.0)):.4f}")

# Without the squeeze the difference is a square of 200 by 200, and the loss is another number.
print((out - y_train).shape, (out.squeeze(-1) - y_train).shape)
print(f"{(out - y_train).pow(2).mean():.3f} {(out.squeeze(-1) - y_train).pow(2).mean():.3f}")
print(torch.nn.functional.mse_loss(out.squeeze(-1), y_train))
