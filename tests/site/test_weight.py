"""What a first visit costs on a phone: bytes, scripts, shift; and the page of a reader without JavaScript."""

import json
from pathlib import Path

import chrome
import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

pytestmark = pytest.mark.browser
BYTES = 250_000  # before the reader scrolls
SHIFT = 0.05
SCRIPTS = ["site.js"]
# As Lighthouse's phone: bits a second, milliseconds for a request.
PHONE = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1_638_400 / 8,
    "uploadThroughput": 750_000 / 8,
}
WATCH = """window.shift = 0;
new PerformanceObserver((list) => list.getEntries().forEach((one) => {
  if (!one.hadRecentInput) window.shift += one.value; }))
  .observe({ type: "layout-shift", buffered: true });"""


def key_pages(site: Path) -> list[str]:
    return ["index.html", *(p.relative_to(site).as_posix() for p in sorted(site.glob("chapters/*.html")))]


def messages(driver: Chrome, method: str) -> list[dict]:
    found = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    return [message["params"] for message in found if message["method"] == method]


@pytest.fixture
def phone(driver: Chrome):
    size = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    driver.execute_cdp_cmd("Network.enable", {})
    driver.execute_cdp_cmd("Network.setCacheDisabled", {"cacheDisabled": True})
    driver.execute_cdp_cmd("Network.emulateNetworkConditions", PHONE)
    added = driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})
    yield driver
    driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)
    unlimited = PHONE | {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    driver.execute_cdp_cmd("Network.emulateNetworkConditions", unlimited)
    driver.execute_cdp_cmd("Network.setCacheDisabled", {"cacheDisabled": False})
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_first_visit_is_light_and_still(phone: Chrome, base: str, site: Path) -> None:
    for page in key_pages(site):
        phone.get_log("performance")
        phone.get(base + page)
        chrome.settled(phone)
        ended = messages(phone, "Network.loadingFinished")
        bytes_ = sum(int(one["encodedDataLength"]) for one in ended)
        assert 0 < bytes_ <= BYTES, f"{page} transfers {bytes_} bytes before anything is scrolled"
        assert phone.execute_script("return window.shift") < SHIFT, page
        assert phone.execute_script("return document.documentElement.scrollWidth <= innerWidth"), page
        scripts = phone.execute_script("return [...document.scripts].map((s) => s.src).filter(Boolean)")
        assert [name.rpartition("/")[2].partition("?")[0] for name in scripts] == SCRIPTS, page
        late = phone.execute_script("return [...document.scripts].filter((s) => s.src && !s.defer).length")
        assert late == 0, page


@pytest.mark.parametrize(("preferred", "dark"), [("light", False), ("dark", True)])
def test_a_reader_without_javascript_sees_formulas_and_colours(
    driver: Chrome, base: str, site: Path, preferred: str, dark: bool
) -> None:
    feature = {"name": "prefers-color-scheme", "value": preferred}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        page = next(p for p in key_pages(site) if 'class="math"' in (site / p).read_text("utf-8"))
        driver.get(base + page)
        formula = driver.find_element(By.CSS_SELECTOR, ".math math")
        assert formula.size["width"] > 5 and formula.size["height"] > 5
        colours = [
            driver.find_element(By.TAG_NAME, "body").value_of_css_property(name)
            for name in ("background-color", "color")
        ]
        back, fore = (sum(int(part) for part in c[c.index("(") + 1 : -1].split(",")[:3]) for c in colours)
        assert (back < 150 and fore > 500) if dark else (back > 600 and fore < 300), colours
        assert driver.find_element(By.CSS_SELECTOR, ".bd-article h1").is_displayed()
        assert not any(b.is_displayed() for b in driver.find_elements(By.CSS_SELECTOR, ".search-button"))
    finally:
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
