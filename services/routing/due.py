"""What each kind of timer does when its time has come (`timer.py` calls it)."""

from collections.abc import Mapping

from services.routing import callback_work, hold, presence, returning
from services.routing.timer import Due

DUE: Mapping[str, Due] = {
    callback_work.KIND: callback_work.went_off,
    presence.KIND: returning.look,
    hold.TIMER: hold.over,
}
