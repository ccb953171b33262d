"""The order of the chapters, and what the book says of one that is not written yet."""

import csv
from dataclasses import dataclass

from paperlens.site.places import PACKAGE

PARTS: tuple[tuple[str, dict[str, str]], ...] = (
    ("Start", {"start": "How to study, check and be graded here"}),
    (
        "Foundations",
        {
            "convnets": "Convolutional networks",
            "transformer": "The Transformer",
            "language": "Language models: BERT and GPT",
            "adversarial": "Adversarial training",
            "clip": "Pictures and words: CLIP",
        },
    ),
    (
        "Vision transformers",
        {
            "vit": "An image is a sequence of patches: ViT",
            "pyramid": "Pyramids of features",
            "swin": "Shifted windows: Swin",
            "mae": "Masked autoencoders",
            "llama": "LLaMA for pictures",
            "mlp": "Without attention: MLP mixers",
        },
    ),
    (
        "Restoration",
        {
            "restoration": "Degradations, metrics and memory",
            "multistage": "Many stages",
            "nafnet": "Without activations: NAFNet",
            "swinir": "SwinIR",
            "longrange": "How far must a network see?",
            "restormer": "Attention over channels: Restormer",
            "efficient": "Fast super-resolution",
        },
    ),
    ("Guidance", {"ttsr": "Texture transfer: TTSR", "semantic": "Semantic guidance"}),
    ("Any scale, priors", {"arbitrary": "Any scale", "diffusion": "Diffusion as a prior"}),
    (
        "MRI",
        {
            "mri": "From k-space to image",
            "mri_single": "One contrast",
            "mri_selfsupervised": "Without a ground truth",
            "mri_joint": "Reconstruction and super-resolution together",
            "mri_multicontrast": "One contrast guides another",
            "mri_semantic": "Semantic guidance in MRI",
            "mri_arbitrary": "Any scale in MRI",
            "capstone": "Capstone: your own paper",
        },
    ),
)


@dataclass(frozen=True, slots=True)
class System:
    """One row of systems.csv."""

    id: str
    system: str
    paper: str
    part: int
    chapter: str
    notes: str
    claim_to_show: str

    @property
    def claims(self) -> list[tuple[str, str]]:
        """The claims one by one, numbered in order: `swin.1`, `swin.2`, ..."""
        parts = [p.strip() for s in self.claim_to_show.split("; ") for p in s.split(". ") if p.strip()]
        return [(f"{self.id}.{number}", part.rstrip(".")) for number, part in enumerate(parts, 1)]


def systems() -> list[System]:
    """Every system of the course, in the order of its table."""
    with (PACKAGE / "systems.csv").open(encoding="utf-8", newline="") as table:
        return [System(**{**row, "part": int(row["part"])}) for row in csv.DictReader(table)]  # type: ignore[arg-type]
