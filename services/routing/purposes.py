"""What each kind of signed link is for (`link_api.py` shows its page and does what it says)."""

from collections.abc import Mapping

from services.routing import callback_work
from services.routing.links import Purpose

PURPOSES: Mapping[str, Purpose] = {
    callback_work.KIND: callback_work.CALLED,
}
