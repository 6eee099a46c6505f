"""Layers as objects: first each by itself, then with a base class that stores and calls for them."""

import numpy as np
import torch

rng = np.random.RandomState(7)


def normal(*shape):
    return torch.from_numpy(rng.randn(*shape).astype(np.float32))


x, y = normal(64, 20), normal(64)
w1, b1 = normal(20, 10) * 0.3, torch.zeros(10)
w2, b2 = normal(10, 1) * 0.4, torch.zeros(1)


class Relu:
    def __call__(self, inp):
        self.inp = inp
        self.out = inp.clamp_min(0.0)
        return self.out

    def backward(self):
        self.inp.g = (self.inp > 0).float() * self.out.g


class Lin:
    def __init__(self, w, b):
        self.w, self.b = w, b

    def __call__(self, inp):
        self.inp = inp
        self.out = inp @ self.w + self.b
        return self.out

    def backward(self):
        self.inp.g = self.out.g @ self.w.t()
        self.w.g = self.inp.t() @ self.out.g
        self.b.g = self.out.g.sum(0)


class Mse:
    def __call__(self, inp, target):
        self.inp, self.target = inp, target
        self.out = (inp.squeeze() - target).pow(2).mean()
        return self.out

    def backward(self):
        residual = (self.inp.squeeze() - self.target).unsqueeze(-1)
        self.inp.g = 2.0 * residual / self.target.shape[0]


class Model:
    def __init__(self, layers, loss):
        self.layers, self.loss = layers, loss

    def __call__(self, x, target):
        for layer in self.layers:
            x = layer(x)
        return self.loss(x, target)

    def backward(self):
        self.loss.backward()
        for layer in reversed(self.layers):
            layer.backward()


def show(title, loss):
    print(title, f"{loss.item():.5f}")
    for name, tensor in {"w1": w1, "b1": b1, "w2": w2, "b2": b2, "x": x}.items():
        print(name, tensor.g.shape, f"{tensor.g.abs().sum().item():.3f}")
        del tensor.g


model = Model([Lin(w1, b1), Relu(), Lin(w2, b2)], Mse())
loss = model(x, y)
model.backward()
show("separate classes", loss)


class LayerFunction:
    """A layer: `forward` computes, `bwd` sets the gradients of what it was given."""

    def __call__(self, *args):
        self.args = args
        self.out = self.forward(*args)
        return self.out

    def forward(self):
        raise NotImplementedError("not implemented")

    def bwd(self):
        raise NotImplementedError("not implemented")

    def backward(self):
        self.bwd(self.out, *self.args)


class ReluLayer(LayerFunction):
    def forward(self, inp):
        return inp.clamp_min(0.0)

    def bwd(self, out, inp):
        inp.g = (inp > 0).float() * out.g


class LinLayer(LayerFunction):
    def __init__(self, w, b):
        self.w, self.b = w, b

    def forward(self, inp):
        return inp @ self.w + self.b

    def bwd(self, out, inp):
        inp.g = out.g @ self.w.t()
        self.w.g = torch.einsum("bi,bj->ij", inp, out.g)
        self.b.g = out.g.sum(0)


class MseLayer(LayerFunction):
    def forward(self, inp, target):
        return (inp.squeeze(-1) - target).pow(2).mean()

    def bwd(self, out, inp, target):
        inp.g = 2 * (inp.squeeze(-1) - target).unsqueeze(-1) / target.shape[0]


model = Model([LinLayer(w1, b1), ReluLayer(), LinLayer(w2, b2)], MseLayer())
loss = model(x, y)
model.backward()
print(x.g[:2, :3], w2.g.t(), b2.g, sep="\n")
show("with a base class", loss)

try:
    LayerFunction()(x)
except (NotImplementedError, TypeError) as error:
    print(type(error).__name__)
