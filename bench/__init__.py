"""groundup beside its peers on the same work, in one process and interleaved.

`python -m bench` prints medians and ratios. Nothing here is imported by the library, and a time alone is
never a result: every row stands beside a peer's time and beside what the machine could do at best.
"""
