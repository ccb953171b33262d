"""The built site in headless Chromium: what a reader without a network, with a keyboard, at night, would meet."""

import re
import time
from pathlib import Path
from urllib.parse import urldefrag, urljoin

import chrome
import pytest
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By

ROOT = Path(__file__).parent.parent.parent
pytestmark = pytest.mark.browser
KEY_PAGES = [
    "index.html",
    "map.html",
    "glossary.html",
    "bibliography.html",
    "start.html",
    "api/m/ops.windows.html",
]


def pages(site: Path) -> list[str]:
    return sorted(p.relative_to(site).as_posix() for p in site.rglob("*.html") if "_static" not in p.parts)


def visit(driver: Chrome, address: str) -> None:
    driver.get(address)
    chrome.settled(driver)


def faults(driver: Chrome, base: str, page: str) -> list[str]:
    """What the page asked of other hosts, what the console says, what did not render."""
    chrome.requests(driver), chrome.complaints(driver)
    visit(driver, base + page)
    found = [f"asks {address}" for address in chrome.requests(driver) if not address.startswith(base)]
    found += [f"console: {line}" for line in chrome.complaints(driver)]
    found += driver.execute_script(
        """const found = [];
        for (const span of document.querySelectorAll('.math')) if (span.checkVisibility()
            && !span.querySelector('math')?.clientWidth
            && !span.querySelector('math')?.getBoundingClientRect().width)
          found.push('a formula is not set: ' + span.textContent.slice(0, 60));
        if (document.querySelector('merror, .temml-error')) found.push('a formula is wrong');
        for (const image of document.images) if (image.complete && !image.naturalWidth)
          found.push('a picture is missing: ' + image.src);
        for (const image of document.images) if (image.getAttribute('alt') === null)
          found.push('a picture without words: ' + image.src);
        if ([...document.querySelectorAll('h1')].filter(h => h.offsetParent).length !== 1) found.push('not one h1');
        if (document.documentElement.scrollWidth > innerWidth) found.push('wider than the window');
        return found;"""
    )
    return found


def chapters(site: Path) -> list[str]:
    return [page for page in pages(site) if page.startswith("chapters/")]


def test_key_pages_ask_nobody_and_complain_of_nothing(driver: Chrome, base: str, site: Path) -> None:
    wrong = {
        page: found for page in [*KEY_PAGES, *chapters(site)[:1]] if (found := faults(driver, base, page))
    }
    assert wrong == {}


@pytest.mark.verify
def test_all_pages_ask_nobody_and_complain_of_nothing(driver: Chrome, base: str, site: Path) -> None:
    wrong = {
        page: found for page in pages(site) if page != "404.html" and (found := faults(driver, base, page))
    }
    assert wrong == {}


