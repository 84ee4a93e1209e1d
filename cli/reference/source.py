"""What the code of a service says about itself: read from its syntax, never by running it.

Source files reach this module; leaves it: which functions there are, which of them call which, and which events each of them names in order to
tell them. `cli/reference/flow.py` writes it down.

Calls are followed by name inside one service: `f()`, `module.f()`, `self.f()`, `Thing()`, and `thing.f()` where only one class has an `f`; and through
tables of functions that stand at the top of a module, such as what is done when a timer goes off. That is how services are written here, and a contract
test finds an event that nobody seems to tell.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path

GENERIC = frozenset({"test_redelivery.py", "test_brand_isolation.py"})
ROUTE_METHODS = frozenset({"get", "post", "put", "patch", "delete"})


@dataclass(frozen=True)
class Function:
    """One function or method, or a table of functions. `tells`: the events that it makes, or names to whoever makes them; `calls`: what it calls, by the
    names that it uses; `route`: method and path, where it answers a request."""

    module: str
    name: str
    tells: frozenset[str]
    calls: frozenset[tuple[str | None, str]]
    route: str | None

    @property
    def label(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass
class Service:
    """The functions of one service, by label, and who calls whom."""

    name: str
    functions: Mapping[str, Function] = field(default_factory=dict)

    @cached_property
    def _callees(self) -> dict[str, set[str]]:
        return {
            label: {found for call in function.calls if (found := self._found(function, call))}
            for label, function in self.functions.items()
        }

    def _found(self, caller: Function, call: tuple[str | None, str]) -> str | None:
        module, name = call
        if module == "?":
            return self._methods.get(name)
        if module == "self":
            name, module = f"{caller.name.rpartition('.')[0]}.{name}", None
        label = f"{module or caller.module}.{name}"
        return next((found for found in (label, f"{label}.__init__") if found in self.functions), None)

    @cached_property
    def _methods(self) -> dict[str, str]:
        """Method → label, where one class of the service has a method of that name, and no function has it."""
        names: dict[str, list[str]] = {}
        for label, function in self.functions.items():
            names.setdefault(function.name.rpartition(".")[2], []).append(label)
        return {name: labels[0] for name, labels in names.items() if len(labels) == 1 and "." in self.functions[labels[0]].name}

    def tellers(self, event: str) -> list[Function]:
        """The functions that tell an event, by name."""
        return [self.functions[label] for label in sorted(self.functions) if event in self.functions[label].tells]

    def told_by(self, label: str) -> set[str]:
        """The events that a function can tell, itself or by what it calls."""
        seen, waiting, events = {label}, [label], set[str]()
        while waiting:
            current = waiting.pop()
            events |= self.functions[current].tells if current in self.functions else set()
            new = self._callees.get(current, set()) - seen
            seen |= new
            waiting += new
        return events

    def beginnings(self, label: str, handlers: frozenset[str]) -> list[str]:
        """What leads to a function: the handlers, routes and loops from which calls come to it, sorted. Itself where nothing calls it,
        and nothing where only a GET does."""
        seen, waiting, found = {label}, [label], set[str]()
        while waiting:
            current = waiting.pop()
            used = {other for other, callees in self._callees.items() if current in callees and other != current}
            callers = {other for other in used if not self._tells_nothing(other)}
            if current in handlers or self.functions[current].route or (not any(map(self._is_get, used - callers)) and not callers):
                found.add(current)
                continue
            waiting += callers - seen
            seen |= callers
        return sorted(found)

    def _tells_nothing(self, label: str) -> bool:
        """Wiring only puts functions together, a check only looks, and so does a GET."""
        return label.startswith(("app.", "checks.")) or self._is_get(label)

    def _is_get(self, label: str) -> bool:
        return (self.functions[label].route or "").startswith("GET ")


def read(folder: Path, events: frozenset[str]) -> Service:
    """The service whose package is `folder`; `events` are the names of all event classes."""
    functions: dict[str, Function] = {}
    given: list[tuple[str, tuple[str | None, str]]] = []
    for path in sorted(folder.rglob("*.py")):
        module = ".".join(path.relative_to(folder).with_suffix("").parts)
        tree = ast.parse(path.read_text())
        functions |= {function.label: function for function in _functions(tree, module, folder.name, events)}
        given += _given(tree, folder.name)
    for label, call in given:
        if label in functions:
            functions[label] = replace(functions[label], calls=functions[label].calls | {call})
    return Service(folder.name, functions)


def _given(tree: ast.Module, service: str) -> Iterator[tuple[str, tuple[str | None, str]]]:
    """(label of a function, what it is given to call) of every `partial(module.function, …, what)`: so is a loop given its table of functions."""
    imported = _imports(tree, service)
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and _name(node.func) == "partial" and node.args):
            continue
        function = node.args[0]
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id in imported:
            inside, module = imported[function.value.id]
            label = f"{inside}.{module}.{function.attr}" if inside else f"{module}.{function.attr}"
            yield from ((label, call) for argument in node.args[1:] for call in _calls(argument, imported) if call[0] not in (None, "?"))


def _functions(tree: ast.Module, module: str, service: str, events: frozenset[str]) -> Iterator[Function]:
    imported = _imports(tree, service)
    for owner, node in _definitions(tree):
        yield Function(
            module,
            f"{owner}.{node.name}" if owner else node.name,
            frozenset(_told(node, events)),
            frozenset(_calls(node, imported)),
            next(filter(None, map(_route, node.decorator_list)), None),
        )
    for name, value in _constants(tree):
        yield Function(module, name, frozenset(), frozenset(_calls(value, imported)), None)


def _constants(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """(name, value) of what is set at the top of a module: whoever uses it can call the functions that stand in it."""
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            yield from ((name, node.value) for name in _defined(node))


def _definitions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """(class or nothing, function) for each; a function inside a function is part of the outer one."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield "", node
        elif isinstance(node, ast.ClassDef):
            yield from ((node.name, item) for item in node.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef))


