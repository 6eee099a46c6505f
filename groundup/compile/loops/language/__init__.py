"""The language of kernels: a small part of Python, made into the text of an LLVM module."""
