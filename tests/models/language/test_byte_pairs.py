"""Byte pairs, on a vocabulary made here."""

import gzip
import json

import pytest

from paperlens.models.language.byte_pairs import BytePairs, byte_signs

MERGES = [("l", "o"), ("lo", "w"), ("Ġ", "low"), ("e", "r")]


@pytest.fixture
def gpt(tmp_path):
    tokens = [*byte_signs().values(), *("".join(pair) for pair in MERGES)]
    vocabulary, merges = tmp_path / "vocab.json", tmp_path / "merges.txt"
    vocabulary.write_text(json.dumps({token: n for n, token in enumerate(tokens)}), "utf-8")
    merges.write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in MERGES), "utf-8")
    return BytePairs.gpt(vocabulary, merges)


@pytest.fixture
def clip(tmp_path):
    merges = tmp_path / "merges.txt.gz"
    pairs = ["l o", "lo w</w>", "e r</w>"]
    merges.write_bytes(gzip.compress(("version\n" + "\n".join(pairs) + "\n").encode()))
    return BytePairs.for_clip(merges)


def pieces(tokenizer, text):
    return [tokenizer.words[token] for token in tokenizer.encode(text)]


def test_the_earliest_merge_comes_first(gpt):
    assert pieces(gpt, "lower slow low") == ["low", "er", "Ġ", "s", "low", "Ġlow"]


@pytest.mark.parametrize(
    "text", ["low lower", "  two  spaces\n\tand it's 42.", "Grüße, 世界 🙂", "", "_a__b"]
)
def test_any_text_comes_back(gpt, text):
    assert gpt.decode(gpt.encode(text)) == text


def test_every_byte_has_its_own_visible_sign():
    signs = byte_signs()
    assert len(set(signs.values())) == 256
    assert all(len(sign) == 1 and not sign.isspace() for sign in signs.values())
    assert signs[ord(" ")] == "Ġ" and signs[ord("A")] == "A"


def test_clip_marks_the_ends_of_words_and_of_texts(clip):
    assert pieces(clip, "  LOW  lower ") == ["low</w>", "lo", "w", "er</w>"]
    assert clip.decode(clip.encode("Low lower!")) == "low lower ! "
    rows = clip.prompts(["low", "low low"], length=5)
    start, end, low = (clip.vocabulary[t] for t in ("<|startoftext|>", "<|endoftext|>", "low</w>"))
    assert rows.tolist() == [[start, low, end, 0, 0], [start, low, low, end, 0]]
    assert end == max(clip.vocabulary.values()) == 256 * 2 + 3 + 1
    with pytest.raises(ValueError, match="7 tokens with its marks, a prompt has 5"):
        clip.prompts(["low low low low low"], length=5)


def test_what_is_no_vocabulary_is_told(tmp_path, gpt):
    with pytest.raises(ValueError, match="token 999 is none of the 260"):
        gpt.decode([999])
    file, merges = tmp_path / "x.json", tmp_path / "merges.txt"
    for content, message in ((b"{", "not JSON"), (b"[1]", "not a table"), (b"\xff\xfe", "not text in UTF-8")):
        file.write_bytes(content)
        with pytest.raises(ValueError, match=message):
            BytePairs.gpt(file, merges)
    file.write_text("{}", "utf-8")
    with pytest.raises(ValueError, match="4 merges make a token that is not in the vocabulary: 'lo'"):
        BytePairs.gpt(file, merges)
    merges.write_text("#version\nl o w\n", "utf-8")
    with pytest.raises(ValueError, match="no pair of tokens in line 2"):
        BytePairs.gpt(file, merges)