def _imports(tree: ast.Module, service: str) -> dict[str, tuple[str | None, str]]:
    """Local name → (module of the same service, name there); the module alone where a module was imported."""
    found: dict[str, tuple[str | None, str]] = {}
    prefix = f"services.{service}"
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and f"{node.module}.".startswith(f"{prefix}."):
            inside = node.module.removeprefix(prefix).lstrip(".")
            for name in node.names:
                found[name.asname or name.name] = (inside, name.name) if inside else (None, name.name)
    return found


def _calls(node: ast.AST, imported: Mapping[str, tuple[str | None, str]]) -> Iterator[tuple[str | None, str]]:
    """What a function calls, or hands on to be called."""
    annotations = [getattr(item, name, None) for item in ast.walk(node) for name in ("annotation", "returns")]
    typed = {inner for annotation in annotations if annotation is not None for inner in ast.walk(annotation)}
    for item in ast.walk(node):
        if item in typed:
            continue
        if isinstance(item, ast.Attribute) and isinstance(item.value, ast.Name):
            base = item.value.id
            if base == "self":
                yield "self", item.attr
            elif base in imported:
                module, name = imported[base]
                yield (f"{module}.{name}" if module else name), item.attr
            else:
                yield "?", item.attr
        elif isinstance(item, ast.Name) and isinstance(item.ctx, ast.Load):
            yield imported.get(item.id, (None, item.id))


