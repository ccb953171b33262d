"""formgrader in a real browser: the released assignment, a student's marks, and a mark given by hand."""

import re
import socket
import sqlite3
import subprocess
import sys
import time

import pytest
from people import PSNR, SSIM, WRONG_PSNR, answered, hand_in

from paperlens import cli

pytestmark = [pytest.mark.browser, pytest.mark.verify]


@pytest.fixture
def graded(course, notebook, tmp_path):
    hand_in(tmp_path / "in", "ana", answered(notebook, WRONG_PSNR, SSIM))
    hand_in(tmp_path / "in", "ben", answered(notebook, PSNR, SSIM))
    for command in (
        ["collect", str(course), "scores", str(tmp_path / "in")],
        ["grade", str(course), "scores"],
    ):
        assert cli.main(["class", *command]) == 0
    return course


@pytest.fixture
def address(graded, tmp_path):
    """Where `paperlens class serve` listens, with its token."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path / "server.log"
    line = [
        sys.executable,
        "-m",
        "paperlens.cli",
        "class",
        "serve",
        str(graded),
        "--port",
        str(port),
        "--no-browser",
    ]
    with log.open("w") as file, subprocess.Popen(line, stdout=file, stderr=subprocess.STDOUT) as server:
        try:
            deadline = time.monotonic() + 90
            while not (found := re.search(r"http://127\.0\.0\.1:\d+/\S*\?token=\w+", log.read_text())):
                assert server.poll() is None and time.monotonic() < deadline, log.read_text()
                time.sleep(0.2)
            yield found[0]
        finally:
            server.terminate()
            server.wait(30)


@pytest.fixture
def browser():
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1200,1000"):
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
    driver.implicitly_wait(30)
    yield driver
    driver.quit()


def test_a_teacher_marks_by_hand(graded, address, browser):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    browser.get(address)
    browser.get(re.sub(r"/[^/]*\?token=\w+$", "/formgrader/gradebook", address))
    browser.find_element(By.LINK_TEXT, "scores").click()
    browser.find_element(By.LINK_TEXT, "90_scores").click()
    links = browser.find_elements(By.PARTIAL_LINK_TEXT, "Submission #")
    assert len(links) == 2
    scores = {}
    for link in [link.get_attribute("href") for link in links]:
        browser.get(link)
        title = browser.find_element(By.CSS_SELECTOR, "input.score").get_attribute("placeholder")
        scores[title] = link
    browser.get(scores["0"])  # ana's psnr
    assert "Looks like" in browser.find_element(By.TAG_NAME, "body").text
    box = browser.find_element(By.CSS_SELECTOR, "input.score")
    box.send_keys("3", Keys.TAB)
    query = "SELECT manual_score FROM grade WHERE manual_score IS NOT NULL"
    deadline = time.monotonic() + 30
    while not (found := sqlite3.connect(graded / "gradebook.db").execute(query).fetchall()):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert found == [(3.0,)]
