"""Worlds that are really broken, each in one way, and the finding that names it with its remedy. One stack for all of them, in the order of this file."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiosmtpd.controller import Controller

from cli.doctor import command, kafka, postgres, services
from cli.doctor.world import World
from libs.common import checks, databasechecks, logchecks
from libs.common.accountchecks import CERTIFICATE, LOGIN, SECRET
from libs.common.checks import Finding, Kind, Status
from libs.common.topics import CASES, MENTIONS, MENTIONS_BULK, Mended, create_topics, mend_topics
from services.routing import checks as bookchecks
from tests.integration.doctor.mail import PASSWORD, Handler, certificate, mail_server
from tests.stack import free_port
from tests.system import System
from tests.waiting import eventually, until

SECRETS = {"VAART_RIGHT": PASSWORD, "VAART_WRONG": "wrong-one", "VAART_ENS_SMTP": PASSWORD}
BOUND_S = 25


@dataclass
class Surgery:
    """The stack, and what doctor says about it."""

    system: System
    home: Path
    servers: dict[str, tuple[Controller, Handler]]
    closed_port: int

    def world(self, brand: str | None = None, **environment: str) -> World:
        system = self.system
        given = {f"WEERKLANK_URL_{name.partition('-')[0].upper()}": service.url for name, service in system.services.items()}
        given |= {f"WEERKLANK_{name.upper()}_DATABASE_URL": url for name, url in system.urls.items()}
        given |= {"WEERKLANK_KAFKA": system.kafka.bootstrap, "WEERKLANK_TOKEN": system.issuer.token("admin", ["*"])}
        return World(self.home / "no-stack-here", given | environment, brand=brand)

    async def examine(self, brand: str | None = None, **environment: str) -> list[Finding]:
        async with asyncio.timeout(BOUND_S):
            return await command.examine(self.world(brand, **environment))

    async def look(self, *parts: Any, **environment: str) -> list[Finding]:
        """What some of doctor's modules find."""
        world = self.world(**environment)
        try:
            return checks.worst_of(await checks.run([probe for part in parts for probe in part.probes(world)]))
        finally:
            await world.close()

    async def publish(self, brand: str, **more: Any) -> None:
        book = {
            "brand": brand,
            "name": brand.title(),
            "languages": ["nl"],
            "team": [{"id": "gs", "first_name": "Guus", "initials": "gs"}],
            **more,
        }
        path = f"/v1/brands/{brand}/book"
        standing = self.system.call("routing", "GET", path, brand=brand).headers.get("etag")
        headers = {"content-type": "application/yaml", **({"if-match": standing} if standing else {"if-none-match": "*"})}
        content = json.dumps(book).encode()  # JSON is YAML too
        answer = self.system.call("routing", "PUT", path, brand=brand, content=content, headers=headers)
        assert answer.status_code == 200, answer.text


def found(findings: list[Finding], kind: Kind, about: str = "", status: Status | None = None) -> Finding:
    """The one finding of that kind about that thing."""
    (only,) = [f for f in findings if f.id == kind.id and about in (f.about, "") and status in (f.status, None)]
    return only


def amiss(findings: list[Finding], *kinds: Kind) -> list[Finding]:
    """Errors and warnings; with kinds only theirs."""
    ids = {kind.id for kind in kinds}
    return [f for f in findings if f.status in ("error", "warning") and (not ids or f.id in ids)]


