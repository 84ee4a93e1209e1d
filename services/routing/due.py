"""What each kind of timer does when its time has come (`timer.py` calls it)."""

from collections.abc import Mapping

from services.routing import (
    callback_work,
    consultation_work,
    hold,
    hub,
    legal_check,
    legal_check_work,
    presence,
    promise_work,
    returning,
    signal,
    spike,
)
from services.routing.timer import Due, Together

DUE: Mapping[str, Due] = {
    callback_work.KIND: Together(callback_work.went_off),
    consultation_work.KIND: Together(consultation_work.went_off),
    legal_check.KIND: legal_check_work.LOOK,
    presence.KIND: returning.look,
    promise_work.KIND: Together(promise_work.went_off),
    hold.TIMER: hold.over,
    hub.KIND: hub.on_timer,
    signal.KIND: signal.on_timer,
    spike.KIND: spike.on_timer,
}