def axe(driver: Chrome, base: str, page: str, theme: str) -> list[str]:
    driver.get(base + page)
    driver.execute_script(
        "localStorage.setItem('mode', arguments[0]); localStorage.setItem('theme', arguments[0])", theme
    )
    visit(driver, base + page)
    driver.execute_script(
        (ROOT / "build" / "npm" / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
    )
    found = driver.execute_async_script(
        "const done = arguments[0];"
        "axe.run({runOnly: ['wcag2a', 'wcag2aa']}).then(result => done(result.violations.flatMap("
        "v => v.nodes.map(n => v.id + ': ' + n.target + ' ' + (n.any[0]?.message || '')))));"
    )
    return [f"{page} ({theme}) {line}" for line in found]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_key_pages_are_accessible(driver: Chrome, base: str, site: Path, theme: str) -> None:
    assert [
        fault for page in ["index.html", *chapters(site)[:1]] for fault in axe(driver, base, page, theme)
    ] == []


@pytest.mark.verify
def test_all_pages_are_accessible(driver: Chrome, base: str, site: Path) -> None:
    checked = [page for page in pages(site) if page not in ("404.html", "genindex.html", "py-modindex.html")]
    assert [fault for page in checked for fault in axe(driver, base, page, "light")] == []


def test_light_and_dark(driver: Chrome, base: str) -> None:
    visit(driver, base + "index.html")

    def background() -> str:
        return driver.execute_script("return getComputedStyle(document.body).backgroundColor")

    seen = {}
    for mode in ("light", "dark"):
        driver.find_element(By.CSS_SELECTOR, ".theme-switch-button").send_keys(Keys.ENTER)
        driver.find_element(By.CSS_SELECTOR, f".theme-change-button[data-mode={mode}]").send_keys(Keys.ENTER)
        seen[mode] = sum(int(part) for part in re.findall(r"\d+", background())[:3])
    assert seen["light"] > 600 and seen["dark"] < 150


def test_a_quiz_works_with_the_keyboard(driver: Chrome, base: str, site: Path) -> None:
    page = next(p for p in chapters(site) if 'class="pl-quiz"' in (site / p).read_text("utf-8"))
    visit(driver, base + page)
    quiz = driver.find_element(By.CSS_SELECTOR, ".pl-quiz")
    assert quiz.find_elements(By.CSS_SELECTOR, "fieldset > legend")
    inputs = quiz.find_elements(By.CSS_SELECTOR, "input")
    options = quiz.find_elements(By.CSS_SELECTOR, ".pl-option")
    say = quiz.find_element(By.CSS_SELECTOR, "[role=status][aria-live=polite]")
    assert not any(why.is_displayed() for why in quiz.find_elements(By.CSS_SELECTOR, ".pl-why"))
    check = quiz.find_element(By.CSS_SELECTOR, "button")
    check.send_keys(Keys.ENTER)
    assert say.text == "Choose an answer first."
    right = [option.get_attribute("data-right") == "true" for option in options]
    wrong, best = right.index(False), right.index(True)
    for number, word in ((wrong, "Not yet"), (best, "Right")):
        inputs[number].send_keys(Keys.SPACE)
        check.send_keys(Keys.ENTER)
        assert say.text.startswith(word)
        shown = [
            i for i, o in enumerate(options) if o.find_element(By.CSS_SELECTOR, ".pl-why").is_displayed()
        ]
        assert shown == [number]
        assert inputs[number].get_attribute("aria-describedby")
    quiz.find_elements(By.CSS_SELECTOR, "button")[1].send_keys(Keys.ENTER)
    assert all(why.is_displayed() and why.text for why in quiz.find_elements(By.CSS_SELECTOR, ".pl-why"))


def test_a_quiz_is_a_list_of_folds_without_javascript(driver: Chrome, base: str, site: Path) -> None:
    page = next(p for p in chapters(site) if 'class="pl-quiz"' in (site / p).read_text("utf-8"))
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        driver.get(base + page)
        fold = driver.find_element(By.CSS_SELECTOR, ".pl-quiz details.pl-option")
        fold.find_element(By.CSS_SELECTOR, "summary").click()
        assert fold.find_element(By.CSS_SELECTOR, ".pl-why").is_displayed()
    finally:
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_a_guess_is_kept(driver: Chrome, base: str, site: Path) -> None:
    page = next(p for p in chapters(site) if 'class="pl-predict"' in (site / p).read_text("utf-8"))
    visit(driver, base + page)
    driver.find_element(By.CSS_SELECTOR, ".pl-guess").send_keys("the second")
    visit(driver, base + page)
    assert driver.find_element(By.CSS_SELECTOR, ".pl-guess").get_attribute("value") == "the second"


def test_the_divider_moves_with_the_keyboard(driver: Chrome, base: str) -> None:
    visit(driver, base + "index.html")
    driver.find_element(By.CSS_SELECTOR, ".pl-slide input").send_keys(Keys.END)
    style = driver.find_element(By.CSS_SELECTOR, ".pl-compare").get_attribute("style")
    assert "100%" in style


def test_answers_are_kept_and_counted(driver: Chrome, base: str, site: Path) -> None:
    page = next(p for p in chapters(site) if 'class="pl-quiz"' in (site / p).read_text("utf-8"))
    visit(driver, base + page)
    driver.execute_script("localStorage.clear()")
    quiz = driver.find_element(By.CSS_SELECTOR, ".pl-quiz")
    for option in quiz.find_elements(By.CSS_SELECTOR, ".pl-option[data-right=true] input"):
        option.send_keys(Keys.SPACE)
    quiz.find_element(By.CSS_SELECTOR, "button").send_keys(Keys.ENTER)
    count = len(driver.find_elements(By.CSS_SELECTOR, ".pl-quiz, .pl-predict"))
    assert driver.find_element(By.CSS_SELECTOR, "p.pl-progress").text == f"1 of {count} questions answered"
    visit(driver, base + page)
    assert driver.find_element(By.CSS_SELECTOR, ".pl-quiz .pl-option[data-right=true] input").is_selected()
    visit(driver, base + "index.html")
    told = [
        card.text for card in driver.find_elements(By.CSS_SELECTOR, "a.pl-card .pl-progress") if card.text
    ]
    assert told == [f"1 of {count} questions answered: go on here"]
    driver.execute_script("localStorage.clear()")


def test_a_missing_address_gets_the_books_own_page(driver: Chrome, base: str) -> None:
    chrome.complaints(driver)
    visit(driver, base + "chapters/deep/down/nothing.html")
    assert "This page is not here" in driver.find_element(By.CSS_SELECTOR, ".bd-article h1").text
    assert all("nothing.html" in line for line in chrome.complaints(driver)), (
        "its own files are found from any depth"
    )
    driver.find_element(By.LINK_TEXT, "front page").click()
    assert driver.current_url == base + "index.html"


def found(driver: Chrome) -> list[str]:
    """The addresses that the search shows, waited for."""
    for _ in range(100):
        if links := driver.find_elements(By.CSS_SELECTOR, "#search-results li a"):
            return [str(link.get_attribute("href")) for link in links]
        time.sleep(0.1)
    pytest.fail("the search found nothing")


@pytest.mark.parametrize(
    ("term", "first"), [("antialiasing", "chapters/"), ("SwinIR", "chapters/15_swinir.html")]
)
def test_search_puts_chapters_first(driver: Chrome, base: str, term: str, first: str) -> None:
    visit(driver, base + f"search.html?q={term}")
    assert first in found(driver)[0]


def test_no_page_loads_the_search_before_it_is_asked(driver: Chrome, base: str) -> None:
    chrome.requests(driver)
    visit(driver, base + "index.html")
    assert [address for address in chrome.requests(driver) if "pagefind" in address] == []


def test_a_narrow_window_is_enough(driver: Chrome, base: str, site: Path) -> None:
    size = driver.get_window_size()
    driver.set_window_size(500, 900)
    try:
        for page in ["index.html", *chapters(site)[:1]]:
            visit(driver, base + page)
            assert driver.execute_script("return document.documentElement.scrollWidth <= innerWidth"), page
    finally:
        driver.set_window_size(size["width"], size["height"])


def test_every_internal_link_lives(site: Path) -> None:
    from bs4 import BeautifulSoup

    parsed = {page: BeautifulSoup((site / page).read_text("utf-8"), "html.parser") for page in pages(site)}
    names = {page: {tag["id"] for tag in soup.find_all(id=True)} for page, soup in parsed.items()}
    dead = []
    for page, soup in parsed.items():
        for tag in soup.find_all(["a", "link", "script", "img"]):
            target = tag.get("href") or tag.get("src")
            if not target or target.startswith(("http:", "https:", "mailto:", "data:", "javascript:")):
                continue
            address, fragment = urldefrag(
                urljoin("/" if page == "404.html" else f"/{page}", target.partition("?")[0])
            )
            file = address.lstrip("/") or "index.html"
            fragment = urldefrag(target)[1]
            if not (site / file).is_file():
                dead.append(f"{page}: {target}")
            elif fragment and file in names and fragment not in names[file] and not page.startswith("404"):
                dead.append(f"{page}: {target} (no such place)")
    assert dead == []
