"""Einstein summation: one notation for products, sums, traces, outer products and batches."""

import numpy as np
import torch

rng = np.random.RandomState(3)


def whole_numbers(*shape):
    return torch.from_numpy(rng.randint(-5, 6, shape).astype(np.float32))


a, b = whole_numbers(2, 3), whole_numbers(3, 4)
u, v, s = whole_numbers(3), whole_numbers(3), whole_numbers(4, 4)
batch_a, batch_b = whole_numbers(2, 3, 4), whole_numbers(2, 4, 5)
einsum = torch.einsum

print(a, b, sep="\n")
print(einsum("ik,kj->ij", a, b))
print(einsum("ik,kj", a, b))
print(einsum("ij->ji", a))
print(einsum("ij->", a), einsum("ij->i", a), einsum("ij->j", a))
print(einsum("i,i->", u, v), einsum("i,i->i", u, v), einsum("i,j->ij", u, v))
print(einsum("ii", s), einsum("ii->i", s))
print(einsum("ij,j->i", a, u), einsum("ij,ij->", a, a), einsum("ij,ij->i", a, a))
print(einsum("bik,bkj->bij", batch_a, batch_b))
print(einsum("...ik,...kj->...ij", batch_a, batch_b).shape, einsum("b...->...", batch_a).shape)
print(einsum("bi,bj->bij", a, whole_numbers(2, 5)).shape)
print(einsum("bi,ij,bj->b", whole_numbers(6, 3), b, whole_numbers(6, 4)))
print(torch.equal(einsum("bik,bkj->bij", batch_a, batch_b), batch_a @ batch_b))

# The gradient of a contraction is another contraction, the subscripts exchanged.
a.requires_grad_()
b.requires_grad_()
out = einsum("ik,kj->ij", a, b)
g = whole_numbers(2, 4)
out.backward(g)
print(out.detach())
print(torch.equal(a.grad, einsum("ij,kj->ik", g, b)), torch.equal(b.grad, einsum("ij,ik->kj", g, a)))
print(a.grad, b.grad, sep="\n")
