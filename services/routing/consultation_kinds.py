"""What each kind of question does to its case beside being asked (`consultation_work.py` asks it). A question in its own right does nothing more."""

from collections.abc import Mapping

from services.routing import legal_check
from services.routing.consultation import LEGAL_CHECK, Reaction

REACTIONS: Mapping[str, Reaction] = {LEGAL_CHECK: legal_check.react}
