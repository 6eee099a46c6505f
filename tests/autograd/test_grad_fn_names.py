"""The name of a result's `grad_fn`, which a tensor prints, is PyTorch's, also where several rows make the result."""

import numpy as np
import pytest

import groundup

NAMES = {
    "x+1": "AddBackward0",
    "x-1": "SubBackward0",
    "1-x": "RsubBackward1",
    "x*2": "MulBackward0",
    "x/2": "DivBackward0",
    "2/x": "MulBackward0",
    "x**2": "PowBackward0",
    "x**x": "PowBackward1",
    "2**x": "PowBackward2",
    "-x": "NegBackward0",
    "x.abs()": "AbsBackward0",
    "x.exp()": "ExpBackward0",
    "x.log()": "LogBackward0",
    "x.log1p()": "Log1PBackward0",
    "x.sqrt()": "SqrtBackward0",
    "x.rsqrt()": "RsqrtBackward0",
    "x.sin()": "SinBackward0",
    "x.cos()": "CosBackward0",
    "x.tanh()": "TanhBackward0",
    "x.sigmoid()": "SigmoidBackward0",
    "x.relu()": "ReluBackward0",
    "T.erf(x)": "ErfBackward0",
    "x.square()": "PowBackward0",
    "x.reciprocal()": "ReciprocalBackward0",
    "x.clamp(0,1)": "ClampBackward1",
    "x.clamp(min=0)": "ClampBackward1",
    "x.clamp(max=1)": "ClampBackward1",
    "x.clamp_min(0.)": "ClampMinBackward0",
    "x.clamp_max(0.)": "ClampMaxBackward0",
    "T.maximum(x,x*2)": "MaximumBackward0",
    "T.where(x>0,x,x*2)": "WhereBackward0",
    "T.lerp(x,x*2,.5)": "LerpBackward0",
    "T.addcmul(x,x,x)": "AddcmulBackward0",
    "T.addcdiv(x,x,x)": "AddcdivBackward0",
    "x.floor()": "FloorBackward0",
    "x.round()": "RoundBackward0",
    "x.sign()": "SignBackward0",
    "x%2": "RemainderBackward0",
    "x.masked_fill(x>0,0.)": "MaskedFillBackward0",
    "x.sum()": "SumBackward0",
    "x.sum(0)": "SumBackward1",
    "x.mean()": "MeanBackward0",
    "x.mean(0)": "MeanBackward1",
    "x.var()": "VarBackward0",
    "x.std()": "StdBackward0",
    "x.var(0)": "VarBackward0",
    "x.std(0)": "StdBackward0",
    "x.prod()": "ProdBackward0",
    "x.prod(0)": "ProdBackward1",
    "x.max()": "MaxBackward1",
    "x.min()": "MinBackward1",
    "x.max(0).values": "MaxBackward0",
    "x.min(1).values": "MinBackward0",
    "x.amax(0)": "AmaxBackward0",
    "x.amin(0)": "AminBackward0",
    "x.cumsum(0)": "CumsumBackward0",
    "x.logsumexp(0)": "LogsumexpBackward0",
    "x.softmax(0)": "SoftmaxBackward0",
    "x.log_softmax(0)": "LogSoftmaxBackward0",
    "x.norm()": "LinalgVectorNormBackward0",
    "x.norm(dim=0)": "LinalgVectorNormBackward0",
    "x.sort().values": "SortBackward0",
    "x.topk(2).values": "TopkBackward0",
    "x.reshape(6,4)": "ViewBackward0",
    "x.view(6,4)": "ViewBackward0",
    "x.t()": "TBackward0",
    "x.T": "PermuteBackward0",
    "x.mT": "TransposeBackward0",
    "x.permute(1,0)": "PermuteBackward0",
    "x.transpose(0,1)": "TransposeBackward0",
    "x.squeeze()": "SqueezeBackward0",
    "x.unsqueeze(0)": "UnsqueezeBackward0",
    "x.unsqueeze(0).squeeze(0)": "SqueezeBackward1",
    "x.flatten()": "ViewBackward0",
    "v.expand(4,6)": "ExpandBackward0",
    "v.expand_as(x)": "ExpandBackward0",
    "x[0]": "SelectBackward0",
    "x[0,0]": "SelectBackward0",
    "x[:,1]": "SelectBackward0",
    "x[1:]": "SliceBackward0",
    "x[None]": "UnsqueezeBackward0",
    "x[...]": "AliasBackward0",
    "x[x>0.5]": "IndexBackward0",
    "x[T.tensor([0,1])]": "IndexBackward0",
    "x.flip(0)": "FlipBackward0",
    "x.narrow(0,0,2)": "SliceBackward0",
    "x.select(0,1)": "SelectBackward0",
    "x.unbind(0)[1]": "UnbindBackward0",
    "x.split(2)[0]": "SplitBackward0",
    "x.chunk(2)[1]": "SplitBackward0",
    "x.unfold(0,2,1)": "UnfoldBackward0",
    "x.diagonal()": "DiagonalBackward0",
    "x.tril()": "TrilBackward0",
    "x.clone()": "CloneBackward0",
    "x.repeat(2,2)": "RepeatBackward0",
    "T.cat([x,x])": "CatBackward0",
    "T.stack([x,x])": "StackBackward0",
    "x.contiguous()": "MulBackward0",
    "x.T.contiguous()": "CloneBackward0",
    "x.double()": "ToCopyBackward0",
    "x.to(T.float64)": "ToCopyBackward0",
    "x@x.t()": "MmBackward0",
    "x@v": "MvBackward0",
    "v@v": "DotBackward0",
    "v@x.t()": "SqueezeBackward4",
    "x.mm(x.t())": "MmBackward0",
    "T.outer(v,v)": "MulBackward0",
    "T.addmm(x[:4,:4],x,x.t())": "AddmmBackward0",
    "T.bmm(im[0],im[0])": "BmmBackward0",
    "im[0]@im[0]": "UnsafeViewBackward0",
    "F.linear(x,x)": "MmBackward0",
    "F.linear(x,x,x[:,0])": "AddmmBackward0",
    "F.linear(im,im[0,0])": "UnsafeViewBackward0",
    "x.gather(0,T.zeros(1,6).long())": "GatherBackward0",
    "x.scatter(0,T.zeros(1,6).long(),0.)": "ScatterBackward1",
    "x.scatter_add(0,T.zeros(1,6).long(),x[:1])": "ScatterAddBackward0",
    "x.index_select(0,T.tensor([0]))": "IndexSelectBackward0",
    "T.nn.functional.embedding(T.tensor([0,1]),x)": "EmbeddingBackward0",
    "F.mse_loss(x,y)": "MseLossBackward0",
    "F.l1_loss(x,y)": "MeanBackward0",
    "F.cross_entropy(x,c)": "NllLossBackward0",
    "F.nll_loss(x,c)": "NllLossBackward0",
    "F.binary_cross_entropy_with_logits(x,y)": "BinaryCrossEntropyWithLogitsBackward0",
    "F.smooth_l1_loss(x,y)": "SmoothL1LossBackward0",
    "F.gelu(x)": "GeluBackward0",
    "F.gelu(x,approximate='tanh')": "GeluBackward0",
    "F.leaky_relu(x)": "LeakyReluBackward0",
    "F.softplus(x)": "SoftplusBackward0",
    "F.logsigmoid(x)": "LogSigmoidBackward0",
    "F.conv2d(im,im[:,:,:3,:3])": "ConvolutionBackward0",
    "F.max_pool2d(im,2)": "MaxPool2DWithIndicesBackward0",
    "F.avg_pool2d(im,2)": "AvgPool2DBackward0",
    "F.adaptive_avg_pool2d(im,1)": "MeanBackward1",
    "F.dropout(x)": "MulBackward0",
    "F.pad(x,(1,1))": "ConstantPadNdBackward0",
    "x.relu().sum().sqrt()": "SqrtBackward0",
    "x.cumsum(0)[0]": "SelectBackward0",
    "x.movedim(0,1)": "PermuteBackward0",
    "x.unflatten(1,(2,3))": "ViewBackward0",
    "x.add(1)": "AddBackward0",
    "x.exp().add_(1)": "AddBackward0",
    "x.clone().mul_(2)": "MulBackward0",
    "x.clone().relu_()": "ReluBackward0",
}

