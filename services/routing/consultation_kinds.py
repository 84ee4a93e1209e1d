"""What each kind of question does to its case beside being asked (`consultation_work.py` asks it). A question in its own right does nothing more."""

from collections.abc import Mapping

from services.routing.consultation import Reaction

REACTIONS: Mapping[str, Reaction] = {}
