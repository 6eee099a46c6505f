"""Products and what stands between them, done for one item after the other: `runs`, `blocks` and `masks` say what is
done for each, `walker` and `calls` are its machine code, `listing` its source.
"""