@pytest.fixture(scope="module")
def surgery(home: Path) -> Iterator[Surgery]:
    """Routing, responder, and an analytics of an older version, on a Kafka and a PostgreSQL of their own; four mail servers."""
    days = {"good": 90.0, "soon": 5.0, "month": 20.0, "expired": -1.0}
    pems = {name: certificate(home, name, left) for name, left in days.items()}
    trusted = home / "trusted.pem"
    trusted.write_bytes(b"".join(pem.read_bytes()[pem.read_bytes().index(b"-----BEGIN CERT") :] for pem in pems.values()))
    servers = {name: mail_server(pem) for name, pem in pems.items()}
    closed_port = free_port()
    ports = ",".join(str(port) for port in [closed_port, *(controller.port for controller, _ in servers.values())])
    older = home / "older" / "weerklank-0.0.1.dist-info"
    older.mkdir(parents=True)
    (older / "METADATA").write_text("Metadata-Version: 2.1\nName: weerklank\nVersion: 0.0.1\n")
    system = System(home, {"MAIL_NETWORKS": "127.0.0.0/8", "MAIL_PORTS": ports}, {"SSL_CERT_FILE": str(trusted), **SECRETS})
    try:
        system.start("routing", "responder")
        system.environment = {"PYTHONPATH": str(home / "older")}
        system.another("analytics", "0")
        system.wait_ready(120)
        yield Surgery(system, home, servers, closed_port)
    finally:
        system.stop()
        for controller, _ in servers.values():
            controller.stop()


async def test_a_stack_that_is_well_but_for_one_service_of_another_version(surgery: Surgery) -> None:
    (only,) = [
        f for f in amiss(await surgery.examine()) if not f.id.startswith("machine.") and f.id not in ("kafka.brokers", "external.addresses")
    ]
    assert (only.id, only.about, only.status) == ("service.version", "analytics", "error")
    assert "analytics is 0.0.1" in only.found
    assert "Deploy one version everywhere" in only.remedy


async def test_topics_that_differ_are_named_and_mended_by_the_command_that_doctor_names(surgery: Surgery) -> None:
    bootstrap = surgery.system.kafka.bootstrap
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.delete_topics([MENTIONS.name, MENTIONS_BULK.name])

        async def remade() -> bool:
            answer = await admin.create_topics(
                [NewTopic(MENTIONS.name, 3, 1, topic_configs={**MENTIONS.config, "retention.ms": "3600000", "segment.bytes": "10485760"})]
            )
            return answer.topic_errors[0][1] == 0

        await until(remade, "made anew")

        async def known() -> list[Finding] | None:
            findings = await surgery.look(kafka)
            return findings if "partitions" in found(findings, kafka.TOPIC, MENTIONS.name).found else None

        findings = await until(known, "every broker knows it")
        missing, other = found(findings, kafka.TOPIC, MENTIONS_BULK.name), found(findings, kafka.TOPIC, MENTIONS.name)
        assert (missing.status, missing.remedy) == ("error", "weerklank topics --create")
        assert (other.status, other.remedy) == ("error", "weerklank topics --mend")
        assert "3 partitions, 12 are written to" in other.found
        assert "retention.ms=3600000 instead of 604800000" in other.found

        assert await create_topics(bootstrap) == [MENTIONS_BULK.name]
        mended = await mend_topics(bootstrap)
        assert sorted(mended.changed) == [
            f"{MENTIONS.name}: 12 partitions instead of 3",
            f"{MENTIONS.name}: retention.ms=604800000 instead of 3600000",
        ]

        async def settled() -> bool:
            return await mend_topics(bootstrap) == Mended([], [])

        await until(settled, "the broker shows what was set")
        seen = (await kafka.ask(surgery.world())).topics[MENTIONS.name]
        assert isinstance(seen.settings, Mapping)
        assert seen.settings["segment.bytes"] == "10485760", "what the registry does not name stays"
        assert amiss(kafka.judge_topic(MENTIONS, seen, 1)) == []

        # Somebody raises a retention while a service is away.
        raised = {**MENTIONS.config, "retention.ms": "2592000000"}
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, MENTIONS.name, configs=raised)])

        async def left() -> list[str]:
            return (await mend_topics(bootstrap)).left

        (line,) = await until(left, "the broker shows what was raised")
        assert "retention.ms=2592000000 is not lowered to 604800000" in line
        assert await mend_topics(bootstrap, shorten=True) == Mended([f"{MENTIONS.name}: retention.ms=604800000 instead of 2592000000"], [])
        await until(settled, "the broker shows what was lowered")
    finally:
        await admin.close()


