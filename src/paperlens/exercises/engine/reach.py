"""What an answer leans on: those statements of a notebook that its function reaches by names. Nothing is run here.

`check` asks it what a class could not give; the classroom runs what it selects behind a wall, where this file stands
alone: it knows the standard library and nothing else. A name means what it meant above the check; what stands further
down never changes an earlier answer. A function's own names are looked up when it is called, all others when their
statement runs.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import dis
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import CodeType

COURSE = "paperlens"
LINE_MAGIC = re.compile(r"^(\s*)(?:([\w.,\s]+=)\s*)?([%!].*|[^\s#'\"=]+\?{1,2}\s*)$")
RUNS_ITS_LINE = re.compile(r"^%time\s+(.*)$")
RUNS_ITS_CELL = ("time", "capture", "prun")  # %%timeit runs it too, but keeps none of its names
TOOLS = ("check", "use")  # of paperlens.exercises
DOTTED = re.compile(r"\w+(\.\w+)*")
MOST_MAGICS = 40  # lines that are replaced one by one; a cell with more is replaced as a whole
MOST_VISITS = 20_000
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
SETTERS = ("set_", "manual_seed", "seed", "use_deterministic")  # what a call may change in a whole module
LOOKERS = frozenset(
    {"print", "display", "check", "plt", "len", "repr", "type", "help", "isinstance", "figures"}
)
OFFERED = frozenset({"torch", "numpy", "einops", "scipy", "skimage", "jaxtyping", "pandas", "tqdm", "PIL"})
STAND_INS = frozenset(
    {"matplotlib", "IPython", "ipywidgets", "mpl_toolkits", "seaborn"}
)  # there, but draw nothing
SYSTEM = frozenset(
    (
        *(
            "os",
            "sys",
            "signal",
            "socket",
            "subprocess",
            "ctypes",
            "multiprocessing",
            "threading",
            "resource",
        ),
        *("gc", "builtins", "shutil"),
    )
)
GIVEN = frozenset(
    (
        *("torch", "F", "nn", "math", "np", "einops", "rearrange", "reduce", "repeat", "einsum", "Tensor"),
        *("check", "use", "display", "get_ipython", "In", "Out"),
    )
)


class RefusedError(Exception):
    """The answer cannot be run: `status` is missing, malformed or forbidden."""

    def __init__(self, status: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(slots=True)
class Statement:
    """One statement at the top of a cell."""

    cell: int
    node: ast.stmt
    binds: set[str]
    changes: dict[
        str, set[str]
    ]  # name -> how: "" for an assignment into it, else the method, or "(" as an argument


@dataclass(frozen=True, slots=True)
class Candidate:
    """A function that may be the answer: what is called, and the moment at which its names are looked up."""

    target: ast.expr
    moment: int  # before this statement
    defined: int  # the statement that defines it
    checked: bool
    stub: bool


@dataclass(slots=True)
class Selection:
    """What has to run, in order, and what was noticed on the way."""

    statements: list[Statement] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)  # names that nothing defines


class Notebook:
    """The code cells of a notebook, in order."""

    def __init__(self, cells: list[str]) -> None:
        self.cells = cells
        self.statements: list[Statement] = []
        self.broken: dict[int, str] = {}
        self.starts: list[int] = []  # the first statement of each cell
        self.future = 0  # compiler flags of `from __future__ import`
        self.where: dict[str, list[int]] = defaultdict(list)
        self.course: set[str] = set()
        self.stars: list[int] = []
        self.used: dict[int, tuple[set[str], set[str]]] = {}
        for number, text in enumerate(cells):
            self.starts.append(len(self.statements))
            try:
                body = parse(text)
            except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
                self.broken[number] = broken(error)
                continue
            for node in body:
                for one in single_imports(node):
                    if (kept := without_tools(one)) is not None:
                        self.take(number, kept)

    def take(self, cell: int, node: ast.stmt) -> None:
        """Add one statement."""
        number = len(self.statements)
        text = self.cells[cell]
        if "use" in text:
            name_used_on(node)
        one = Statement(cell, node, set(), {})
        look(node, one, cell)
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            self.future |= future_flags(node)
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            self.stars.append(number)
        for inner in imports_in(node):
            if imports_course(inner):
                self.course |= set(names_bound(inner))
        for name in one.binds | one.changes.keys():
            self.where[name].append(number)
        if isinstance(node, ast.FunctionDef) and "global" in text:  # calling it binds what it declares global
            for each in ast.walk(node):
                if isinstance(each, ast.Global):
                    one.changes.update({f"call {node.name}": set(each.names)})
        for name in called_alone(node):
            for earlier in list(self.where.get(name, ())):
                for declared in self.statements[earlier].changes.get(f"call {name}", ()):
                    if declared not in one.binds:
                        one.binds.add(declared)
                        self.where[declared].append(number)
        self.statements.append(one)

    def end_of(self, statement: int) -> int:
        """The moment after the cell of a statement."""
        cell = self.statements[statement].cell
        return self.starts[cell + 1] if cell + 1 < len(self.starts) else len(self.statements)

    # -- Which function is the answer ----------------------------------------------------------------------------

    def candidates(self, exercise: str, function: str, marked: list[int]) -> list[Candidate]:
        """Functions that a check may have seen, the likeliest first: at the last check, at earlier ones, elsewhere.

        Raises `RefusedError` where there is none.
        """
        found: list[Candidate] = []
        covered: set[int] = set()
        for number in range(len(self.statements) - 1, -1, -1):
            for target in self.checks(number, exercise):
                seen = self.binding(target.id, number) if isinstance(target, ast.Name) else number
                if seen is None or seen in covered:
                    continue
                covered.add(seen)
                found.append(self.candidate(target, number, seen, exercise, checked=True))
        name = ast.fix_missing_locations(ast.Name(function, ast.Load(), lineno=1, col_offset=0))
        later = len(self.statements)
        for number in reversed(self.where.get(function, [])):
            if function not in self.statements[number].binds:
                continue
            if number not in covered:
                moment = min(self.end_of(number), max(later, number + 1))
                found.append(self.candidate(name, moment, number, exercise, checked=False))
            later = number
        if found:
            return sorted(found, key=lambda one: one.stub)
        raise self.nothing(function, marked)

    def candidate(
        self, target: ast.expr, moment: int, defined: int, exercise: str, *, checked: bool
    ) -> Candidate:
        """One function that may be the answer."""
        node = self.statements[defined].node
        return Candidate(target, moment, defined, checked, is_stub(node, exercise))

    def checks(self, number: int, exercise: str) -> list[ast.expr]:
        """What a statement hands to `check(exercise, ...)`."""
        one = self.statements[number]
        if exercise not in self.cells[one.cell]:
            return []
        found = []
        for node in ast.walk(one.node):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            first = node.args[0]
            if called != "check" or not isinstance(first, ast.Constant) or first.value != exercise:
                continue
            found += node.args[1:2] or [key.value for key in node.keywords if key.arg == "function"]
        return found

    def binding(self, name: str, before: int) -> int | None:
        """The last statement before a moment that binds a name."""
        places = self.where.get(name, [])
        for number in reversed(places[: bisect_left(places, before)]):
            if name in self.statements[number].binds:
                return number
        return None

    def nothing(self, function: str, marked: list[int]) -> RefusedError:
        """Why no cell defines the function."""
        defines = re.compile(rf"\b(def|class)\s+{re.escape(function)}\b|^\s*{re.escape(function)}\s*=", re.M)
        for number, sentence in self.broken.items():
            if number in marked or defines.search(self.cells[number]):
                return RefusedError("malformed", f"the answer cell {sentence}")
        for number in marked:
            if magic := cell_magic(self.cells[number]):
                return RefusedError(
                    "malformed",
                    f"the answer cell begins with %%{magic} in line 1, which does not run it as Python; "
                    "take that line away",
                )
        if marked:
            return RefusedError("malformed", f"the answer cell defines no function `{function}`")
        return RefusedError("missing", f"no cell defines `{function}`")

    # -- What it reaches -----------------------------------------------------------------------------------------

    def select(self, answer: Candidate) -> Selection:
        """The statements that the answer needs. Raises `RefusedError` where it needs the course's own package."""
        chosen: dict[
            int, bool
        ] = {}  # statement -> it is reached as code, not only as the value of a constant
        seen: set[tuple[int, int, bool]] = set()
        unknown: list[str] = []
        waiting: list[tuple[int, int, bool]] = []

        def need(name: str, moment: int, at: int, as_code: bool) -> None:
            found = self.providers(name, moment)
            waiting.extend((number, at, as_code) for number in found)
            if not found and name not in GIVEN and not hasattr(builtins, name) and name not in unknown:
                unknown.append(name)

        for name in names_loaded(answer.target):
            need(name, answer.moment, answer.moment, True)
        while waiting and len(seen) < MOST_VISITS:
            number, moment, as_code = waiting.pop()
            if (number, moment, as_code) in seen:
                continue
            seen.add((number, moment, as_code))
            chosen[number] = chosen.get(number, False) or as_code
            one = self.statements[number]
            now, late = self.uses(number)
            computed = isinstance(one.node, ast.Assign | ast.AnnAssign | ast.Expr) and any(
                isinstance(inner, ast.Call) for inner in ast.walk(one.node)
            )
            for name in now:
                need(name, number, number, as_code and not computed)
            for name in late:
                need(name, moment, moment, as_code)
        if unknown:
            for number in self.stars:
                if not imports_course(self.statements[number].node):
                    chosen.setdefault(number, False)
        self.refuse(chosen)
        # Where its cell reaches for the system before it defines the answer, all of that is done: it shall be seen.
        above = range(self.starts[self.statements[answer.defined].cell], answer.defined)
        if any(self.touches_system(number) for number in above):
            for number in above:
                chosen.setdefault(number, False)
        return Selection([self.statements[number] for number in sorted(chosen)], unknown)

    def providers(self, name: str, before: int) -> list[int]:
        """The statements that make a name what it is at a moment; where none stands before it, the first after it."""
        places = self.where.get(name, [])
        cut = bisect_left(places, before)
        earlier = [number for number in places[:cut] if name in self.statements[number].binds]
        if not earlier:
            later = [number for number in places[cut:] if name in self.statements[number].binds]
            return later[:1]
        kind = self.statements[earlier[-1]].node
        found: list[int] = []
        for number in reversed(places[:cut]):
            one = self.statements[number]
            if name in one.binds:
                found.append(number)
                if wholly(one.node):
                    break
            elif matters(one.changes.get(name, set()), kind):
                found.append(number)
        return found

    def touches_system(self, number: int) -> bool:
        """Does a statement use a module that computes nothing, or write into a module?"""
        one = self.statements[number]
        if isinstance(one.node, SCOPES):
            return False
        if {inner.id for inner in ast.walk(one.node) if isinstance(inner, ast.Name)} & SYSTEM:
            return True
        into = {name for name, how in one.changes.items() if "" in how}
        return any(name in GIVEN or self.is_module(name, number) for name in into)

    def is_module(self, name: str, before: int) -> bool:
        """Did an import bind this name?"""
        place = self.binding(name, before)
        return place is not None and isinstance(self.statements[place].node, ast.Import | ast.ImportFrom)

    def uses(self, number: int) -> tuple[set[str], set[str]]:
        """The names that a statement looks up when it runs, and those that its functions look up when called."""
        if number not in self.used:
            node = self.statements[number].node
            strip_annotations(node, self.course)
            now: set[str] = set()
            late: set[str] = set()
            with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
                split_names(self.compiled(node, "<notebook>"), now, late, inside=False)
            self.used[number] = now, late
        return self.used[number]

    def compiled(self, node: ast.stmt, file: str) -> CodeType:
        """The code of one statement, with the line numbers of its cell."""
        module = ast.Module(body=[node], type_ignores=[])
        code: CodeType = compile(module, file, "exec", flags=self.future, dont_inherit=True)
        return code

    def refuse(self, chosen: dict[int, bool]) -> None:
        """Refuse an answer that reaches the course's own package, or a package that a class does not have."""
        for number, as_code in chosen.items():
            one = self.statements[number]
            course = next((inner for inner in ast.walk(one.node) if imports_course(inner)), None)
            if course is not None and (as_code or not isinstance(one.node, ast.Import | ast.ImportFrom)):
                raise RefusedError("forbidden", f"the answer uses {COURSE}; write it with torch alone")
            if course is not None:
                names = ", ".join(f"`{name}`" for name in names_bound(one.node)[:3])
                raise RefusedError(
                    "malformed",
                    f"the answer leans on a value that {COURSE} made (with {names}), and a class does not have it; "
                    "write the value out, or compute it with torch",
                )
            for top in packages(one.node):
                if not known(top):
                    raise RefusedError(
                        "malformed",
                        f"the answer needs the package {top}, which a class does not have; "
                        "write it with torch, numpy, einops or scipy",
                    )


