"""Writes printing.json beside itself: what PyTorch prints for a few dozen tensors. Needs torch; run by hand.

A case names its elements by a few values, repeated until the shape is full, so that large ones need few.
"""

from __future__ import annotations

import json
from pathlib import Path

MIXED = [1.5, -2.25, 0.0, 1000.0, 3.14159265]
TINY = [1e-9, 1.0, -2.5e8]
SPECIAL = ["nan", "inf", "-inf", 0.5, "-0.0"]
COUNT = list(range(-3, 40))

# dtype, shape, values, then options, requires_grad, operation where they matter
CASES: list[dict[str, object]] = [
    *({"dtype": d, "shape": [], "values": [v]} for d in ("float32", "float64") for v in (3.0, 0.1, 1e-5, 1e9)),
    *({"dtype": "float32", "shape": [], "values": [v]} for v in ("-0.0", "nan", "-inf", 123456789.0)),
    {"dtype": "int64", "shape": [], "values": [7]},
    {"dtype": "bool", "shape": [], "values": [True]},
    *({"dtype": d, "shape": [5], "values": MIXED} for d in ("float16", "float32", "float64")),
    *({"dtype": d, "shape": [3], "values": TINY} for d in ("float32", "float64")),
    *({"dtype": d, "shape": [2, 5], "values": SPECIAL} for d in ("float16", "float32", "float64")),
    {"dtype": "float32", "shape": [4], "values": ["nan", "inf", 0.0, "-0.0"]},
    {"dtype": "float32", "shape": [2, 2, 2], "values": [1.0, -20.0, 300.0]},
    {"dtype": "float32", "shape": [3], "values": [1.0, 1000.0, -1.0]},
    {"dtype": "float32", "shape": [3], "values": [1.0, 1001.0, -1.0]},
    {"dtype": "float32", "shape": [2], "values": [1e8, 2e8]},
    {"dtype": "float32", "shape": [2], "values": [1e8, 1e6]},
    {"dtype": "float32", "shape": [2], "values": [1e-4, 1e-3]},
    {"dtype": "float64", "shape": [2], "values": [1e-4, 1e-3]},
    {"dtype": "float32", "shape": [60], "values": [0.0]},
    {"dtype": "float32", "shape": [60], "values": MIXED},
    {"dtype": "float32", "shape": [2, 2, 30], "values": MIXED},
    *({"dtype": d, "shape": [3, 9], "values": COUNT} for d in ("int8", "int16", "int32", "int64")),
    {"dtype": "uint8", "shape": [3], "values": [0, 7, 255]},
    {"dtype": "bool", "shape": [2, 3], "values": [True, False]},
    *({"dtype": d, "shape": s, "values": [0]} for d in ("float32", "int64", "bool") for s in ([0], [0, 3], [2, 0])),
    {"dtype": "float32", "shape": [1001], "values": COUNT},
    {"dtype": "float32", "shape": [1000], "values": [0.5]},
    {"dtype": "float64", "shape": [40, 50], "values": MIXED},
    {"dtype": "int64", "shape": [2, 30, 200], "values": COUNT},
    {"dtype": "int64", "shape": [6, 300], "values": COUNT},
    {"dtype": "float32", "shape": [7, 2, 7, 20], "values": MIXED},
    {"dtype": "float32", "shape": [2, 2], "values": MIXED, "requires_grad": True},
    {"dtype": "float32", "shape": [7], "values": MIXED, "requires_grad": True},
    {"dtype": "float64", "shape": [6], "values": MIXED, "requires_grad": True},
    {"dtype": "float32", "shape": [5], "values": MIXED, "operation": "clone"},
    {"dtype": "float64", "shape": [5], "values": MIXED, "operation": "clone"},
    {"dtype": "float32", "shape": [0, 2], "values": MIXED, "operation": "neg"},
    *({"dtype": d, "shape": [2], "values": MIXED, "default_dtype": "float64"} for d in ("float32", "float64")),
    # The places where a row or a note just fits, and where it just does not.
    *(
        {"dtype": "int64", "shape": [1, 1, 1, 6], "values": [7], "options": {"linewidth": width}}
        for width in (4, 19, 20, 21, 22)
    ),
    *(
        {
            "dtype": "float64",
            "shape": [2],
            "values": [0.5],
            "operation": "clone",
            "options": {"linewidth": width},
        }
        for width in (45, 46, 47, 48, 49, 50, 51, 52, 53, 70, 71, 72, 73, 74, 75, 76)
    ),
    {"dtype": "float32", "shape": [4], "values": MIXED, "options": {"precision": 2}},
    {"dtype": "float32", "shape": [4], "values": TINY, "options": {"sci_mode": False}},
    {"dtype": "float32", "shape": [4], "values": MIXED, "options": {"sci_mode": True, "precision": 1}},
    {"dtype": "int64", "shape": [9, 9], "values": COUNT, "options": {"threshold": 10, "edgeitems": 2}},
    {"dtype": "int64", "shape": [9], "values": COUNT, "options": {"threshold": 3, "edgeitems": 0}},
    {"dtype": "int64", "shape": [9, 9], "values": COUNT, "options": {"linewidth": 20}},
    {"dtype": "float32", "shape": [1010], "values": [1.0], "options": {"profile": "full"}},
    {"dtype": "float32", "shape": [40, 50], "values": MIXED, "options": {"profile": "short"}},
]


def printed(case: dict) -> str:
    """PyTorch's text for a case."""
    import torch  # here, because pytest looks for examples in this file where there is no torch

    count = torch.Size(case["shape"]).numel()
    values = [float(v) if isinstance(v, str) else v for v in case["values"]]
    filled = [values[i % len(values)] for i in range(count)]
    tensor = torch.tensor(filled, dtype=getattr(torch, case["dtype"])).reshape(case["shape"])
    if case.get("requires_grad"):
        tensor.requires_grad_()
    if "operation" in case:
        tensor = getattr(tensor.requires_grad_(), case["operation"])()
    torch.set_default_dtype(getattr(torch, case.get("default_dtype", "float32")))
    torch.set_printoptions(profile="default")
    torch.set_printoptions(**case.get("options", {}))
    return repr(tensor)


def main() -> None:
    cases = [{**case, "text": printed(case)} for case in CASES]
    path = Path(__file__).with_name("printing.json")
    lines = ",\n".join(json.dumps(case) for case in cases)
    path.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
