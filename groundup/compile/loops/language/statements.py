"""A function of a kernel's text for arguments of given kinds, made statement by statement.

Every variable gets a place in memory, of which LLVM makes registers.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING

from . import lanes
from .expressions import Expressions
from .independent import is_independent
from .kinds import LLVM, Kind, Untranslatable, Value, joined, llvm_type

if TYPE_CHECKING:
    from .module import Module

#: Functions of one sum, whose order LLVM may change: without that leave it cannot vectorise a sum.
REORDERED = {"plus_f32", "plus_f64"}
#: Functions of an instruction or two; the others that kernels call are elementary functions.
SHORT_FUNCTIONS = {*REORDERED, "plus_i64", "plus_i32", "largest", "smallest"}
CHAINS = 2  # vectors that go through a loop of elementary functions side by side
LINE = 64  # bytes of a cache line
#: What is said of the innermost loops of a function that stands apart: its short ones stay as they are written.
PLAIN = ('!{!"llvm.loop.unroll.disable"}', '!{!"llvm.loop.vectorize.enable", i1 false}')
#: A product and a sum may become one instruction, which rounds once.
CONTRACTED, REORDERING = "contract ", "reassoc nsz contract "


class Function(Expressions):
    """One function, with the kind of its result."""

    def __init__(self, module: Module, tree: ast.FunctionDef, kinds: tuple[Kind, ...]) -> None:
        names = [argument.arg for argument in tree.args.args]
        if len(names) != len(kinds):
            raise Untranslatable(f"{tree.name} takes {len(names)} arguments, not {len(kinds)}")
        super().__init__(module, dict(zip(names, kinds)), REORDERING if tree.name in REORDERED else CONTRACTED)
        self.tree = tree
        self.apart = any(isinstance(each, ast.Name) and each.id == "apart" for each in tree.decorator_list)
        self.result: Kind = ()
        self.returns = False
        # A variable that is given an int and later a float is a float from the start: until nothing changes.
        for _ in range(8):
            self.changed = False
            self._make()
            if not self.changed:
                return
        raise Untranslatable(f"the kinds of the variables of {tree.name} do not settle")

    def _make(self) -> None:
        self.lines, self.count, self.group = [], 0, ""
        self.pointers -= set(self.rooms)
        self.rooms.clear()
        self.loops: list[tuple[str, str]] = []
        for name, kind in self.arguments.items():
            if name not in self.pointers:
                self.assign(name, Value(kind, f'%"a.{name}"'))
        self.body(self.tree.body)
        self.lines.append("  unreachable" if self.result else "  ret void")

    def whole(self, symbol: str) -> str:
        given = ", ".join(f'{llvm_type(kind)} %"a.{name}"' for name, kind in self.arguments.items())
        places = [f'  %"v.{name}" = alloca {llvm_type(kind)}' for name, kind in self.kinds.items()]
        inlined = "noinline" if self.apart else "alwaysinline"
        head = f"define internal {llvm_type(self.result)} {symbol}({given}) {inlined} nounwind {{"
        return "\n".join([head, *places, *self.lines, "}"])

    def body(self, statements: Sequence[ast.stmt]) -> None:
        for statement in statements:
            maker = getattr(self, "_do_" + type(statement).__name__.lower(), None)
            if maker is None:
                raise Untranslatable(f"line {statement.lineno}: {type(statement).__name__} has no place in a kernel")
            maker(statement)

    def store(self, target: ast.expr, value: Value) -> None:
        match target:
            case ast.Name(id=name) if name not in self.pointers:
                self.assign(name, value)
            case ast.Subscript():
                kind, place = self.place(target)
                if lanes.is_wide(kind):
                    lanes.store(self, value, kind, place)
                    return
                value = self.cast(value, kind)
                stored = LLVM[kind]
                if kind == "bool":
                    stored, value = "i8", Value("uint8", self.line(f"zext i1 {value.text} to i8"))
                self.lines.append(f"  store {stored} {value.text}, ptr {place}{self.group}")
            case ast.Tuple(elts=targets) if isinstance(value.kind, tuple) and len(targets) == len(value.kind):
                parts = [self.part(value, at) for at in range(len(targets))]
                for one, part in zip(targets, parts):
                    self.store(one, part)
            case _:
                raise Untranslatable(f"line {target.lineno}: nothing can be stored in {ast.unparse(target)}")

    def _do_assign(self, node: ast.Assign) -> None:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=func, args=[length, kind])):
                if ast.unparse(func) == "np.empty":
                    self.room(name, length, self.type_named(kind))
                    return
        value = self.value(node.value)
        for target in node.targets:
            self.store(target, value)

    def room(self, name: str, length: ast.expr, kind: str) -> None:
        """An array of the function's own, on the stack, which is gone when it returns."""
        if self.loops or name in self.rooms or name in self.arguments:
            raise Untranslatable(f"line {length.lineno}: {name} must be made once, and outside of loops")
        count = self.cast(self.value(length), "int64")
        stored = "i8" if kind == "bool" else LLVM[kind]
        self.lines.append(f'  %"a.{name}" = alloca {stored}, i64 {count.text}, align {LINE}')
        self.rooms[name] = f"{kind}*"
        self.pointers.add(name)

    def _do_augassign(self, node: ast.AugAssign) -> None:
        old = self.value(node.target)
        self.store(node.target, self.operation(type(node.op).__name__, old, self.value(node.value)))

    def _do_expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):
            self.value(node.value)

    def _do_pass(self, node: ast.Pass) -> None:
        pass

    def _do_return(self, node: ast.Return) -> None:
        if node.value is None:
            self.lines.append("  ret void")
        else:
            value = self.value(node.value)
            kind = joined(self.result, value.kind) if self.returns else value.kind
            if kind != self.result:
                self.result, self.returns, self.changed = kind, True, True
            value = self.cast(value, kind)
            self.lines.append(f"  ret {llvm_type(kind)} {value.text}")
        self.at(*self.labels("after"))

    def branch(self, condition: ast.expr, then: str, other: str) -> None:
        self.lines.append(f"  br i1 {self.truth(self.value(condition)).text}, label %{then}, label %{other}")

    def _do_if(self, node: ast.If) -> None:
        then, other, done = self.labels("if", "else", "fi")
        self.branch(node.test, then, other)
        for label, statements in ((then, node.body), (other, node.orelse)):
            self.at(label)
            self.body(statements)
            self.go(done)
        self.at(done)

    def _do_while(self, node: ast.While) -> None:
        head, body, done = self.labels("while", "do", "done")
        self.go(head)
        self.at(head)
        self.branch(node.test, body, done)
        self.at(body)
        self.turn(node, head, done)
        self.go(head)
        self.at(done)

    def turn(self, node: ast.While | ast.For, following: str, done: str) -> None:
        """The body of a loop, which knows where `continue` and `break` lead."""
        if node.orelse:
            raise Untranslatable(f"line {node.lineno}: a loop has no else in a kernel")
        self.loops.append((following, done))
        self.body(node.body)
        self.loops.pop()

    def _do_break(self, node: ast.Break) -> None:
        self.go(self.loops[-1][1])
        self.at(*self.labels("after"))

    def _do_continue(self, node: ast.Continue) -> None:
        self.go(self.loops[-1][0])
        self.at(*self.labels("after"))

    def _do_for(self, node: ast.For) -> None:
        match node:
            case ast.For(target=ast.Name(id=name), iter=ast.Call(func=ast.Name(id="range"), args=args)):
                bounds = [self.cast(self.value(bound), "int64") for bound in args]
            case _:
                raise Untranslatable(f"line {node.lineno}: a loop goes over a range, with one variable")
        start = Value("int64", "0") if len(bounds) == 1 else bounds[0]
        stop = bounds[min(1, len(bounds) - 1)]
        step = bounds[2] if len(bounds) == 3 else Value("int64", "1", 1)
        if step.number is None:
            raise Untranslatable(f"line {node.lineno}: the step of a range is a written number")
        counter = f"counter {node.lineno} {node.col_offset}"
        note = self.note_independence(node)
        head, body, following, done = self.labels("for", "do", "next", "done")
        self.assign(counter, start)
        self.go(head)
        self.at(head)
        now = self._name(ast.Name(counter))
        going = self.compare("Lt" if step.number > 0 else "Gt", now, stop)
        self.lines.append(f"  br i1 {going.text}, label %{body}, label %{done}")
        self.at(body)
        self.assign(name, now)
        self.turn(node, following, done)
        self.go(following)
        self.at(following)
        self.assign(counter, self.compute("int64", "add nsw", self._name(ast.Name(counter)), step))
        self.go(head, note)
        self.at(done)
        self.group = ""

    def note_independence(self, node: ast.For) -> str:
        """Tells LLVM of a loop whose turns do not meet in memory, so that it need not check whether arrays overlap.

        Elementary functions are long chains of steps, each of which waits for the one before: two chains side by side
        take three quarters of the time, and LLVM by itself makes one of them where the body is long.
        """
        if self.apart and not any(
            isinstance(each, (ast.For, ast.Slice)) for part in node.body for each in ast.walk(part)
        ):
            plain = ", ".join(self.module.note(content) for content in PLAIN)
            loop = self.module.note(f"distinct !{{{{self}}, {plain}}}")
            return f", !llvm.loop {loop}"
        if not is_independent(node, self.pointers):
            return ""
        group = self.module.note("distinct !{}")
        notes = [self.module.note(f'!{{!"llvm.loop.parallel_accesses", {group}}}')]
        named = [each.func for each in ast.walk(node) if isinstance(each, ast.Call)]
        called = {each.id for each in named if isinstance(each, ast.Name)}
        if (called & self.module.functions.keys()) - SHORT_FUNCTIONS:
            notes.append(self.module.note(f'!{{!"llvm.loop.interleave.count", i32 {CHAINS}}}'))
        loop = self.module.note(f"distinct !{{{{self}}, {', '.join(notes)}}}")
        self.group = f", !llvm.access.group {group}"
        return f", !llvm.loop {loop}"
