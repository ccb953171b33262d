"""What a chapter found about a paper's claims: a table for the reader, and the same as data for the claims ledger."""

import html
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from IPython import display

MIME = "application/vnd.paperlens.claims+json"
Verdict = Literal["shown", "not shown at this size", "contradicted", "contradicted at this size"]

publish: Any = display.display  # IPython carries no types


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One numbered claim of systems.csv (`swinir.2` is SwinIR's second) with what was run and what came out."""

    id: str
    ran: str  # with seeds
    result: str  # with spread
    verdict: Verdict


def show(claims: Sequence[Claim]) -> None:
    """Display the claims as a table; the page's ledger collects them from the same output."""
    head = "".join(f"<th>{name}</th>" for name in ("claim", "what was run", "result", "verdict"))
    rows = [
        "".join(f"<td>{html.escape(value)}</td>" for value in (c.id, c.ran, c.result, c.verdict))
        for c in claims
    ]
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(f'<tr>{row}</tr>' for row in rows)}</tbody></table>"
    plain = "\n".join(f"{c.id}: {c.verdict}. {c.result} ({c.ran})" for c in claims)
    publish({"text/html": table, "text/plain": plain, MIME: [asdict(c) for c in claims]}, raw=True)
