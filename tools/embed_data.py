"""Make the files in groundup/data/embedded from the whole sets, or check that they hold what they should.

    python tools/embed_data.py SOURCE            writes them
    python tools/embed_data.py SOURCE --check    compares them, number by number

SOURCE is a folder with ``digits.csv.gz`` (the test file of the UCI digits, the label last) and
``fashion-mnist/`` (the four original files). The packed bytes depend on the versions of zlib and liblzma,
which is why the check compares what is inside.
"""

from __future__ import annotations

import argparse
import gzip
import lzma
import sys
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from groundup.data.idx import idx_bytes, read_idx  # noqa: E402
from groundup.data.tables import read_csv  # noqa: E402

EMBEDDED = ROOT / "groundup" / "data" / "embedded"
FASHION_PARTS = {"train": ("train", 6_000), "test": ("t10k", 1_000)}


def contents(source: Path) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays to embed, by the names of their files."""
    table = read_csv(source / "digits.csv.gz")
    digits = table.features.astype(np.uint8)
    if table.labels is None or not np.array_equal(digits, table.features):
        raise SystemExit("digits.csv.gz does not hold whole numbers and labels")
    found = {
        "digits-images.idx.gz": digits.reshape(-1, 8, 8),
        "digits-labels.idx.gz": table.labels.astype(np.uint8),
    }
    for part, (prefix, count) in FASHION_PARTS.items():
        for kind, rank in (("images", 3), ("labels", 1)):
            whole = read_idx(source / "fashion-mnist" / f"{prefix}-{kind}-idx{rank}-ubyte.gz")
            found[f"fashion-{part}-{kind}.idx.xz"] = whole[:count]
    return found


def packed(name: str, content: bytes) -> bytes:
    """gzip for the small set, which every Python can read; xz, a quarter shorter, for the large one."""
    if name.endswith(".gz"):
        return gzip.compress(content, compresslevel=9, mtime=0)
    return lzma.compress(content, preset=9 | lzma.PRESET_EXTREME)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make or check the files in groundup/data/embedded.")
    parser.add_argument("source", type=Path, help="the folder with the whole sets")
    parser.add_argument("--check", action="store_true", help="compare only")
    options = parser.parse_args()
    wrong = []
    for name, values in contents(options.source).items():
        if not options.check:
            (EMBEDDED / name).write_bytes(packed(name, idx_bytes(values)))
        size = (EMBEDDED / name).stat().st_size
        equal = np.array_equal(read_idx(EMBEDDED / name), values)
        sys.stdout.write(f"{name:30} {size:9,} bytes  {'right' if equal else 'WRONG'}\n")
        wrong += [] if equal else [name]
    if wrong:
        raise SystemExit(f"not as in the source: {', '.join(wrong)}")


if __name__ == "__main__":
    main()