# -- Reading a cell ----------------------------------------------------------------------------------------------


def parse(text: str) -> list[ast.stmt]:
    """The statements of a cell as IPython would run them: dedented, magics replaced."""
    lines = dedented(text.replace("\r\n", "\n")).split("\n")
    for number, line in enumerate(lines):
        if not line.strip():
            continue
        if not line.startswith("%%"):
            break
        if cell_magic(line):
            return []
        lines[number] = ""
    replaced = 0
    while True:
        try:
            return ast.parse("\n".join(lines)).body
        except SyntaxError as error:
            number = (error.lineno or 0) - 1
            if replaced >= MOST_MAGICS:
                if replaced > MOST_MAGICS:
                    raise
                lines = [without_magic(line) for line in lines]
            else:
                if not 0 <= number < len(lines) or without_magic(lines[number]) == lines[number]:
                    raise
                lines[number] = without_magic(lines[number])
            replaced += 1


def dedented(text: str) -> str:
    """A cell whose first line is indented loses that indent everywhere."""
    first = next((line for line in text.split("\n") if line.strip()), "")
    indent = first[: len(first) - len(first.lstrip(" \t"))]
    if not indent:
        return text
    return "\n".join(line.removeprefix(indent) for line in text.split("\n"))


def cell_magic(text: str) -> str:
    """The magic at the head of a cell that keeps Python from running it; empty where there is none."""
    first = next((line for line in text.split("\n") if line.strip()), "").lstrip()
    name = re.match(r"%%(\S*)", first)
    return name[1] if name and name[1] not in RUNS_ITS_CELL else ""


