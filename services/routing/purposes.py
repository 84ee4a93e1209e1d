"""What each kind of signed link is for (`link_api.py` shows its page and does what it says)."""

from collections.abc import Mapping

from services.routing import callback_work, consultation_links, consultation_notices, hub_links
from services.routing.links import Purpose

PURPOSES: Mapping[str, Purpose] = {
    callback_work.KIND: callback_work.CALLED,
    consultation_notices.PURPOSE: consultation_links.ANSWER,
    "incident-ack": hub_links.ACKNOWLEDGE,
    "incident-say": hub_links.SAY,
    "incident-sign": hub_links.SIGN,
}
