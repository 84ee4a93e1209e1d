"""`docs/reference/cli.md`: every command of `weerklank`, from the program itself.

The typer app reaches this module; one page leaves it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from cli.main import EXIT_CODES, app
from cli.reference import markdown as md


def page() -> str:
    """The whole of cli.md."""
    program: Any = typer.main.get_command(app)
    found = list(_commands(program, "weerklank"))
    return md.generated(
        "# Command line",
        f"`weerklank` is in `.venv/bin` after `make setup`. {md.plain(EXIT_CODES)}",
        md.table(("command", "what it does"), [(f"[`{name}`](#{md.anchor(name)})", _first(command)) for name, command in found]),
        *(part for name, command in found for part in _command(name, command)),
    )


def options() -> dict[str, set[str]]:
    """Command → the options that it takes."""
    program: Any = typer.main.get_command(app)
    groups = {"weerklank": program, **dict(_commands(program, "weerklank"))}
    return {
        name: {option for one in command.params if one.param_type_name == "option" for option in one.opts} | {"-h", "--help"}
        for name, command in groups.items()
    }


def _commands(group: Any, name: str) -> Iterator[tuple[str, Any]]:
    for word, command in group.commands.items():
        if command.hidden:
            continue
        yield f"{name} {word}", command
        if hasattr(command, "commands"):
            yield from _commands(command, f"{name} {word}")


def _first(command: Any) -> str:
    """What a group is for, or the first paragraph of a command's help."""
    return md.plain(" ".join(str(command.help or "").split("\n\n")[0].split()))


def _command(name: str, command: Any) -> Iterator[str]:
    yield f"## {name}"
    yield md.plain("\n\n".join(" ".join(paragraph.split()) for paragraph in str(command.help or "").split("\n\n")))
    positional = [one for one in command.params if one.param_type_name == "argument"]
    named = [one for one in command.params if one.param_type_name == "option" and not one.hidden]
    words = [
        name,
        *(_place(one) for one in positional),
        *(["COMMAND"] if hasattr(command, "commands") else []),
        "[OPTIONS]",
    ]
    yield md.block(" ".join(words), "text")
    rows = [(f"`{_place(one)}`", _help(one)) for one in positional]
    rows += [(" ".join(f"`{option}`" for option in (*one.opts, *one.secondary_opts)) + _value(one), _help(one)) for one in named]
    if rows:
        yield md.table(("", "meaning"), rows)


def _value(option: Any) -> str:
    kind = option.type_descriptor.annotation
    word = {int: "NUMBER", float: "NUMBER", Path: "PATH"}.get(kind, "TEXT")
    return "" if option.is_flag else f" `{option.metavar or word}`"


def _help(one: Any) -> str:
    default = one.default
    needed = " Must be given." if one.required and one.param_type_name == "option" else ""
    shown = f" Without it: `{default}`." if default not in (None, False, [], ()) and not callable(default) and not one.required else ""
    variable = f" Or in `{one.envvar}`." if getattr(one, "envvar", None) else ""
    text = md.plain(getattr(one, "help", None) or "")
    return f"{text}{'.' if text and not text.endswith('.') else ''}{needed}{shown}{variable}".strip()


def _place(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper())
