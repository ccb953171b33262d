from pathlib import Path

from paperlens.site.pages.terms import LONGEST, explain


def test_a_term_carries_its_entry(tmp_path: Path) -> None:
    entry = '<dt id="term-PSNR">PSNR<a href="#x">#</a></dt>'
    entry += '<dd><p>Ten times the <em>logarithm</em> of 1 &lt; "x".</p></dd>'
    long = f'<dt id="term-long">long</dt><dd><p>{"word " * 200}</p></dd>'
    (tmp_path / "glossary.html").write_text(f"<dl>{entry}{long}</dl>", "utf-8")
    (tmp_path / "chapters").mkdir()
    page = tmp_path / "chapters" / "x.html"
    link = '<a class="reference internal" href="../glossary.html#term-{}"><span>x</span></a>'
    page.write_text(link.format("PSNR") + link.format("long") + link.format("unknown"), "utf-8")
    assert explain(tmp_path) == 3
    text = page.read_text("utf-8")
    assert 'data-said="Ten times the logarithm of 1 &lt; &quot;x&quot;."' in text
    assert text.count("data-said") == 2 and 'word ..."' in text
    assert len(text) < 3 * 120 + LONGEST + 80
    assert explain(tmp_path) == 1 and page.read_text("utf-8") == text, "a second call changes nothing"
