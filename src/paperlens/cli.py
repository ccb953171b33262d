"""The `paperlens` command: a plain table of subcommands, each in the room it belongs to."""

import errno
import importlib
import os
import sys
from collections.abc import Sequence

from paperlens.errors import UserError

# name -> (module with `main(argv) -> int`, or module:function, one line of help). Imported on use, so that
# `paperlens` alone is quick.
COMMANDS: dict[str, tuple[str, str]] = {
    "load": (
        "paperlens.checkpoints.load_command",
        "tell which system and configuration a checkpoint file is",
    ),
    "run": ("paperlens.checkpoints.run_command", "put a picture through the network in a checkpoint file"),
    "train": ("paperlens.recipes.command:train", "train one seed of a recipe, with checkpoints"),
    "reproduce": (
        "paperlens.recipes.command:reproduce",
        "train a recipe again and compare with its committed result",
    ),
    "data": ("paperlens.data.command", "check a folder of IXI or fastMRI files, or the shipped files"),
    "class": ("paperlens.classroom.command", "release, collect, grade and export exercises of a class"),
    "book": ("paperlens.site.command", "execute the chapters, build and serve the site, open JupyterLab"),
}


def usage() -> str:
    """The list of subcommands, one line each."""
    rows = [f"  {name:<10} {line}" for name, (_, line) in COMMANDS.items()]
    return "\n".join(["usage: paperlens COMMAND ...", "", *rows, "", "paperlens COMMAND --help tells more."])


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand; a user's mistake ends in one sentence and exit code 2."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in ("-h", "--help"):
        print(usage())
        return 0
    name = arguments[0]
    if name not in COMMANDS:
        print(f"paperlens: no command {name!r}; there are {', '.join(COMMANDS)}.", file=sys.stderr)
        return 2
    try:
        module, _, function = COMMANDS[name][0].partition(":")
        return int(getattr(importlib.import_module(module), function or "main")(arguments[1:]))
    except UserError as error:
        print(f"paperlens: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("paperlens: interrupted; what was finished is kept.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `paperlens ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        print(f"paperlens: {sentence(error)}", file=sys.stderr)
    return 2


def sentence(error: OSError) -> str:
    """What the operating system refused, as a sentence with a way out."""
    where = f" at {error.filename}" if error.filename else ""
    if error.errno == errno.ENOSPC:
        return f"the disk is full{where}; free some space and run the same command again, nothing finished is lost."
    if error.errno == errno.EACCES:
        return f"no permission{where}; check who owns it, or choose another folder."
    if error.errno == errno.EROFS:
        return f"the file system is read-only{where}; choose a folder that can be written."
    return f"{error.strerror or error}{where}."


if __name__ == "__main__":
    sys.exit(main())
