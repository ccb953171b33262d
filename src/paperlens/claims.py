"""What a chapter found about the papers' claims: stated with its rule before the run, judged by that rule after it.

claims.csv holds one row a claim: id, system, a sentence that could be false, the paper's section, what is measured, and
the rule of the verdict. A rule reads

    min(gain) > 0; contradicted: max(gain) < 0

over the names that `measured` explains: shown where the first condition holds, contradicted where the second does, else
not shown at this size. A condition knows numbers, lists of numbers, min, max, mean, abs, + - * /, comparisons, `and`,
`or`, `not`; nothing else is evaluated.
"""

import ast
import csv
import html
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

MIME = "application/vnd.paperlens.claims+json"
TABLE = Path(__file__).with_name("claims.csv")
SHOWN, OPEN, CONTRADICTED = "shown", "not shown at this size", "contradicted at this size"
Value = float | int | Sequence[float | int]

FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "min": lambda value: min(_many(value)),
    "max": lambda value: max(_many(value)),
    "mean": lambda value: sum(_many(value)) / len(_many(value)),
    "abs": lambda value: abs(_one(value)),
}
OPERATORS: Mapping[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Eq: operator.eq,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A row of claims.csv."""

    id: str
    system: str
    claim: str
    source: str
    measured: str
    rule: str

    def conditions(self) -> tuple[str, str]:
        """When it is shown, and when contradicted."""
        first, _, second = self.rule.partition("; contradicted: ")
        return first, second

    def units(self) -> dict[str, str]:
        """Name -> what it is, from `measured`."""
        found = dict(part.split(": ", 1) for part in re.split(r"; (?=\w+: )", self.measured))
        return {name.strip(): what.strip() for name, what in found.items()}

    def verdict(self, values: Mapping[str, Value]) -> str:
        """By the rule; ValueError where a name of the rule was not measured, or something else was."""
        wanted = set(self.units())
        if set(values) != wanted:
            raise ValueError(f"{self.id} is judged by {sorted(wanted)}, found {sorted(values)}.")
        first, second = self.conditions()
        if evaluate(first, values):
            return SHOWN
        return CONTRADICTED if evaluate(second, values) else OPEN


@dataclass(frozen=True, slots=True)
class Found:
    """What was run for a claim (data, seeds, steps), and its numbers."""

    ran: str
    values: Mapping[str, Value]


@cache
def claims() -> dict[str, Claim]:
    """Every claim of the course, by its id."""
    with TABLE.open(encoding="utf-8", newline="") as table:
        return {row["id"]: Claim(**row) for row in csv.DictReader(table)}


def state(*ids: str) -> None:
    """Display claims with their rules, before anything is run."""
    rows = [
        (claims()[name].claim, claims()[name].source, f"{claims()[name].measured}. {_told(claims()[name])}")
        for name in ids
    ]
    _publish(
        _table(("claim", "where", "what will decide"), rows), "\n".join(": ".join(row) for row in rows), {}
    )


def show(found: Mapping[str, Found]) -> dict[str, str]:
    """Display what came out, judged; the page's ledger collects it from the same output. Returns id -> verdict.

    ValueError for an unknown claim and for other numbers than its rule names.
    """
    rows, data = [], []
    for name, one in found.items():
        if name not in claims():
            raise ValueError(f"no claim is called {name!r}; claims.csv has {len(claims())}.")
        claim = claims()[name]
        verdict, result = claim.verdict(one.values), "; ".join(_written(k, v) for k, v in one.values.items())
        rows.append(
            (f"{claim.claim} ({name}; {claim.source})", one.ran, f"{result}. {claim.measured}.", verdict)
        )
        data.append({"id": name, "ran": one.ran, "result": result, "verdict": verdict})
    plain = "\n".join(f"{d['id']}: {d['verdict']}. {d['result']} ({d['ran']})" for d in data)
    _publish(_table(("claim", "what was run", "result", "verdict"), rows, badge=True), plain, {MIME: data})
    return {d["id"]: d["verdict"] for d in data}


def evaluate(condition: str, values: Mapping[str, Value]) -> bool:
    """A condition of a rule, on measured numbers. ValueError for anything that is not part of a rule."""
    return bool(_value(ast.parse(condition, mode="eval").body, values))


def _value(node: ast.AST, values: Mapping[str, Value]) -> Any:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return node.value
    if isinstance(node, ast.Name) and node.id in values:
        return values[node.id]
    if isinstance(node, ast.BoolOp):
        found = [bool(_value(part, values)) for part in node.values]
        return all(found) if isinstance(node.op, ast.And) else any(found)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        inner = _value(node.operand, values)
        return not inner if isinstance(node.op, ast.Not) else -_one(inner)
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        return OPERATORS[type(node.op)](_one(_value(node.left, values)), _one(_value(node.right, values)))
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in OPERATORS:
        left, right = _value(node.left, values), _value(node.comparators[0], values)
        return OPERATORS[type(node.ops[0])](_one(left), _one(right))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS:
        return FUNCTIONS[node.func.id](*(_value(part, values) for part in node.args))
    raise ValueError(f"{ast.unparse(node)!r} is no part of a rule over {sorted(values)}.")


def _one(value: Any) -> float:
    """A single number; a list says first how it becomes one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"expected a number, found {value!r}: write min, max or mean of it.")
    return float(value)


def _many(value: Any) -> list[float]:
    return [float(value)] if isinstance(value, int | float) else [float(one) for one in value]


def _written(name: str, value: Value) -> str:
    found = _many(value)
    if len(found) == 1:
        return f"{name} {found[0]:.3g}"
    mean = sum(found) / len(found)
    return f"{name} {mean:.3g} ({min(found):.3g} to {max(found):.3g}, {len(found)} values)"


def _told(claim: Claim) -> str:
    first, second = claim.conditions()
    return f"Shown where {first}; contradicted where {second}; else not shown at this size."


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], *, badge: bool = False) -> str:
    cells = "".join(f"<th>{name}</th>" for name in head)
    body = ""
    for row in rows:
        texts = [html.escape(cell) for cell in row]
        if badge:
            kind = row[-1].partition(" ")[0]
            texts[-1] = f'<span class="pl-verdict pl-{kind}">{texts[-1]}</span>'
        body += "<tr>" + "".join(f"<td>{text}</td>" for text in texts) + "</tr>"
    return f'<table class="pl-claims"><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>'


def _publish(table: str, plain: str, more: Mapping[str, Any]) -> None:
    from IPython.display import display

    display({"text/html": table, "text/plain": plain, **more}, raw=True)  # type: ignore[no-untyped-call]