def without_magic(line: str) -> str:
    """IPython's own line as Python: what `%time` runs stays, a shell's output becomes empty."""
    found = LINE_MAGIC.match(line)
    if not found:
        return line
    indent, target, magic = found[1], found[2] or "", found[3]
    inner = RUNS_ITS_LINE.match(magic)
    if inner:
        return f"{indent}{target} {inner[1]}" if target else indent + inner[1]
    return f"{indent}{target} []" if target else f"{indent}pass"


def broken(error: BaseException) -> str:
    """Why a cell is no Python, as the end of a sentence."""
    if isinstance(error, SyntaxError):
        return f"is not Python: syntax error in line {error.lineno or 0}"
    return "is not Python that can be read"


def future_flags(node: ast.ImportFrom) -> int:
    """Compiler flags of a `from __future__ import`."""
    import __future__

    features = [getattr(__future__, alias.name, None) for alias in node.names]
    return sum(feature.compiler_flag for feature in features if feature is not None)


# -- Reading a statement -----------------------------------------------------------------------------------------


def look(top: ast.stmt, one: Statement, cell: int) -> None:
    """Note what a statement binds and changes at the top level; functions, lambdas and comprehensions are their own."""
    waiting: list[ast.AST] = [top]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            one.binds.add(node.name)
            continue
        if isinstance(node, (ast.Lambda, *COMPREHENSIONS)):
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            one.binds |= set(names_bound(node))
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            one.binds.add(node.id)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            one.binds.add(node.name)
        elif isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            change(one, root(node), "")
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            called = node.value
            if isinstance(called.func, ast.Attribute):
                change(one, root(called.func), called.func.attr)
            if root(called.func) not in LOOKERS:
                for argument in called.args:
                    if isinstance(argument, ast.Name):
                        change(one, argument.id, "(")
        waiting.extend(ast.iter_child_nodes(node))


