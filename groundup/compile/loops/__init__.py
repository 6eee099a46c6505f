"""The reading of a graph as loops: kernels as text, machine code of them, and threads that run it."""
