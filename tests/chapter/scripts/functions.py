"""One's own operation: a `Function` with a forward, a backward, and a context between them."""

import numpy as np
import torch
from torch import tensor
from torch.autograd import Function

rng = np.random.RandomState(8)


class MyRelu(Function):
    @staticmethod
    def forward(ctx, i):
        result = i.clamp_min(0.0)
        ctx.save_for_backward(i)
        return result

    @staticmethod
    def backward(ctx, grad_output):
        (i,) = ctx.saved_tensors
        return grad_output * (i > 0).float()


x = tensor([-2.0, -0.5, 0.0, 1.5, 3.0], requires_grad=True)
out = MyRelu.apply(x)
print(out)
print(out.requires_grad, out.is_leaf, out.grad_fn.name())
out.sum().backward()
print(x, x.grad, sep="\n")


class LinFunction(Function):
    @staticmethod
    def forward(ctx, x, w, b):
        ctx.save_for_backward(x, w)
        return x @ w.t() + b

    @staticmethod
    def backward(ctx, grad_output):
        x, w = ctx.saved_tensors
        print("wanted:", ctx.needs_input_grad)
        return grad_output @ w, grad_output.t() @ x, grad_output.sum(0)


def whole_numbers(*shape):
    return torch.from_numpy(rng.randint(-4, 5, shape).astype(np.float32))


batch = whole_numbers(6, 3)
w, b = whole_numbers(2, 3).requires_grad_(), whole_numbers(2).requires_grad_()
out = LinFunction.apply(batch, w, b)
print(out)
out.sum().backward()
print(w.grad, b.grad, batch.grad, sep="\n")

# Composed with operations of the library's own.
w.grad = b.grad = None
hidden = MyRelu.apply(LinFunction.apply(batch, w, b))
loss = (hidden * hidden).mean()
print(loss)
loss.backward()
print(w.grad, b.grad, sep="\n")


class Power(Function):
    """x to a whole power: the exponent is a number, and gets no gradient."""

    @staticmethod
    def forward(ctx, x, exponent):
        ctx.exponent = exponent
        ctx.save_for_backward(x)
        return x**exponent

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * ctx.exponent * x ** (ctx.exponent - 1), None


x = tensor([1.0, 2.0, -3.0], requires_grad=True)
y = Power.apply(x, 3)
print(y)
(first,) = torch.autograd.grad(y.sum(), x, create_graph=True)
(second,) = torch.autograd.grad(first.sum(), x)
print(first.detach(), second, sep="\n")


class MinMax(Function):
    """Two results from one operation."""

    @staticmethod
    def forward(ctx, x):
        ctx.low, ctx.high = x.argmin().item(), x.argmax().item()
        ctx.size = x.shape
        return x.min(), x.max()

    @staticmethod
    def backward(ctx, grad_low, grad_high):
        grad = torch.zeros(ctx.size)
        grad[ctx.low] += grad_low
        grad[ctx.high] += grad_high
        return grad


low, high = MinMax.apply(x)
print(low, high)
(high - 10 * low).backward()
print(x.grad)


class Wrong(Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output, grad_output


try:
    Wrong.apply(x).sum().backward()
except RuntimeError as error:
    print(str(error).splitlines()[0])
with torch.no_grad():
    print(MyRelu.apply(x).requires_grad)
print(MyRelu.apply(x.detach()))