def change(one: Statement, name: str, how: str) -> None:
    """Note that a statement may change what a name stands for."""
    if name and name not in LOOKERS:
        one.changes.setdefault(name, set()).add(how)


def matters(how: set[str], kind: ast.stmt) -> bool:
    """May these changes of a name that `kind` bound reach an answer?"""
    if isinstance(kind, ast.Import | ast.ImportFrom):
        return any(method.startswith(SETTERS) for method in how)
    if "" in how:
        return True
    return not isinstance(kind, SCOPES)


def wholly(node: ast.stmt) -> bool:
    """Does the statement bind its names in any case, whatever they were before?"""
    return isinstance(
        node,
        ast.Assign
        | ast.AnnAssign
        | ast.FunctionDef
        | ast.AsyncFunctionDef
        | ast.ClassDef
        | ast.Import
        | ast.ImportFrom,
    )


def called_alone(node: ast.stmt) -> Iterator[str]:
    """The functions that a statement calls by name."""
    called = node.value if isinstance(node, ast.Expr | ast.Assign) else None
    if isinstance(called, ast.Call) and isinstance(called.func, ast.Name):
        yield called.func.id


def root(node: ast.expr) -> str:
    """`a` for `a.b[c].d`."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def split_names(code: CodeType, now: set[str], late: set[str], *, inside: bool) -> None:
    """Global names of a code object: `now` are looked up when it runs, `late` when one of its functions is called."""
    for each in dis.get_instructions(code):
        if each.opname in ("LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS"):
            (late if inside else now).add(str(each.argval))
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            at_once = constant.co_name in ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")
            at_once = at_once or not constant.co_flags & 0x1  # a class's body
            split_names(constant, now, late, inside=inside or not at_once)


def names_loaded(target: ast.expr) -> list[str]:
    """The names in an expression."""
    return [node.id for node in ast.walk(target) if isinstance(node, ast.Name)]


def strip_annotations(node: ast.stmt, course: set[str]) -> None:
    """Take away annotations of functions that name something of the course: nothing is computed with them."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.arg) and inner.annotation and course & set(names_loaded(inner.annotation)):
            inner.annotation = None
        elif (
            isinstance(inner, ast.FunctionDef) and inner.returns and course & set(names_loaded(inner.returns))
        ):
            inner.returns = None


