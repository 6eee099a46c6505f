"""Gradients written out by hand and kept as `.g`, then compared with what `backward` finds."""

import numpy as np
import torch

rng = np.random.RandomState(6)


def normal(*shape):
    return torch.from_numpy(rng.randn(*shape).astype(np.float32))


x, y = normal(200, 100), normal(200)
w1, b1 = normal(100, 50) * (2 / 100) ** 0.5, torch.zeros(50)
w2, b2 = normal(50, 1) * (2 / 50) ** 0.5, torch.zeros(1)


def lin(x, w, b):
    return x @ w + b


def relu(x):
    return x.clamp_min(0.0)


def mse(output, target):
    return (output.squeeze(-1) - target).pow(2).mean()


def mse_grad(inp, target):
    inp.g = 2.0 * (inp.squeeze(-1) - target).unsqueeze(-1) / inp.shape[0]


def relu_grad(inp, out):
    inp.g = (inp > 0).float() * out.g


def lin_grad(inp, out, w, b):
    inp.g = out.g @ w.t()
    w.g = inp.t() @ out.g
    b.g = out.g.sum(0)


def forward_and_backward(inp, target):
    l1 = lin(inp, w1, b1)
    l2 = relu(l1)
    out = lin(l2, w2, b2)
    loss = mse(out, target)
    mse_grad(out, target)
    lin_grad(l2, out, w2, b2)
    relu_grad(l1, l2)
    lin_grad(inp, l1, w1, b1)
    return loss


print(f"{forward_and_backward(x, y).item():.5f}")
by_hand = {"w1": w1.g, "b1": b1.g, "w2": w2.g, "b2": b2.g, "x": x.g}
for name, gradient in by_hand.items():
    print(name, gradient.shape, f"{gradient.abs().mean().item():.5f}")
print(w2.g[:5])
print(b2.g)
print(hasattr(w1, "g"), hasattr(y, "g"), w1.clone().__dict__)

# The outer product of each example, summed: the same gradient of a weight.
out_g = normal(200, 50)
print(torch.allclose((x[:, :, None] * out_g[:, None, :]).sum(0), x.t() @ out_g, atol=1e-3))
print(torch.allclose(torch.einsum("bi,bj->ij", x, out_g), x.t() @ out_g, atol=1e-3))

# And now by autograd.
leaves = {"w1": w1, "b1": b1, "w2": w2, "b2": b2, "x": x}
leaves = {name: leaf.clone().requires_grad_(True) for name, leaf in leaves.items()}


def forward(x, y):
    l1 = lin(x, leaves["w1"], leaves["b1"])
    l2 = relu(l1)
    out = lin(l2, leaves["w2"], leaves["b2"])
    return mse(out, y)


loss = forward(leaves["x"], y)
print(loss)
print(loss.requires_grad, loss.is_leaf, loss.grad_fn.name(), leaves["w1"].is_leaf, leaves["w1"].grad)
loss.backward()
for name, gradient in by_hand.items():
    print(name, torch.allclose(leaves[name].grad, gradient, rtol=1e-4, atol=1e-6))
print(leaves["b2"], leaves["b2"].grad, leaves["w2"].grad[:3], sep="\n")

# Gradients add up until they are cleared.
before = leaves["b1"].grad.clone()
forward(leaves["x"], y).backward()
print(torch.allclose(leaves["b1"].grad, 2 * before, rtol=1e-4))
leaves["b1"].grad.zero_()
print(leaves["b1"].grad.abs().sum())
leaves["b1"].grad = None
print(leaves["b1"].grad)
with torch.no_grad():
    silent = forward(leaves["x"], y)
print(silent.requires_grad, silent.grad_fn, forward(leaves["x"], y).detach().requires_grad)
