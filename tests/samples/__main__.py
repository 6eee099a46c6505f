"""`python -m tests.samples [NAME...]`: what PyTorch's own samples say of the operations named, or of all.

`--errors` runs the inputs that must be refused, `--missing` lists what groundup lacks, `--table FILE` writes the
table of the documentation.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.samples import run
from tests.samples.page import page, run_all


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.samples", description=__doc__)
    parser.add_argument("names", nargs="*", help="operations, by name or full name with variant; all if none is given")
    parser.add_argument("--dtype", action="append", choices=("float64", "float32", "int64", "float16", "bfloat16"))
    parser.add_argument("--errors", action="store_true", help="the inputs that must be refused, too")
    parser.add_argument("--missing", action="store_true", help="list the operations that have no counterpart here")
    parser.add_argument("--show", type=int, default=5, help="how many differences to print for each operation")
    parser.add_argument("--table", metavar="FILE", help="write the table of the documentation")
    options = parser.parse_args()
    if options.missing:
        print("\n".join(run.missing()))
        return
    if options.table:
        Path(options.table).write_text(page(run_all()), encoding="utf-8")
        return
    run.report(options.names, options.dtype or ["float64", "float32", "int64"], options.errors, options.show)


if __name__ == "__main__":
    main()
