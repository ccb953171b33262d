"""The data page tells every shipped file, with credit, and how far every value was checked."""

import csv
import html
import json
import re
from pathlib import Path

import pytest
from PIL import Image

from paperlens.data.files import path
from paperlens.data.photograph_set import card
from paperlens.recipes import results
from paperlens.site.pages import data_pictures, data_tables

PAGE = Path(__file__).parent.parent.parent / "book" / "data.md"


@pytest.fixture(scope="module")
def parts() -> dict[str, str]:
    return data_tables.parts()


def test_the_page_includes_every_part_once(parts: dict[str, str]) -> None:
    assert re.findall(r"generated/(\S+)", PAGE.read_text(encoding="utf-8")) != []
    assert sorted(re.findall(r"generated/(\S+)", PAGE.read_text(encoding="utf-8"))) == sorted(parts)


def test_every_picture_has_credit_licence_and_words(parts: dict[str, str]) -> None:
    text = parts["data_photographs.md"]
    for row in card():
        figure = next(f for f in text.split("<figure>") if f"<strong>{row['name']}</strong>" in f)
        for fact in ("credit", "licence", "title"):
            assert html.escape(row[fact]) in figure
        assert ("trains" if row["split"] == "train" else "tests") in figure
    for name in ("data_photographs.md", "data_phantom.md"):
        assert all(len(alt) > 8 for alt in re.findall(r'alt="([^"]*)"', parts[name]))


def test_the_pictures_named_are_drawn_once(parts: dict[str, str], tmp_path: Path) -> None:
    data_pictures.draw(tmp_path)
    named = set(re.findall(r"_static/pictures/(\S+)\"", "".join(parts.values())))
    assert {file.name for file in tmp_path.glob("*.webp")} == named
    sizes = dict(re.findall(r'pictures/(\S+)" (width="\d+" height="\d+")', "".join(parts.values())))
    for name, told in sizes.items():
        with Image.open(tmp_path / name) as image:
            assert f'width="{image.width}" height="{image.height}"' == told
    before = {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    data_pictures.draw(tmp_path)
    assert before == {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()}


def test_an_unverified_value_is_marked_and_counted(parts: dict[str, str]) -> None:
    with path("physics/relaxation.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    unverified = [row for row in rows if row["checked"] == "unverified"]
    text = parts["data_relaxation.md"]
    assert text.count("- **unverified**") == len(unverified) > 0
    used = sum(row["used"] == "yes" for row in unverified)
    assert f"{len(unverified)} of {len(rows)} values are unverified, {used} of them used" in text
    assert set(data_tables.CHECKED) >= {row["checked"] for row in rows}


def test_numbers_are_those_of_the_results(parts: dict[str, str]) -> None:
    phantom = json.loads(path("results/benchmarks/phantom.json").read_text(encoding="utf-8"))
    for row in phantom["statistics"]:
        assert f"{row['quantity']}\n  - {row['phantom']:.3g} ± " in parts["data_statistics.md"]
    values = [run.mean("psnr, guide +2 px away") for run in results("mri_guided").runs]
    assert f"with guide, guide +2 px away\n  - {sum(values) / 3:.2f}" in parts["data_guide.md"]
    trained = [run.mean("right") for run in results("features").runs]
    assert f"feature network, trained\n  - {sum(trained) / 3:.2f} (" in parts["data_features.md"]
    speed = json.loads(path("results/benchmarks/data.json").read_text(encoding="utf-8"))
    assert speed["subject_seconds"] <= speed["subject_seconds_limit"]
    assert speed["smallest_ratio"] >= speed["smallest_ratio_limit"]
    assert f"- {speed['smallest_ratio']:g}\n" in parts["data_speed.md"]


def test_every_network_is_listed_with_its_size(parts: dict[str, str]) -> None:
    for file in path("checkpoints").glob("*.safetensors"):
        size = f"{file.stat().st_size / 1000:,.0f} kB"
        row = parts["data_checkpoints.md"].split(f"`{file.stem}`\n")[1].split("* - ")[0]
        assert size in row and "CC-BY-4.0" in row
