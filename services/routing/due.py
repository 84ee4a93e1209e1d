"""What each kind of timer does when its time has come (`timer.py` calls it)."""

from collections.abc import Mapping

from services.routing.timer import Due

DUE: Mapping[str, Due] = {}
