"""The one error of the embedded stack: raised by ``cli.stack``, printed by the command line without a traceback."""


class StackError(Exception):
    """Something outside the program keeps the stack from running; the text says what, where, and what to do."""


class NeverStarted(StackError):
    """There is no stack in that directory, and never was."""
