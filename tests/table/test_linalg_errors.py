"""The errors of products and of linear algebra: PyTorch's type and first line."""

from __future__ import annotations

import re
from typing import Any

import pytest

import groundup

# A call of `t`, and below it the error that PyTorch raises for it.
CALLS = """
t.linalg.inv(t.zeros(2,2))
    LinAlgError: linalg.inv: The diagonal element 1 is zero, the inversion could not be completed because the input matrix is singular.
t.linalg.inv(t.stack([t.eye(2), t.ones(2,2)]))
    LinAlgError: linalg.inv: (Batch element 1): The diagonal element 2 is zero, the inversion could not be completed because the input matrix is singular.
t.linalg.inv(t.ones(2,3))
    RuntimeError: linalg.inv: A must be batches of square matrices, but they are 2 by 3 matrices
t.linalg.inv(t.ones(2))
    RuntimeError: linalg.inv: The input tensor A must have at least 2 dimensions.
t.linalg.inv(t.ones(2,2).long())
    RuntimeError: linalg.inv: Expected a floating point or complex tensor as input. Got Long
t.linalg.inv(t.ones(2,2).half())
    RuntimeError: linalg.inv: Low precision dtypes not supported. Got Half
t.linalg.solve(t.zeros(2,2), t.ones(2))
    LinAlgError: torch.linalg.solve: The solver failed because the input matrix is singular.
t.linalg.solve(t.zeros(3,2,2), t.ones(2,2))
    LinAlgError: torch.linalg.solve: (Batch element 0): The solver failed because the input matrix is singular.
t.linalg.solve(t.eye(2), t.ones(3))
    RuntimeError: linalg.solve: Incompatible shapes of A and B for the equation AX = B (2x2 and 3x1)
t.linalg.solve(t.eye(2), t.ones(2,3), left=False)
    RuntimeError: linalg.solve: Incompatible shapes of A and B for the equation XA = B (2x2 and 2x3)
t.linalg.solve(t.eye(2), t.ones(2), left=False)
    RuntimeError: linalg.solve: Incompatible shapes of A and B for the equation XA = B (2x2 and 2x1)
t.linalg.solve(t.eye(2), t.ones(2).double())
    RuntimeError: linalg.solve: Expected A and B to have the same dtype, but found A of type Float and B of type Double instead
t.linalg.solve(t.eye(2), t.tensor(1.))
    RuntimeError: linalg.solve: The input tensor B must have at least 2 dimensions.
t.linalg.solve(t.eye(2).expand(3,2,2), t.ones(2,2,2))
    RuntimeError: The size of tensor a (2) must match the size of tensor b (3) at non-singleton dimension 0
t.linalg.solve_triangular(t.ones(2,2), t.ones(3,1), upper=True)
    RuntimeError: linalg.solve_triangular: Incompatible shapes of A and B for the equation AX = B (2x2 and 3x1)
t.linalg.solve_triangular(t.ones(2,2), t.ones(2), upper=True)
    RuntimeError: linalg.solve_triangular: The input tensor B must have at least 2 dimensions.
t.linalg.cholesky(-t.eye(2))
    LinAlgError: linalg.cholesky: The factorization could not be completed because the input is not positive-definite (the leading minor of order 1 is not positive-definite).
t.linalg.cholesky(t.stack([t.eye(2), t.ones(2,2) - t.eye(2)]))
    LinAlgError: linalg.cholesky: (Batch element 1): The factorization could not be completed because the input is not positive-definite (the leading minor of order 1 is not positive-definite).
t.cholesky_solve(t.ones(2,1), t.ones(2,3))
    RuntimeError: A must be batches of square matrices, but they are 2 by 3 matrices
t.cholesky_inverse(t.ones(2,3))
    RuntimeError: cholesky_inverse: A must be batches of square matrices, but they are 2 by 3 matrices
t.linalg.eigh(t.eye(2), UPLO='X')
    RuntimeError: Expected UPLO argument to be 'L' or 'U', but got X
t.linalg.svd(t.full((2,2), float('nan')))
    LinAlgError: linalg.svd: The algorithm failed to converge because the input matrix contained non-finite values.
t.linalg.svd(t.eye(2), driver='gesvd')
    RuntimeError: torch.linalg.svd: keyword argument `driver=` is only supported on CUDA inputs with cuSOLVER backend.
t.linalg.qr(t.eye(2), mode='x')
    RuntimeError: qr received unrecognized mode 'x' but expected one of 'reduced' (default), 'r', or 'complete'
t.linalg.det(t.ones(2,3))
    RuntimeError: linalg.det: A must be batches of square matrices, but they are 2 by 3 matrices
t.logdet(t.ones(2,2).long())
    RuntimeError: logdet: Expected a floating point or complex tensor as input. Got Long
t.linalg.pinv(t.ones(2))
    RuntimeError: linalg.pinv(Float{[2]}): expected a tensor with 2 or more dimensions of float, double, cfloat or cdouble types
t.linalg.matrix_rank(t.ones(2))
    RuntimeError: torch.linalg.matrix_rank: The input tensor input must have at least 2 dimensions.
t.linalg.matrix_power(t.ones(2,3), 2)
    RuntimeError: linalg.matrix_power: A must be batches of square matrices, but they are 2 by 3 matrices
t.linalg.matrix_power(t.zeros(2,2), -1)
    LinAlgError: linalg.inv: The diagonal element 1 is zero, the inversion could not be completed because the input matrix is singular.
t.linalg.matrix_exp(t.ones(2,3))
    RuntimeError: linalg.matrix_exp: A must be batches of square matrices, but they are 2 by 3 matrices
t.linalg.multi_dot([t.ones(2,2)])
    RuntimeError: multi_dot(): expected at least 2 tensors but got 1
t.linalg.multi_dot([t.ones(2,2), t.ones(3,3)])
    RuntimeError: multi_dot(): tensors 0 and 1 with shapes [2, 2] and [3, 3] cannot be multiplied
t.linalg.multi_dot([t.ones(2,2), t.ones(3,3,2)])
    RuntimeError: multi_dot(): the last tensor must be 1D or 2D but got 3D
t.linalg.multi_dot([t.ones(2,2), t.ones(2,2).double()])
    RuntimeError: multi_dot(): all tensors must have be the same dtype but tensor 0 is float and tensor 1 double
t.linalg.cross(t.ones(2,3), t.ones(3))
    RuntimeError: linalg.cross: inputs must have the same number of dimensions.
t.linalg.cross(t.ones(2,2), t.ones(2,2))
    RuntimeError: linalg.cross: inputs dimension -1 must have length 3. Got 2 and 2
t.cross(t.ones(2,2), t.ones(2,2))
    RuntimeError: no dimension of size 3 in input
t.linalg.vecdot(t.ones(3), t.ones(3).double())
    RuntimeError: linalg.vecdot: Expected x and y to have the same dtype, but found x of type Float and y of type Double instead
t.linalg.vander(t.ones(3), N=1)
    RuntimeError: N must be greater than 1.
t.vander(t.ones(2,2))
    RuntimeError: x must be a one-dimensional tensor.
t.linalg.tensorinv(t.ones(2,3))
    RuntimeError: Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), but got 1 != 6
t.linalg.tensorinv(t.ones(2,2), ind=0)
    RuntimeError: Expected a strictly positive integer for 'ind', but got 0
t.linalg.tensorsolve(t.ones(2,3), t.ones(2))
    RuntimeError: Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == prod(self.shape[:other.ndim]), but got 3 != 2
t.linalg.lstsq(t.ones(2), t.ones(2))
    RuntimeError: torch.linalg.lstsq: input must have at least 2 dimensions.
t.linalg.lstsq(t.ones(2,2), t.ones(3))
    RuntimeError: torch.linalg.lstsq: input.size(-2) should match other.size(-1)
t.linalg.lstsq(t.ones(2,2), t.ones(2,1), driver='x')
    RuntimeError: torch.linalg.lstsq: parameter `driver` should be one of (gels, gelsy, gelsd, gelss)
t.trace(t.ones(2))
    RuntimeError: trace: expected a matrix, but got tensor with dim 1
t.mm(t.ones(2,2).bool(), t.ones(2,2).bool())
    NotImplementedError: "addmm_impl_cpu_" not implemented for 'Bool'
t.mm(t.ones(2,2), t.ones(2,2).double())
    RuntimeError: expected m1 and m2 to have the same dtype, but got: float != double
t.dot(t.ones(2), t.ones(2).double())
    RuntimeError: dot : expected both vectors to have same dtype, but found Float and Double
t.mv(t.ones(2,2), t.ones(3))
    RuntimeError: size mismatch, got input (2), mat (2x2), vec (3)
t.inner(t.ones(2), t.ones(3))
    RuntimeError: inner() the last dimension must match on both input tensors but got shapes [2] and [3]
t.addmm(t.ones(3), t.ones(2,2), t.ones(2,2))
    RuntimeError: The expanded size of the tensor (2) must match the existing size (3) at non-singleton dimension 1.  Target sizes: [2, 2].  Tensor sizes: [3]
t.addmm(t.ones(2,2).double(), t.ones(2,2), t.ones(2,2))
    RuntimeError: self and mat2 must have the same dtype, but got Double and Float
t.addmm(t.ones(2,2), t.ones(2,2).double(), t.ones(2,2))
    RuntimeError: mat1 and mat2 must have the same dtype, but got Double and Float
t.addr(t.ones(2,2), t.ones(2,2), t.ones(2))
    RuntimeError: addr: Expected 1-D argument vec1, but got 2-D
t.baddbmm(t.ones(2), t.ones(1,2,2), t.ones(2,2,2))
    RuntimeError: Expected size for first two dimensions of batch2 tensor to be: [1, 2] but got: [2, 2].
t.baddbmm(t.ones(2,2,2).double(), t.ones(2,2,2), t.ones(2,2,2))
    RuntimeError: Input dtypes must be the same, got: input double, batch1: float, batch2: float
t.addmv(t.ones(2).double(), t.ones(2,2), t.ones(2))
    RuntimeError: addmv input tensors must have the same dtype, but got Double, Float, and Float
t.tensordot(t.ones(2,2), t.ones(2,2), 3)
    RuntimeError: tensordot expects dims < ndim_a or ndim_b, but got dims=3
t.tensordot(t.ones(2,2), t.ones(2,2), -1)
    RuntimeError: tensordot expects dims >= 0, but got dims=-1
t.tensordot(t.ones(2,2), t.ones(2,2), ([0], [0,1]))
    RuntimeError: both dimension lists should have same length
t.tensordot(t.ones(2,3), t.ones(2,3), ([0], [1]))
    RuntimeError: contracted dimensions need to match, but first has size 2 in dim 0 and second has size 3 in dim 1
t.tensordot(t.ones(2,2), t.ones(2,2).long(), 1)
    RuntimeError: both inputs should have same dtype
t.einsum(t.ones(2,2), [0, 52])
    ValueError: einsum(): subscript in subscript list is not within the valid range [0, 52)
t.einsum('i')
    ValueError: einsum(): must specify the equation string and at least one operand, or at least one operand and its subscripts list
t.einsum('ij,jk', t.ones(2,2).double(), t.ones(2,2))
    RuntimeError: expected scalar type Double but found Float
t.nn.functional.linear(t.ones(2,3), t.ones(3), t.tensor(1.))
    RuntimeError: mat2 must be a matrix, got 1-D tensor
t.nn.functional.bilinear(t.ones(2,3), t.ones(2,5), t.ones(5,3,4))
    RuntimeError: bilinear(): input2 size does not match weight size: got 5 but expected 4
t.nn.functional.bilinear(t.ones(3,3), t.ones(2,4), t.ones(5,3,4))
    RuntimeError: bilinear(): input batch dimensions do not match at dim 0: got 3 and 2
t.nn.functional.bilinear(t.ones(2,3), t.ones(2,4), t.ones(5,3,4), t.ones(4))
    RuntimeError: bilinear(): bias size does not match weight size: got 4 but expected 5
t.cdist(t.ones(2), t.ones(2))
    RuntimeError: cdist only supports at least 2D tensors, X1 got: 1D
t.cdist(t.ones(2,3), t.ones(2,2))
    RuntimeError: X1 and X2 must have the same number of columns. X1: 3 X2: 2
t.cdist(t.ones(2,3), t.ones(2,3), p=-1)
    RuntimeError: cdist only supports non-negative p values
t.cdist(t.ones(2,3), t.ones(2,3).double())
    RuntimeError: expected scalar type Float but found Double
t.cdist(t.ones(2,3).long(), t.ones(2,3).long())
    RuntimeError: cdist only supports floating-point dtypes, X1 got: Long
t.cdist(t.ones(2,3), t.ones(2,3), compute_mode='x')
    ValueError: x is not a valid value for compute_mode
t.nn.functional.pdist(t.ones(2))
    RuntimeError: pdist only supports 2D tensors, got: 1D
t.linalg.lu_factor(t.stack([t.eye(2), t.ones(2,2)]))
    RuntimeError: torch.linalg.lu_factor: (Batch element 1): U[2,2] is zero and using it on lu_solve would result in a division by zero. If you still want to perform the factorization, consider calling linalg.lu(A, pivot) or linalg.lu_factor_ex(A, pivot)
t.linalg.lu(t.eye(2), pivot=False)
    RuntimeError: linalg.lu_factor: LU without pivoting is not implemented on the CPU
"""  # noqa: E501
ERRORS = re.findall(r"(.+)\n    (\w+): (.+)", CALLS)


def raised(library: Any, text: str) -> tuple[str, str]:
    """The type and the first line of the error."""
    with pytest.raises((RuntimeError, ValueError, LookupError)) as found:
        eval(text, {"t": library})
    return type(found.value).__name__.lstrip("_"), str(found.value).splitlines()[0]


@pytest.mark.parametrize(("text", "kind", "line"), ERRORS)
def test_the_first_line_is_pytorchs(text: str, kind: str, line: str) -> None:
    assert raised(groundup, text) == (kind, line)


@pytest.mark.parametrize(("text", "kind", "line"), ERRORS)
def test_it_still_is_pytorchs(text: str, kind: str, line: str) -> None:
    torch = pytest.importorskip("torch")
    assert raised(torch, text) == (kind, line)


def test_an_error_of_linear_algebra_is_a_runtime_error() -> None:
    assert issubclass(groundup.linalg.LinAlgError, RuntimeError)
    x = groundup.ones(2, 2, requires_grad=True)
    with pytest.raises(groundup.linalg.LinAlgError, match="singular") as found:
        groundup.linalg.slogdet(x)[1].backward()
    assert "In the backward pass of slogdet" in "".join(found.value.__notes__)
