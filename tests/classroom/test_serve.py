# ruff: noqa: E501
"""formgrader in a real browser: the released assignment, a student's marks, and a mark given by hand."""

import contextlib
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time

import psutil
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
        children = []
        try:
            deadline = time.monotonic() + 90
            while not (found := re.search(r"http://127\.0\.0\.1:\d+/\S*\?token=\w+", log.read_text())):
                assert server.poll() is None and time.monotonic() < deadline, log.read_text()
                time.sleep(0.2)
            children = psutil.Process(server.pid).children(recursive=True)
            assert children
            yield found[0]
        finally:
            server.terminate()
            server.wait(30)
            assert not [child for child in children if child.is_running()], "serve left its children"


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
        box = browser.find_element(By.CSS_SELECTOR, "input.score")
        deadline = time.monotonic() + 30
        while not (title := box.get_attribute("placeholder")):  # the page asks for it after it is there
            assert time.monotonic() < deadline
            time.sleep(0.1)
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


EVIL = "import os\nos.system('touch {0}/owned')\n"
PAGES = (
    "manage_assignments",
    "manage_submissions/scores",
    "manage_students",
    "manage_students/eve",
    "manage_students/eve/scores",
    "gradebook",
    "gradebook/scores",
    "gradebook/scores/90_scores",
)


def test_no_button_of_any_page_runs_a_students_cell(course, notebook, tmp_path, request):
    """Everything that can be clicked is clicked; a notebook that would write a file is there to be run."""
    from selenium.common.exceptions import WebDriverException
    from selenium.webdriver.common.by import By

    for student, page in (("eve", answered(notebook, EVIL.format(tmp_path), SSIM)), ("stu", notebook)):
        hand_in(tmp_path / "in", student, page)
    assert cli.main(["class", "collect", str(course), "scores", str(tmp_path / "in")]) == 0
    config = (course / "nbgrader_config.py").read_text()
    (course / "nbgrader_config.py").write_text(
        config.partition("# nbgrader must not run")[0]
    )  # an older course
    with serving(course, tmp_path) as address:
        browser = request.getfixturevalue("browser")
        browser.implicitly_wait(0)
        browser.get(address)
        base = re.sub(r"/[^/]*\?token=\w+$", "/formgrader/", address)
        clicked = 0
        for page in PAGES:
            number = 0
            while True:
                browser.get(base + page)
                time.sleep(0.7)
                things = [
                    one
                    for one in browser.find_elements(By.CSS_SELECTOR, "a, button, input[type=button]")
                    if one.is_displayed() and "logout" not in (one.get_attribute("href") or "")
                ]
                if number >= len(things):
                    break
                with contextlib.suppress(WebDriverException):
                    things[number].click()
                    clicked += 1
                    time.sleep(0.4)
                    for inner in browser.find_elements(By.CSS_SELECTOR, ".modal button"):
                        if inner.is_displayed():
                            inner.click()
                            break
                number += 1
            assert number, page
        # The buttons that run something, each to its end.
        token = "return document.cookie.match('_xsrf=([^;]*)')[1]"
        for path in (
            "assignment/scores/assign",
            "submission/scores/eve/autograde",
            "submission/scores/stu/autograde",
        ):
            told = browser.execute_async_script(
                "const done = arguments[arguments.length - 1];"
                f"fetch('{base}api/{path}', {{method: 'POST', headers: {{'X-XSRFToken': '{browser.execute_script(token)}'}}}})"
                ".then(r => r.json()).then(done)"
            )
            assert told["success"], told
    assert clicked > 20
    assert not (tmp_path / "owned").exists()
    marks = sqlite3.connect(course / "gradebook.db").execute("SELECT auto_score FROM grade").fetchall()
    assert sorted(marks) == [(0.0,), (0.0,), (0.0,), (6.0,)]  # eve's psnr and all of the stub: nothing


@contextlib.contextmanager
def serving(course, tmp_path):
    """`paperlens class serve` in a process of its own; gives the address with its token."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path / "serving.log"
    line = [
        sys.executable,
        "-m",
        "paperlens.cli",
        "class",
        "serve",
        str(course),
        f"--port={port}",
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


@pytest.mark.parametrize("command", ["autograde", "generate_assignment", "generate_feedback"])
def test_nbgraders_own_commands_refuse(course, notebook, tmp_path, command):
    hand_in(tmp_path / "in", "eve", answered(notebook, EVIL.format(tmp_path), SSIM))
    assert cli.main(["class", "collect", str(course), "scores", str(tmp_path / "in")]) == 0
    program = shutil.which("nbgrader", path=str(sys.executable).rpartition("/")[0])
    done = subprocess.run(
        [program, command, "scores", "--force"], cwd=course, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0 and "paperlens class" in done.stderr
    assert not (tmp_path / "owned").exists()
    assert (course / "release" / "scores" / "90_scores.ipynb").exists()
    assert (course / "gradebook.db").stat().st_mode & 0o777 == 0o600
