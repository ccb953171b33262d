"""Which statements of a notebook run beside an answer: imports, definitions, classes and literal assignments.

Runs inside the sandbox: a hostile text is parsed where it can only crash its own process.
"""

import ast
import re

COURSE = "paperlens"
MAGIC = re.compile(r"^(\s*)([%!?].*|[^\s#'\"=]+\?{1,2}\s*)$")
DOTTED = re.compile(r"\w+(\.\w+)*")
DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class RefusedError(Exception):
    """The answer cannot be run: `status` is malformed or forbidden."""

    def __init__(self, status: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def support_statements(text: str) -> list[ast.Module]:
    """What another cell offers the answer; a cell that Python cannot read offers nothing."""
    try:
        tree = parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    offered = [node for node in tree.body if isinstance(node, DEFINITIONS) or is_literal_assignment(node)]
    return [one(node) for node in offered if not imports_course(node)]


def answer_statements(text: str, function: str) -> list[ast.Module]:
    """Every statement of an answer cell; one that gets the function from the course is refused, as by `check`.

    Importing the package for a plot below the function is no crime; that import is left out, as the package is
    absent.
    """
    try:
        tree = parse(text)
    except SyntaxError as error:
        raise RefusedError(
            "malformed", f"the answer cell is not Python: syntax error in line {error.lineno or 0}"
        ) from None
    except (ValueError, RecursionError, MemoryError):
        raise RefusedError("malformed", "the answer cell is not Python that can be read") from None
    kept = [node for node in tree.body if not imports_course(node)]
    left_out = [node for node in tree.body if imports_course(node)]
    bound = {name for node in left_out for name in names_bound(node)}
    for node in kept:
        experiment = isinstance(node, ast.Expr)
        for inner in ast.walk(node):
            uses = isinstance(inner, ast.Name) and inner.id in bound - {"check"}
            if (uses and not experiment) or imports_course(inner):
                raise RefusedError("forbidden", f"the answer uses {COURSE}; write it with torch alone")
    if function in bound:
        raise RefusedError("forbidden", f"the answer is imported from {COURSE}; write it with torch alone")
    return [one(node) for node in kept]


def parse(text: str) -> ast.Module:
    """The syntax tree of a cell; IPython's own lines count as empty."""
    if text.lstrip().startswith("%%"):
        return ast.Module(body=[], type_ignores=[])
    try:
        return ast.parse(text)
    except SyntaxError:
        lines = [MAGIC.sub(r"\1pass", line) for line in text.splitlines()]
        return ast.parse("\n".join(lines))


def imports_course(node: ast.AST) -> bool:
    """Does this statement import the course's package, or this text name a module of it, as for `import_module`?"""
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
    aliases = node.names if isinstance(node, ast.Import | ast.ImportFrom) else []
    return [(alias.asname or alias.name).partition(".")[0] for alias in aliases]


def is_literal_assignment(node: ast.stmt) -> bool:
    """`EPS = 1e-6`, `H, W = 8, 16`: names bound to values that cost nothing to make."""
    if isinstance(node, ast.Assign):
        names, value = node.targets, node.value
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        names, value = [node.target], node.value
    else:
        return False
    inner = [
        part for name in names for part in (name.elts if isinstance(name, ast.Tuple | ast.List) else [name])
    ]
    if not all(isinstance(name, ast.Name) for name in inner):
        return False
    try:
        ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def one(node: ast.stmt) -> ast.Module:
    """A module of this one statement, with the line numbers of its cell."""
    return ast.Module(body=[node], type_ignores=[])
