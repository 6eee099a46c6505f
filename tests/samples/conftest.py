"""PyTorch's samples come with PyTorch, and its list of operations needs the package expecttest."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("torch") and find_spec("expecttest") else ["*.py"]
