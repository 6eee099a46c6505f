"""The matrix product, rung by rung: from its definition to the kernel of a fast library.

Each module has `matmul(m, a, b)`, where m is the namespace that the tensors come from (groundup, torch or numpy).
``groundup.foundations.rungs`` lists them from below.
"""
