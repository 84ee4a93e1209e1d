"""What each kind of timer does when its time has come (`timer.py` calls it)."""

from collections.abc import Mapping

from services.routing import presence, returning
from services.routing.timer import Due

DUE: Mapping[str, Due] = {
    presence.KIND: returning.look,
}