# Composed of other parts than in PyTorch, and named after their own last one.
OTHERWISE = {
    "T.einsum('ij,kj->ik', x, x)": "EinsumBackward0",
    "x.norm(p=1)": "SumBackward0",
    "x.clone().zero_()": "CopySlices",
}


def name_of(T, expression):
    rng = np.random.default_rng(0)
    x, v, im = (
        T.from_numpy(rng.random(shape, np.float32) + np.float32(0.1)).requires_grad_() * 1
        for shape in ((4, 6), (6,), (2, 3, 8, 8))
    )
    names = {"T": T, "F": T.nn.functional, "x": x, "v": v, "im": im, "y": x.detach(), "c": T.tensor([0, 1, 2, 3])}
    node = eval(expression, names)
    return None if node.grad_fn is None else node.grad_fn.name()


@pytest.mark.parametrize("expression", NAMES)
def test_the_name_is_pytorchs(expression):
    assert name_of(groundup, expression) == NAMES[expression]


@pytest.mark.parametrize("expression", OTHERWISE)
def test_a_name_of_our_own(expression):
    assert name_of(groundup, expression) == OTHERWISE[expression]


def test_the_table_is_what_pytorch_says():
    torch = pytest.importorskip("torch")
    wrong = {each: name_of(torch, each) for each in NAMES if name_of(torch, each) != NAMES[each]}
    assert not wrong
    assert all(name_of(torch, each) != OTHERWISE[each] for each in OTHERWISE)


def test_the_name_is_printed():
    x = groundup.tensor([1.0, 3.0], requires_grad=True)
    assert repr(x.max()) == "tensor(3., grad_fn=<MaxBackward1>)"
    assert repr(1 - x) == "tensor([ 0., -2.], grad_fn=<RsubBackward1>)"
