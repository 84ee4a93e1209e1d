"""The error of the command line: one sentence for standard error, and the exit code that goes with it.

Exit codes: 0 done; 1 it failed, or something is not well; 2 the command or a file given to it is wrong; 3 nothing runs; 4 there is no such thing.
"""

FAILED, WRONG, NOTHING_RUNS, NOT_FOUND, OURS = 1, 2, 3, 4, 70


class CommandError(Exception):
    """The text says what is the matter and what to do; it is all that a person sees."""

    def __init__(self, text: str, code: int = FAILED) -> None:
        super().__init__(text)
        self.code = code


class Refused(CommandError):
    """A service answered, and the answer was no. ``status`` is the HTTP status, ``problem`` its problem details (RFC 9457)."""

    def __init__(self, text: str, status: int, problem: dict[str, object]) -> None:
        super().__init__(text, NOT_FOUND if status == 404 else FAILED)
        self.status, self.problem = status, problem