def is_stub(node: ast.stmt, exercise: str) -> bool:
    """Is this the cell that was handed out? Its last line raises NotImplementedError with the exercise's id."""
    return any(
        isinstance(inner, ast.Raise)
        and any(
            isinstance(text, ast.Constant)
            and isinstance(text.value, str)
            and text.value.startswith(f"{exercise}:")
            for text in ast.walk(inner)
        )
        for inner in ast.walk(node)
    )


def single_imports(node: ast.stmt) -> list[ast.stmt]:
    """`import torch, paperlens` as two statements: an answer may need the one and not the other."""
    if not isinstance(node, ast.Import | ast.ImportFrom) or len(node.names) == 1:
        return [node]
    if isinstance(node, ast.Import):
        return [ast.copy_location(ast.Import([alias]), node) for alias in node.names]
    return [ast.copy_location(ast.ImportFrom(node.module, [alias], node.level), node) for alias in node.names]


def without_tools(node: ast.stmt) -> ast.stmt | None:
    """`check` and `use` of the course are no part of an answer: a class gives its own in their place."""
    if not isinstance(node, ast.ImportFrom) or not imports_course(node) or node.names[0].name not in TOOLS:
        return node
    tool, name = node.names[0].name, node.names[0].asname
    if name is None:
        return None
    given = ast.Assign([ast.Name(name, ast.Store())], ast.Name(tool, ast.Load()))
    return ast.fix_missing_locations(ast.copy_location(given, node))


def name_used_on(node: ast.stmt) -> None:
    """`use("metrics.psnr")` stands for the student's `psnr`: written out, it is found by its name."""
    for call in ast.walk(node):
        if not isinstance(call, ast.Call) or getattr(call.func, "id", "") != "use" or call.keywords:
            continue
        function = str(getattr(call.args[0], "value", "")).rpartition(".")[2] if len(call.args) == 1 else ""
        if function.isidentifier():
            call.args.append(ast.copy_location(ast.Name(function, ast.Load()), call))


def imports_in(node: ast.stmt) -> Iterator[ast.stmt]:
    """The imports among a statement and what it holds, functions left out."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield node
    elif isinstance(node, ast.If | ast.Try | ast.With):
        for inner in ast.walk(node):
            if isinstance(inner, ast.Import | ast.ImportFrom):
                yield inner


def imports_course(node: ast.AST) -> bool:
    """Does this import the course's package, or name a module of it in a text, as for `import_module`?"""
    names: list[str] = []
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and node.level == 0:
        names = [node.module or ""]
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        names = [node.value] if DOTTED.fullmatch(node.value) else []
    return any(name.partition(".")[0] == COURSE for name in names)


def names_bound(node: ast.stmt) -> list[str]:
    """The names that an import statement makes."""
    if isinstance(node, ast.ImportFrom):
        return [alias.asname or alias.name for alias in node.names if alias.name != "*"]
    if isinstance(node, ast.Import):
        return [alias.asname or alias.name.partition(".")[0] for alias in node.names]
    return []


def packages(node: ast.stmt) -> list[str]:
    """The packages that an import statement at the top of a cell names."""
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.level == 0:
        return [(node.module or "").partition(".")[0]]
    return []


def known(top: str) -> bool:
    """Does a class have this package?"""
    import sys

    return top in OFFERED or top in STAND_INS or top in sys.stdlib_module_names or top == COURSE