async def test_a_position_outside_its_log_is_named_with_the_reset_that_mends_it_and_dead_letters_with_theirs(surgery: Surgery) -> None:
    system, place = surgery.system, TopicPartition(CASES.name, 11)
    producer = AIOKafkaProducer(bootstrap_servers=system.kafka.bootstrap)
    await producer.start()
    for _ in range(3):
        await producer.send_and_wait(CASES.name, b"no event", b"key", partition=11)
    await producer.stop()
    position = f"select next_offset from responder.position where topic = '{CASES.name}' and partition = 11"
    eventually(lambda: system.psql(position) == "3", "the responder has set them aside")
    admin = AIOKafkaAdminClient(bootstrap_servers=system.kafka.bootstrap)
    await admin.start()
    await admin.delete_records({place: RecordsToDelete(2)})
    await admin.close()

    about = f"responder: {CASES.name} partition 11"
    for offset, said in ((1, "1 events are gone"), (9, "the log ends at 3")):
        system.psql(f"update responder.position set next_offset = {offset} where topic = '{CASES.name}' and partition = 11")
        outside = found(await surgery.look(postgres), logchecks.POSITIONS, about)
        assert (outside.status, said in outside.found) == ("error", True)
        assert f"weerklank topics reset responder {CASES.name} 11 --to start" in outside.remedy
    reset = system.call("responder", "PUT", f"/v1/stream/positions/{CASES.name}/11", brand="*", json={"to": "end"})
    assert reset.status_code == 200
    findings = await surgery.look(postgres, services)
    assert amiss(findings, logchecks.POSITIONS) == []
    aside = found(findings, services.DEAD, "responder")
    assert aside.status == "warning"
    assert "weerklank dead list --service responder" in aside.remedy


async def test_migrations_that_were_changed_or_are_of_a_newer_version(surgery: Surgery) -> None:
    system = surgery.system
    system.psql("update routing.migration set sha256 = 'other' where name = 'routing/0003_turns.sql'")
    system.psql("insert into routing.migration (name, sha256) values ('routing/0999_later.sql', 'x')")
    system.psql("delete from responder.migration where name = 'responder/0004_leases_name_a_book.sql'")
    findings = await surgery.look(postgres)
    said = [(f.about, f.status, f.found) for f in amiss(findings, databasechecks.MIGRATIONS)]
    system.psql("delete from routing.migration where name = 'routing/0999_later.sql'")
    assert [(about, status) for about, status, _ in said] == [("routing", "error"), ("responder", "warning")]
    assert "Changed after they were applied: routing/0003_turns.sql" in said[0][2]
    assert "does not know: routing/0999_later.sql" in said[0][2]
    assert "Not applied yet: responder/0004_leases_name_a_book.sql" in said[1][2]


