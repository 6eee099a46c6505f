"""Files: tensors and nested state in safetensors, each written to a temporary name and moved into place.

Nothing here pickles. ``groundup.save`` and ``groundup.load`` are this room's; ``train`` keeps its
checkpoints, tables and plots by it.
"""

from groundup.atomic import atomic_write, write_bytes
from groundup.io.state_file import load, save
from groundup.io.tensor_file import load_file, load_metadata, save_file

__all__ = ["atomic_write", "load", "load_file", "load_metadata", "save", "save_file", "write_bytes"]
