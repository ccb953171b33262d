"""A headless Chromium that remembers every request and every complaint of a page."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

BINARIES = ("chromium", "chromium-browser", "google-chrome")


def binary() -> str | None:
    return next((path for name in BINARIES if (path := shutil.which(name))), None)


@contextmanager
def chrome(width: int = 1280, height: int = 900) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = str(binary())
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(flag)
    options.add_argument(f"--window-size={width},{height}")
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()


def requests(driver: webdriver.Chrome) -> list[str]:
    """Addresses asked for since the last call, data and blob addresses left out."""
    messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    sent = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    return [address for address in sent if not address.startswith(("data:", "blob:", "chrome"))]


def complaints(driver: webdriver.Chrome) -> list[str]:
    return [e["message"] for e in driver.get_log("browser") if e["level"] in ("SEVERE", "WARNING")]


def settled(driver: webdriver.Chrome) -> None:
    """Wait until the letters are there."""
    driver.execute_async_script("const done = arguments[0]; document.fonts.ready.then(() => done());")
