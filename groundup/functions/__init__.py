"""The public functions on tensors, a module for each family: thin, documented, and the methods of `Tensor` as well.

A function settles what the user wrote (negative dimensions, missing arguments) and applies a row of `ops`.
"""