async def test_accounts_whose_secret_server_password_or_certificate_fails_are_told_apart(surgery: Surgery) -> None:
    def account(name: str, server: str = "good", secret: str = "env:VAART_RIGHT", **more: Any) -> dict[str, Any]:
        port = surgery.servers[server][0].port
        return {"id": name, "type": "smtp", "host": "localhost", "port": port, "from": "klant@vaart.example", "secret": secret, **more}

    await surgery.publish("vaart-ens", channels=[account("own", secret="env:VAART_ENS_SMTP")], pilot=False)
    channels = [
        account("well"),
        account("soon", "soon"),
        account("month", "month"),
        account("expired", "expired"),
        account("wrong", secret="env:VAART_WRONG"),
        account("unset", secret="env:VAART_UNSET"),
        account("file", secret="file:vaart-smtp"),
        account("others", secret="env:VAART_ENS_SMTP"),
        account("bare", tls=False),
        account("closed", port=surgery.closed_port),
        account("inside", port=surgery.system.kafka.port),
    ]
    departments = [{"id": "technical"}, {"id": "webcare", "members": ["gs"]}]
    await surgery.publish("vaart", channels=channels, pilot=False, departments=departments, routing=[{"department": "technical"}])

    async def read() -> list[Finding] | None:
        findings = await surgery.look(services)
        return findings if sum(f.brand == "vaart" for f in findings) > 10 else None

    findings = await until(read, "the responder has read the books")
    judged: list[tuple[Kind, str, Status, str, str]] = [
        (LOGIN, "well", "ok", "lets this account in", ""),
        (CERTIFICATE, "well", "ok", "expires in 90 days", ""),
        (LOGIN, "soon", "ok", "lets this account in", ""),
        (CERTIFICATE, "soon", "error", "expires in 5 days", "renew its certificate"),
        (CERTIFICATE, "month", "warning", "expires in 20 days", "renew its certificate"),
        (CERTIFICATE, "expired", "error", "has expired", "renew its certificate"),
        (LOGIN, "wrong", "error", "refuses the user name or the password (535)", "or its password. Set the environment variable"),
        (SECRET, "unset", "error", "env:VAART_UNSET is not set", "Set the environment variable VAART_UNSET where"),
        (LOGIN, "unset", "skipped", "does not resolve", ""),
        (
            SECRET,
            "file",
            "error",
            "file:vaart-smtp is not set",
            "secret set vaart file:vaart-smtp. Elsewhere write it into the file secrets/vaart-smtp",
        ),
        (SECRET, "others", "error", "is not one of this brand", "a name of this brand's"),
        (SECRET, "bare", "error", "never sent without TLS", "tls: starttls"),
        (LOGIN, "closed", "error", "refuses the connection", "Mend host, port"),
        (LOGIN, "inside", "error", "is not one for mail", "Allow it in the service's settings"),
    ]
    for kind, name, status, said, remedy in judged:
        finding = found(findings, kind, f"vaart: {name}")
        assert (finding.status, said in finding.found, remedy in finding.remedy) == (status, True, True), finding
    left = found(findings, bookchecks.ADVICE, "vaart (1)")
    assert "Department technical has no member who owns cases" in left.found
    told = "".join(f.model_dump_json() for f in findings)
    assert not any(secret in told for secret in SECRETS.values())

    _, handler = surgery.servers["good"]
    before = handler.connections
    of_one = await surgery.examine(brand="vaart-ens")
    assert {f.brand for f in of_one} == {None, "vaart-ens"}
    assert handler.connections == before, "asked again within a minute, a server is left alone"


async def test_a_book_that_is_not_valid_any_more(surgery: Surgery) -> None:
    surgery.system.psql("update routing.brand_book set book = book || '{\"timezone\": \"Europe/Atlantis\"}' where brand = 'vaart-ens'")
    invalid = found(await surgery.look(services), bookchecks.BOOK, "vaart-ens")
    assert invalid.status == "error"
    assert "Version 1 is not valid any more: timezone" in invalid.found
    assert "weerklank apply" in invalid.remedy


async def test_a_token_that_is_not_an_operators(surgery: Surgery) -> None:
    findings = await surgery.look(services, postgres, WEERKLANK_TOKEN=surgery.system.issuer.token("admin", ["vaart"]))
    refused = found(findings, services.SELF, "routing")
    assert (refused.status, "operator's token" in refused.remedy) == ("error", True)
    assert found(findings, databasechecks.REACHABLE, "routing").status == "ok", "what needs no token is looked at all the same"


async def test_parts_that_hang_or_are_gone_are_named_and_the_rest_is_looked_at_all_the_same(surgery: Surgery) -> None:
    system = surgery.system
    system.services["analytics-0"].freeze()
    system.kafka.freeze()
    try:
        findings = await surgery.examine()
    finally:
        system.services["analytics-0"].thaw()
        system.kafka.thaw()
    assert amiss([found(findings, services.REACHABLE, "analytics")])
    assert amiss([found(findings, kafka.REACHABLE)])
    assert found(findings, databasechecks.REACHABLE, "analytics").status == "ok"
    assert found(findings, services.REACHABLE, "routing").status == "ok"

    system.postgres.kill()
    findings = await surgery.examine()
    assert {f.about for f in amiss(findings, databasechecks.REACHABLE)} >= {"routing", "responder", "analytics"}
    assert found(findings, kafka.TOPIC, CASES.name).status == "ok"
    assert not [f for f in findings if "check itself failed" in f.found]
