"""The photographs of the course: eight in colour and two in grey, split by scene, with credit and licence.

The files are the ones that scikit-image and scikit-learn carry, byte for byte (`copy_photographs.py`);
`photographs.json` beside them is their card.
"""

import json
from typing import TYPE_CHECKING, Any

from paperlens.data.files import path

if TYPE_CHECKING:
    from datasets import Dataset

CARD = "photographs/photographs.json"
SPLITS = ("train", "test")
KINDS = ("natural", "grey")
COLUMNS = ("name", "split", "kind", "credit", "licence")


def card() -> list[dict[str, Any]]:
    """One record a picture, with name, file, sha256, size, kind, scene, split, source, credit and licence."""
    records: list[dict[str, Any]] = json.loads(path(CARD).read_text(encoding="utf-8"))["pictures"]
    return records


def photographs(split: str | None = None, *, kind: str | None = "natural") -> "Dataset":
    """The photographs as a Hugging Face dataset, built in memory: no network, no cache, no file written.

    Columns: name, image (PIL, 8-bit; RGB, or L where kind is "grey"), split, kind, credit, licence, in the
    card's order. `split`: "train", "test" or None for both; a scene belongs to one split: both views of the
    stereo pair `motorcycle` train and no crop crosses. `kind`: "natural" (colour), "grey" or None for both.
    """
    if split not in (*SPLITS, None):
        raise ValueError(f"split must be one of {SPLITS} or None, not {split!r}.")
    if kind not in (*KINDS, None):
        raise ValueError(f"kind must be one of {KINDS} or None, not {kind!r}.")
    from datasets import Dataset, Features, Image, Value  # a second that `import paperlens.data` need not pay

    records = [r for r in card() if split in (r["split"], None) and kind in (r["kind"], None)]
    files = [path(f"photographs/{record['file']}") for record in records]
    columns: dict[str, list[Any]] = {name: [record[name] for record in records] for name in COLUMNS}
    columns["image"] = [{"bytes": file.read_bytes(), "path": file.name} for file in files]
    features = Features({name: Value("string") for name in COLUMNS} | {"image": Image()})
    return Dataset.from_dict(columns, features=features)
