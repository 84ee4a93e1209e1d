"""How replies leave: one module for each type of account of a brand book, all with the functions of `contract.py`."""

from collections.abc import Mapping

from services.responder.channels import sandbox, smtp, webhook
from services.responder.channels.contract import SendingChannel

CHANNELS: Mapping[str, SendingChannel] = {"smtp": smtp, "webhook": webhook}
"""By the type of the account. The sandbox is none of a book's: it is what stands in for all of them."""
SANDBOX: SendingChannel = sandbox
