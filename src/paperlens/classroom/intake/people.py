"""Names: from what a platform or a roster writes to an id that is safe as a folder, in the gradebook and in a table."""

import re
import unicodedata
import zlib

STUDENT = re.compile(r"[\w@][\w.@+\-]{0,99}")
LONGEST = 100  # characters of an id, and
MOST_BYTES = 180  # bytes: a file's name may have 255


def student_id(name: str) -> str:
    """What is not allowed becomes an underscore; what is too long is cut, with a number that keeps it apart."""
    whole = unicodedata.normalize("NFC", name.strip())
    clean = re.sub(r"[^\w.@+\-]", "_", whole).lstrip(".-+")
    if len(clean) > LONGEST or len(clean.encode("utf-8", "replace")) > MOST_BYTES:
        mark = f"_{zlib.crc32(whole.encode('utf-8', 'replace')):08x}"
        kept = clean[: LONGEST - len(mark)].encode("utf-8", "replace")[: MOST_BYTES - len(mark)]
        clean = kept.decode("utf-8", "ignore") + mark
    return clean if STUDENT.fullmatch(clean) else f"unnamed_{zlib.crc32(name.encode('utf-8', 'replace')):08x}"


def shown(name: str) -> str:
    """A name on one line, whatever is in it."""
    return "".join(c if c.isprintable() else "?" for c in name[:300])


def key(*words: str) -> str:
    """What two spellings of a name have in common: its letters and digits."""
    joined = unicodedata.normalize("NFKC", "".join(words)).casefold()
    return "".join(c for c in joined if c.isalnum())


class Roster:
    """Who is who: ids, and other spellings under which a platform may know them."""

    def __init__(self, people: list[dict[str, str]]) -> None:
        self.ids = [person["id"] for person in people]
        self.spellings: dict[str, str] = {}
        doubtful: set[str] = set()
        for person in people:
            first, last = person.get("first_name") or "", person.get("last_name") or ""
            local = (person.get("email") or "").partition("@")[0]
            if not first:  # a name that a collection found, and no roster: its id says the same
                first = last = ""
            for spelling in {key(first, last), key(last, first), key(local)} - {""}:
                if self.spellings.setdefault(spelling, person["id"]) != person["id"]:
                    doubtful.add(spelling)
        for spelling in doubtful:
            del self.spellings[spelling]

    def match(self, name: str) -> str:
        """The id of a name as it was found: itself, another spelling of a known one, or the cleaned name."""
        clean = student_id(name)
        if clean in self.ids:
            return clean
        # GitHub Classroom: `hw1-swin-ana` is ana's, if ana is known and the whole is not.
        tails = [clean.split("-", n)[-1] for n in range(1, clean.count("-") + 1)]
        found = [tail for tail in tails if tail in self.ids]
        if found:
            return found[0]
        return self.spellings.get(key(name), clean)
