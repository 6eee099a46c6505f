"""A derivation as lines: equations, and what stands beside each; as text, LaTeX, and mathematics in a notebook."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Line:
    """One line of a derivation: an equation, or a continuation of one, and what it stands beside."""

    left: str  # as text; empty where the line goes on from the one before
    right: str
    latex: str
    note: str = ""  # why it holds
    code: str = ""  # where the library does this
    compiled: str = ""  # the line of the compiled source that does


@dataclass
class Derivation:
    """A derivation: prints as text, shows as mathematics in a notebook; `latex` is the source of that."""

    title: str
    form: str
    forward: list[Line] = field(default_factory=list)
    backward: list[Line] = field(default_factory=list)
    whole: list[Line] = field(default_factory=list)  # in scalar form: the chain multiplied out
    gradients: dict[str, Any] = field(default_factory=dict)  # of each value, as SymPy's expression
    letters: dict[str, tuple[str, ...]] = field(default_factory=dict)  # the letters of each value's axes
    sizes: dict[Any, Any] = field(default_factory=dict)  # what is known of the sizes of axes, such as P = I + 2
    remarks: list[str] = field(default_factory=list)

    @property
    def latex(self) -> str:
        """All equations, aligned, for a document that loads amsmath."""
        rows = " \\\\\n".join(line.latex for line in self.forward + self.backward + self.whole)
        return f"\\begin{{aligned}}\n{rows}\n\\end{{aligned}}"

    def __str__(self) -> str:
        blocks = [("the values", self.forward), ("the gradients, from the last step to the first", self.backward)]
        blocks += [("multiplied out", self.whole)] if self.whole else []
        lines = [self.title]
        for head, block in blocks:
            lines += ["", head]
            for line in block:
                equation = f"{line.left} = {line.right}" if line.left else f"= {line.right}"
                lines.append(("  " if line.left else "      ") + equation + (f"    [{line.note}]" if line.note else ""))
                lines += [f"          {each}" for each in (line.code, line.compiled) if each]
        lines += ["", *self.remarks] if self.remarks else []
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Mathematics for MathJax, each equation beside its line of code."""
        rows = []
        for line in self.forward + self.backward + self.whole:
            equation = line.latex.replace("&", "", 1)  # the sign to align at; cases have theirs
            beside = " ".join(html.escape(each) for each in (line.note, line.compiled) if each)
            code = f"<code>{html.escape(line.code)}</code>" if line.code else ""
            rows.append(
                f'<tr><td style="text-align:left">$\\displaystyle {html.escape(equation)}$</td>'
                f'<td style="text-align:left">{code} {beside}</td></tr>'
            )
        remarks = "".join(f"<p>{html.escape(each)}</p>" for each in self.remarks)
        return f"<p>{html.escape(self.title)}</p><table>{''.join(rows)}</table>{remarks}"
