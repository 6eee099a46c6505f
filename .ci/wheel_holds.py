"""Check that a wheel holds the tracked files of the package, all of them and no others.

    git ls-files groundup | python wheel_holds.py WHEEL

Data that git has and the wheel lacks would be found only by a user.
"""

from __future__ import annotations

import sys
import zipfile


def main(wheel: str) -> int:
    wanted = {line.strip() for line in sys.stdin if line.strip()}
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if name.startswith("groundup/")}
    for name in sorted(wanted - held):
        print(f"not in the wheel: {name}")
    for name in sorted(held - wanted):
        print(f"in the wheel but not tracked: {name}")
    print(f"{wheel.rsplit('/', 1)[-1]}: {len(held)} files of the package")
    return 0 if wanted == held else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
