"""The frame of a page that stands alone: it loads nothing, runs nothing, and prints well."""

from html import escape

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
table { border-collapse: collapse; margin: 1rem 0 } th { background: #eee }
td, th { border: 1px solid #999; padding: .3rem .7rem; text-align: left }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2rem }
pre { background: #f5f5f5; border: 1px solid #ddd; padding: .7rem; overflow-x: auto; white-space: pre-wrap }
pre.words { border-left: .3rem solid #555; background: none } p.total { font-size: 1.2rem; font-weight: bold }
p.comment { border-left: .3rem solid #06c; padding-left: .7rem } img { max-width: 100% }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #1b1b1b } th { background: #333 }
  pre { background: #262626; border-color: #444 } a { color: #8bf } img { background: #fff } }
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def document(title: str, body: str) -> str:
    """A page around `body`, which is HTML; `title` is text."""
    head = f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    head += '<meta name="viewport" content="width=device-width, initial-scale=1">'
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}<title>{escape(title)}</title><style>{STYLE}</style></head>'
        f"<body>{body}</body></html>\n"
    )


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table of texts."""
    lines = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return "<table><tr>" + "".join(f"<th>{escape(cell)}</th>" for cell in head) + f"</tr>{lines}</table>"
