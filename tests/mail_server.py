"""A real SMTP server for the tests of what sends mail."""

import asyncio
import threading
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

from tests.stack import free_port


def text_of(mail: EmailMessage) -> str:
    """What a mail says, as plain text."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n").strip()


class MailServer:
    """A real SMTP server in a thread, which does as it is told: `answers` are given in turn, the last for ever.

    An answer is a line such as "250 OK"; `rcpt …` gives it to RCPT already; `drop` cuts the connection after the whole message has come; `hang …`
    keeps the answer until `release`.
    """

    def __init__(self) -> None:
        self.answers = ["250 OK"]
        self.received: list[bytes] = []
        self.attempts = 0
        self.connections = 0
        self.came = threading.Event()
        self.release = threading.Event()
        self.port = free_port()
        self._controller: Controller | None = None

    def start(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def stop(self) -> None:
        self.release.set()
        if self._controller:
            self._controller.stop()
            self._controller = None

    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(raw, policy=policy.default) for raw in self.received]

    def _next(self) -> str:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    async def handle_EHLO(self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        self.attempts += 1
        if self.answers[0].startswith("rcpt "):
            return self._next().removeprefix("rcpt ")
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        answer = self._next()
        self.received.append(envelope.content)
        self.came.set()
        if answer == "drop":
            server.transport.abort()
            return "250 OK"
        if answer.startswith("hang "):
            await asyncio.get_running_loop().run_in_executor(None, self.release.wait, 60)
        return answer.removeprefix("hang ")