def _told(node: ast.FunctionDef | ast.AsyncFunctionDef, events: frozenset[str]) -> Iterator[str]:
    """The events whose class a function uses as a value: it makes one, or says which is to be made.

    Not told is what only stands in an annotation, in `isinstance`, or as `Event.type`; nor where `Outgoing(…).id` asks for the id of what was told
    before.
    """
    skipped: set[ast.AST] = set()
    asks_ids = False
    for item in ast.walk(node):
        if isinstance(item, ast.arg | ast.AnnAssign) and item.annotation is not None:
            skipped.update(ast.walk(item.annotation))
        elif isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
            skipped.update(ast.walk(item.returns) if item.returns else ())
        elif isinstance(item, ast.Call) and isinstance(item.func, ast.Name) and item.func.id in ("isinstance", "issubclass"):
            skipped.update(child for argument in item.args[1:] for child in ast.walk(argument))
        elif isinstance(item, ast.Attribute) and item.attr == "type":
            skipped.update(ast.walk(item))
        elif (
            isinstance(item, ast.Attribute)
            and item.attr == "id"
            and isinstance(item.value, ast.Call)
            and _name(item.value.func) == "Outgoing"
        ):
            asks_ids = True
    if asks_ids:
        return
    for item in ast.walk(node):
        if item not in skipped and (name := _name(item)) in events and not (isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store)):
            yield name


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _route(decorator: ast.expr) -> str | None:
    """`POST /v1/…` of a decorator that makes a route."""
    if not (isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute) and decorator.func.attr in ROUTE_METHODS):
        return None
    first = decorator.args[0] if decorator.args else None
    return f"{decorator.func.attr.upper()} {first.value}" if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


# --- tests ------------------------------------------------------------------------------------------------------------------------------


def tests_in_order(folder: Path) -> list[str]:
    """`path::test` of every test: by path, and in a file as they stand there."""
    return [f"{_path(folder, path)}::{name}" for path in _test_files(folder) for name in _used(path) if name.startswith("test_")]


def tests_naming(folder: Path, signs: frozenset[str]) -> dict[str, list[str]]:
    """Sign → `path::test` of every test that shows it, itself or by what it uses beside it in the same file.

    A sign is a name, a `module.name`, a whole text, or the last part of a path that begins with `/`.
    """
    found: dict[str, list[str]] = {sign: [] for sign in signs}
    for path in _test_files(folder):
        used = _used(path)
        for test in (name for name in used if name.startswith("test_")):
            for sign in _reached(test, used) & signs:
                found[sign].append(f"{_path(folder, path)}::{test}")
    return found


def _test_files(folder: Path) -> list[Path]:
    """Not those of all events or all routes alike, and of how events travel: they would stand under many, and say nothing of any."""
    generic = {folder / "contract", folder / "integration" / "common"}
    return [path for path in sorted(folder.rglob("test_*.py")) if path.parent not in generic and path.name not in GENERIC]


def _path(folder: Path, path: Path) -> str:
    return path.relative_to(folder.parent).as_posix()


@lru_cache
def _used(path: Path) -> dict[str, set[str]]:
    """Top-level name of a test file → the signs that it shows."""
    tree = ast.parse(path.read_text())
    local = {
        name.asname or name.name: _qualified(node, name) for node in tree.body if isinstance(node, ast.ImportFrom) for name in node.names
    }
    return {name: _signs(node, local) for node in tree.body for name in _defined(node)}


def _qualified(node: ast.ImportFrom, name: ast.alias) -> str:
    """`module.name` of what was imported, the module's last part only."""
    return f"{(node.module or '').rpartition('.')[2]}.{name.name}"


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _signs(node: ast.AST, local: Mapping[str, str]) -> set[str]:
    skipped = {child for item in ast.walk(node) if isinstance(item, ast.arg) and item.annotation for child in ast.walk(item.annotation)}
    found = {item.arg for item in ast.walk(node) if isinstance(item, ast.arg)}  # fixtures
    for item in ast.walk(node):
        if isinstance(item, ast.Constant) and isinstance(item.value, str):
            found |= {item.value, f"/{item.value.rpartition('/')[2]}"} if "/" in item.value else {item.value}
        elif item not in skipped and (name := _name(item)):
            found |= {name, local[name]} if name in local else {name}
            if isinstance(item, ast.Attribute) and isinstance(item.value, ast.Name):
                found.add(f"{item.value.id}.{name}")
    return found


def _reached(start: str, used: Mapping[str, set[str]]) -> set[str]:
    seen, waiting, signs = {start}, [start], set[str]()
    while waiting:
        here = used[waiting.pop()]
        signs |= here
        new = (here & used.keys()) - seen
        seen |= new
        waiting += new
    return signs
