"""ONNX Runtime, for inference: the network as an ONNX graph, in a session."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from bench.peers.base import Absent, Made
from bench.workloads.base import Workload

_threads = 1


def prepare(threads: int) -> None:
    global _threads
    _threads = threads


def session(workload: Workload) -> Made:
    if not workload.forward_only:
        raise Absent("onnxruntime only infers")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = _threads, 1
    model = graph(workload).SerializeToString()
    ready = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    run, inputs = ready.run, {"x": workload.batch[0]}
    return Made(lambda: run(None, inputs), list)


def graph(workload: Workload) -> Any:
    """Layers with ReLU between them, dense or convolutions by the shape of their weights."""
    weights = [numpy_helper.from_array(w, f"w{i}") for i, w in enumerate(workload.weights)]
    nodes, at = [], "x"
    last = len(weights) - 2
    for i in range(0, len(weights), 2):
        out = f"out{i}"
        if workload.weights[i].ndim == 2:
            nodes.append(helper.make_node("Gemm", [at, f"w{i}", f"w{i + 1}"], [out], transB=1))
        else:
            places: dict[str, Any] = {"strides": [2, 2], "pads": [1, 1, 1, 1]}
            nodes.append(helper.make_node("Conv", [at, f"w{i}", f"w{i + 1}"], [out], **places))
        at = out
        if i < last:
            at = f"relu{i}"
            nodes.append(helper.make_node("Relu", [out], [at]))
    if workload.weights[last].ndim > 2:
        nodes += [helper.make_node("GlobalAveragePool", [at], ["mean"]), helper.make_node("Flatten", ["mean"], ["y"])]
    else:
        nodes.append(helper.make_node("Identity", [at], ["y"]))
    (x,) = workload.batch
    takes = helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)
    gives = helper.make_tensor_value_info("y", TensorProto.FLOAT, (len(x), np.size(workload.weights[-1])))
    made = helper.make_graph(nodes, "network", [takes], [gives], weights)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
