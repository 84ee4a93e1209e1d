"""One POST of a notice to an address that a brand book names: a secret reference comes in, one of four outcomes goes out."""

from collections.abc import Mapping

from libs.common import webcall
from libs.common.outcome import Outcome
from libs.common.webcall import Answer
from services.routing.ways.sending import Sending


async def post(reference: str, headers: Mapping[str, str], body: bytes, external_id: str, sending: Sending) -> Outcome:
    """Send `body` to the address that a reference of the brand's book stands for. Raises `secret.SecretMissing`, `secret.SecretRefused`."""

    async def begin() -> bool:
        return await sending.begin(external_id) and sending.in_time()

    said = await webcall.call(
        (await sending.secret(reference)).strip(),
        named=f"what {reference} names",
        headers=headers,
        body=body,
        reach=sending.web_reach,
        begin=begin,
        connect_timeout_s=sending.connect_timeout_s,
        answer_timeout_s=sending.answer_timeout_s,
    )
    return webcall.meant(said, external_id) if isinstance(said, Answer) else said
