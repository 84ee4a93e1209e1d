"""Mails in which servers say what became of another mail, in the forms that their makers document: written for these tests."""

from email.utils import formatdate

ID = "c7a9c1a2-6b1e-5f0e-9d53-2b8e3c1f4a5b@vaart.example"
TO = "sanne@klant.example"


def original(reply_to: str, message_id: str = ID) -> str:
    """The headers of what was sent."""
    lines = [
        "From: Vaart <zorg@vaart.example>",
        f"To: {TO}",
        "Subject: Re: Mijn internet",
        f"Message-ID: <{message_id}>",
        "MIME-Version: 1.0",
    ]
    return "\n".join([*lines, *([f"Reply-To: Vaart <{reply_to}>"] if reply_to else [])])


def _mail(head: str, body: str) -> bytes:
    return f"{head}\nDate: {formatdate(1772445600)}\n\n{body}".replace("\n", "\r\n").encode()


def _report(sender: str, subject: str, said: str, fields: str, returned: str, more: str = "", kind: str = "message/rfc822") -> bytes:
    head = f"""Return-Path: <>
From: {sender}
To: zorg@vaart.example
Subject: {subject}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="grens"{more}"""
    body = f"""--grens
Content-Type: text/plain; charset=us-ascii

{said}

--grens
Content-Type: message/delivery-status

{fields}

--grens
Content-Type: {kind}

{returned}

Hoi Sanne, dat zoek ik voor je uit.
--grens--
"""
    return _mail(head, body)


def postfix(reply_to: str = "", message_id: str = ID, action: str = "failed", status: str = "5.1.1") -> bytes:
    """RFC 3464, with the headers alone, as Postfix returns a mail that is larger than it likes."""
    fields = f"""Reporting-MTA: dns; mx.vaart.example
X-Postfix-Queue-ID: 4Rz9x03Yz1
X-Postfix-Sender: rfc822; zorg@vaart.example
Arrival-Date: Mon,  2 Mar 2026 11:00:00 +0100 (CET)

Final-Recipient: rfc822; {TO}
Original-Recipient: rfc822;{TO}
Action: {action}
Status: {status}
Remote-MTA: dns; mx.klant.example
Diagnostic-Code: smtp; 550 5.1.1 <{TO}>: Recipient address rejected: User
    unknown in virtual mailbox table"""
    said = f"I'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients.\n\n<{TO}>: host mx.klant.example said"
    return _report("MAILER-DAEMON@vaart.example (Mail Delivery System)", "Undelivered Mail Returned to Sender", said, fields,
                   original(reply_to, message_id), "\nAuto-Submitted: auto-replied", "text/rfc822-headers")  # fmt: skip


def exchange(reply_to: str = "", message_id: str = ID) -> bytes:
    """RFC 3464, with the status in a group of its own and the enhanced code in words."""
    fields = f"""Reporting-MTA: dns;AM0PR05MB4866.eurprd05.prod.outlook.example
Received-From-MTA: dns;mail.vaart.example
Arrival-Date: Mon, 2 Mar 2026 10:00:00 +0000

Final-Recipient: rfc822;{TO}
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient {TO} not found by SMTP address lookup
Remote-MTA: dns;AM0PR05MB4866.eurprd05.prod.outlook.example"""
    more = f"\nIn-Reply-To: <{message_id}>\nReferences: <{message_id}>\nX-MS-Exchange-Message-Is-Ndr:"
    return _report("Microsoft Outlook <postmaster@outlook.example>", "Undeliverable: Re: Mijn internet", "Your message couldn't be delivered.",
                   fields, original(reply_to, message_id), more)  # fmt: skip


def gmail(reply_to: str = "", message_id: str = ID) -> bytes:
    """RFC 3464 inside multipart/report, with what failed in a header too and the words in two forms."""
    fields = f"""Reporting-MTA: dns; googlemail.example
Arrival-Date: Mon, 02 Mar 2026 02:00:00 -0800 (PST)
X-Original-Message-ID: <{message_id}>

Final-Recipient: rfc822; {TO}
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp; 552-5.2.2 The email account that you tried to reach is over quota.
Last-Attempt-Date: Mon, 02 Mar 2026 02:00:01 -0800 (PST)"""
    more = f"\nAuto-Submitted: auto-replied\nX-Failed-Recipients: {TO}\nIn-Reply-To: <{message_id}>\nReferences: <{message_id}>"
    return _report("Mail Delivery Subsystem <mailer-daemon@googlemail.example>", "Delivery Status Notification (Failure)",
                   "** Address not found **", fields, original(reply_to, message_id), more)  # fmt: skip


def exim(reply_to: str = "", message_id: str = ID) -> bytes:
    """Mere text, with what failed in a header, as Exim wrote before it made reports."""
    head = f"""Return-path: <>
X-Failed-Recipients: {TO}
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mx.vaart.example>
To: zorg@vaart.example
Subject: Mail delivery failed: returning message to sender"""
    body = f"""This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  {TO}
    host mx.klant.example [192.0.2.7]
    SMTP error from remote mail server after RCPT TO:<{TO}>:
    550 5.7.1 Policy rejection

------ This is a copy of the message, including all the headers. ------

{original(reply_to, message_id)}

Hoi Sanne, dat zoek ik voor je uit. Fout 554 kennen we.
"""
    return _mail(head, body)


def qmail(reply_to: str = "", message_id: str = ID) -> bytes:
    head = "Return-Path: <>\nFrom: MAILER-DAEMON@mx.klant.example\nTo: zorg@vaart.example\nSubject: failure notice"
    body = f"""Hi. This is the qmail-send program at mx.klant.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{TO}>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

{original(reply_to, message_id)}

Hoi Sanne.
"""
    return _mail(head, body)


def read_receipt(reply_to: str = "", message_id: str = ID) -> bytes:
    """RFC 8098: somebody has seen it, or their program says so."""
    head = f"""From: Sanne <{TO}>
To: {reply_to or "zorg@vaart.example"}
Subject: Read: Re: Mijn internet
In-Reply-To: <{message_id}>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=disposition-notification; boundary="grens\""""
    body = f"""--grens
Content-Type: text/plain

Your message was displayed.

--grens
Content-Type: message/disposition-notification

Final-Recipient: rfc822;{TO}
Original-Message-ID: <{message_id}>
Disposition: manual-action/MDN-sent-manually; displayed

--grens--
"""
    return _mail(head, body)
