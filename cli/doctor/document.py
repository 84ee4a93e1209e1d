"""docs/doctor.md, written from the checks themselves (`python -m cli.contracts`): a check that nobody describes cannot exist."""

from collections.abc import Sequence

from cli.reference.markdown import MARK
from libs.common.checks import Finding, Kind

_HEAD = f"""\
{MARK}

# weerklank doctor

```sh
weerklank doctor                      # this machine, and the stack on it when it runs
weerklank doctor --verbose            # also what is well, and why something was left out
weerklank doctor --json               # for programs
weerklank doctor --brand vaart        # of the brands, only this one
weerklank doctor --external           # with a Kafka and a PostgreSQL of your own
```

It looks, and changes nothing: before anything was ever started, while the embedded stack runs, and at services elsewhere. All checks run at once,
each under a time limit: what hangs is a finding of its own, and the whole takes 25 seconds at the most. The exit code is 1 when there is an error,
and 0 when there is none, with warnings too. What cannot be looked at (nothing runs, no address, no token) is left out, and `--verbose` says why.

A stack elsewhere is found by its environment: `WEERKLANK_URL_<SERVICE>` (INGEST, TRIAGE, …) for the services, `WEERKLANK_TOKEN` for an operator's
token (role `admin`, brand `*`), `WEERKLANK_KAFKA` for the brokers, `WEERKLANK_<SERVICE>_DATABASE_URL` for the databases. Each is optional: with only
the services known, they look at their own databases and positions.

What only a service's own process can see (its secrets, its issuer, the mail servers that it may reach) it tells itself, at `GET /v1/checks`, to an
operator's token. Mail servers are tried at most once a minute, however often doctor runs; nothing is sent, read or changed there. No secret is shown.

## Checks

`id` is stable. An account, a topic, a service or a brand that a finding is about stands beside it.
"""

_JSON = """\
## JSON

`--json` prints one object. It only gains fields.

| field | |
|---|---|
| `status` | `ok`, `warning` or `error`: the worst of what was looked at |
| `at` | when, UTC |
| `version` | of this command line |
| `data_dir` | where a local stack keeps its data |
| `brand` | what `--brand` named, else null |
| `counts` | how many findings are `error`, `warning`, `skipped` and `ok` |
| `checks` | the findings, the worst first |

A finding:

| field | |
|---|---|
"""

_FIELDS = {
    "id": "the kind of check, as above",
    "title": "the same for people",
    "status": "`ok`, `warning`, `error`, or `skipped` where it could not look",
    "about": "which thing, where there are several of the kind",
}


def document(kinds: Sequence[Kind]) -> str:
    """The whole page."""
    rows = [f"| `{kind.id}` | {_cell(kind.looks_at)} | {_cell(kind.remedy)} |" for kind in kinds]
    fields = [f"| `{name}` | {_FIELDS.get(name) or _lower(field.description or '')} |" for name, field in Finding.model_fields.items()]
    table = "\n".join(["| id | what it looks at | what to do |", "|---|---|---|", *rows])
    return f"{_HEAD}\n{table}\n\n{_JSON}" + "\n".join(fields) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|") or "–"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
