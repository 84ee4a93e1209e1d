"""What was found, for people and for programs: the worst first, and one line that sums it up."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from libs.common.checks import SEVERITY, Finding, Status

SHOWN: tuple[Status, ...] = ("error", "warning")
_COUNTED = {
    "error": ("error", "errors"),
    "warning": ("warning", "warnings"),
    "ok": ("check fine", "checks fine"),
    "skipped": ("left out", "left out"),
}


def as_text(findings: Sequence[Finding], *, verbose: bool) -> str:
    """A paragraph for each error and warning, with `verbose` a line for each of the others. Findings come in order of severity."""
    paragraphs = [_paragraph(finding) for finding in findings if verbose or finding.status in SHOWN]
    return "\n".join([*paragraphs, summary(findings)]) + "\n"


def _paragraph(finding: Finding) -> str:
    about = f" ({finding.about})" if finding.about else ""
    if finding.status not in SHOWN:
        return f"{finding.status:<8} {finding.id}{about}: {finding.found}"
    return f"{finding.status.upper():<8} {finding.id}{about}\n         {finding.found}\n         To do: {finding.remedy}\n"


def summary(findings: Sequence[Finding]) -> str:
    counted = counts(findings)
    parts = [f"{counted[status]} {_COUNTED[status][counted[status] != 1]}" for status in ("error", "warning", "ok", "skipped")]
    return ", ".join(parts) + (" (--verbose says why)." if counted["skipped"] else ".")


def counts(findings: Sequence[Finding]) -> dict[str, int]:
    return {status: sum(finding.status == status for finding in findings) for status in SEVERITY}


def overall(findings: Sequence[Finding]) -> Status:
    """The worst of what was looked at; what was not says neither yes nor no."""
    counted = counts(findings)
    return "error" if counted["error"] else "warning" if counted["warning"] else "ok"


def as_json(findings: Sequence[Finding], at: datetime, version: str, data_dir: str, brand: str | None) -> str:
    """One object; its shape is described in docs/doctor.md, and only gains fields."""
    document: dict[str, Any] = {
        "status": overall(findings),
        "at": at.isoformat(timespec="seconds"),
        "version": version,
        "data_dir": data_dir,
        "brand": brand,
        "counts": counts(findings),
        "checks": [finding.model_dump(mode="json") for finding in findings],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
