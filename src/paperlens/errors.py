"""The one exception whose text is written for the person at the keyboard."""


class UserError(Exception):
    """A user's mistake or a machine's limit, told in one sentence: expected, found, what to do.

    The command line prints the sentence and exits with 2; a traceback never reaches the user.
    """
