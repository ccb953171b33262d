"""Byte pair encoding: text as tokens, and back, with the vocabulary files of GPT-2 and CLIP.

Sennrich et al., ACL 2016, arXiv:1508.07909, Sec. 3.2; on bytes as in Radford et al., "Language Models are
Unsupervised Multitask Learners", 2019, Sec. 2.2. The files are not shipped: GPT-2's are `vocab.json` (token to
number) and `merges.txt` (pairs, the most frequent first); CLIP's is the list of merges alone, whose tokens are
numbered in the order in which they arise.

Departures: letters and digits are Python's `\\w` classes, which differ from the authors' in a few rare signs.
"""

import gzip
import html
import json
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import torch
from jaxtyping import Int
from torch import Tensor

LARGEST_FILE = 32 * 2**20  # bytes; the authors' are below 2 MiB
END = "</w>"  # CLIP marks the last piece of a word
CLIP_MERGES = 48_894  # of the list's 262,144 lines CLIP takes this many
GPT_WORDS = re.compile(r"'(?:s|t|re|ve|m|ll|d)| ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+")
CLIP_WORDS = re.compile(
    r"<\|startoftext\|>|<\|endoftext\|>|'(?:s|t|re|ve|m|ll|d)|[^\W\d_]+|\d|(?:[^\s\w]|_)+", re.IGNORECASE
)


def byte_signs() -> dict[int, str]:
    """A visible sign for every byte: itself where it prints, else one behind the first 256."""
    printing = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = [byte for byte in range(256) if byte not in printing]
    return {b: chr(b) for b in printing} | {b: chr(256 + i) for i, b in enumerate(rest)}


class BytePairs:
    """Text to tokens and back. `clip` splits words and marks their ends as CLIP does."""

    def __init__(
        self, vocabulary: Mapping[str, int], merges: Sequence[tuple[str, str]], *, clip: bool = False
    ) -> None:
        self.vocabulary, self.clip = dict(vocabulary), clip
        self.rank = {pair: number for number, pair in enumerate(merges)}
        self.words = {number: word for word, number in self.vocabulary.items()}
        self.sign = byte_signs()
        self.byte = {sign: byte for byte, sign in self.sign.items()}
        lacking = [a + b for a, b in merges if a + b not in self.vocabulary]
        if lacking:
            raise ValueError(
                f"{len(lacking)} merges make a token that is not in the vocabulary: {lacking[0]!r}"
            )

    @classmethod
    def gpt(cls, vocabulary: Path, merges: Path) -> "BytePairs":
        """From GPT-2's two files; ValueError, which names the file, where one is not what it should be."""
        try:
            table = json.loads(_read(vocabulary))
        except json.JSONDecodeError as error:
            raise ValueError(f"{vocabulary} is not JSON (line {error.lineno})") from error
        if not isinstance(table, dict) or not all(isinstance(number, int) for number in table.values()):
            raise ValueError(f"{vocabulary} is not a table of token to number")
        return cls(table, _merges(merges, _read(merges)))

    @classmethod
    def for_clip(cls, merges: Path, count: int = CLIP_MERGES) -> "BytePairs":
        """From CLIP's list of merges, also gzipped: single bytes, bytes that end a word, merges, two marks."""
        pairs = _merges(merges, _read(merges))[:count]
        signs = list(byte_signs().values())
        tokens = [*signs, *(sign + END for sign in signs), *(a + b for a, b in pairs)]
        tokens += ["<|startoftext|>", "<|endoftext|>"]
        return cls({token: number for number, token in enumerate(tokens)}, pairs, clip=True)

    def encode(self, text: str) -> list[int]:
        """Tokens of any text."""
        if self.clip:
            text = re.sub(r"\s+", " ", html.unescape(html.unescape(text))).strip().lower()
        found = (CLIP_WORDS if self.clip else GPT_WORDS).findall(text)
        return [self.vocabulary[piece] for word in found for piece in self._pieces(word)]

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of tokens; ValueError for a number that is none. Broken bytes become a replacement sign."""
        unknown = [token for token in tokens if token not in self.words]
        if unknown:
            raise ValueError(f"token {unknown[0]} is none of the {len(self.words)} of the vocabulary")
        text = "".join(self.words[token] for token in tokens)
        spaced = text.replace(END, self.sign[ord(" ")]) if self.clip else text
        known = (self.byte[sign] for sign in spaced if sign in self.byte)
        return bytes(known).decode("utf-8", errors="replace")

    def prompts(self, texts: Sequence[str], length: int = 77) -> Int[Tensor, "m n"]:
        """CLIP's input: each text between its two marks, then zeros; ValueError for one that is too long."""
        rows = torch.zeros(len(texts), length, dtype=torch.long)
        start, end = self.vocabulary["<|startoftext|>"], self.vocabulary["<|endoftext|>"]
        for row, text in zip(rows, texts, strict=True):
            tokens = [start, *self.encode(text), end]
            if len(tokens) > length:
                raise ValueError(f"{text!r} has {len(tokens)} tokens with its marks, a prompt has {length}")
            row[: len(tokens)] = torch.tensor(tokens)
        return rows

    def _pieces(self, word: str) -> list[str]:
        """The word's signs, the pair that was merged first in training joined first, until none is left."""
        if word in ("<|startoftext|>", "<|endoftext|>"):
            return [word]
        pieces = [self.sign[byte] for byte in word.encode("utf-8")]
        if self.clip:
            pieces[-1] += END
        while len(pieces) > 1:
            first = min(pairwise(pieces), key=lambda pair: self.rank.get(pair, len(self.rank)))
            if first not in self.rank:
                break
            joined, place = [], 0
            while place < len(pieces):
                both = tuple(pieces[place : place + 2]) == first
                joined.append("".join(first) if both else pieces[place])
                place += 2 if both else 1
            pieces = joined
        return pieces


def _read(path: Path) -> str:
    """A text file, gzipped or not, of bounded size."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise ValueError(f"{path} is larger than {LARGEST_FILE:,} bytes, so it is no vocabulary")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not text in UTF-8 (byte {error.start})") from error


def _merges(path: Path, text: str) -> list[tuple[str, str]]:
    """The pairs, one a line, below a first line that tells the version."""
    lines = text.splitlines()
    rows = [tuple(line.split()) for line in lines[1:] if line.strip()]
    wrong = next((number for number, row in enumerate(rows, start=2) if len(row) != 2), None)
    if wrong is not None:
        raise ValueError(f"{path} has no pair of tokens in line {wrong}")
    return [(row[0], row[1]) for row in rows]
