"""The ladder: a neural network from one neuron on plain floats up to the compiled training step, a module a rung.

Every rung computes the same network (``network``), in as little code as it takes, and is read on its own. The rungs of
the matrix product are in ``matmul``; ``rungs`` lists all of them in their order. Only the commands and the book stand
on this room.

- ``neuron``, ``lists``: on floats and lists.
- ``elementwise``, ``forward``, ``gradients``, ``convolution``: functions of tensors, the gradients by hand.
- ``layers``, ``layer_function``, ``function_ctx``, ``modules``, ``optimizer``: from layers that know their gradient to
  `Module` and the optimiser's step.
- ``library``, ``plain_numpy``, ``top``: the same with groundup's own `nn`, by hand in NumPy, and compiled.
- ``initial``: how large the first weights are, and what the four rules for that are called.
"""
