from pathlib import Path
import time
from services.ingest.formats import parse


async def test_hand(ingest, brand, client):
    async def body(path, fmt, ch):
        for p in parse(Path(path), fmt, ch):
            if p.mention:
                yield p.mention.model_dump_json().encode() + b"\n"
            else:
                print(p)

    for path, fmt, ch in [
        ("/work/shared/data/nlp/airline/tweets.csv", "csv", "twitter"),
        ("samples/mentions.jsonl", "jsonl", None),
        ("samples/mail", "eml", None),
        ("/work/shared/data/mail/chatwoot", "eml", None),
        ("/work/shared/data/mail/mikel_mail/emails/error_emails", "eml", None),
    ]:
        t = time.time()
        r = await client.post(
            f"/v1/brands/{brand}/mentions",
            params={"lane": "bulk", "historic": "true", "import_id": "hand"},
            content=body(path, fmt, ch),
            headers={"content-type": "application/x-ndjson"},
        )
        print(path, r.status_code, {k: v for k, v in r.json().items()}, round(time.time() - t, 1))
    import asyncio

    await asyncio.to_thread(ingest.kafka.kill)
    for n in range(4):
        print(
            (
                await client.post(
                    f"/v1/brands/{brand}/mentions",
                    json={
                        "channel": "x",
                        "text": "hoi",
                        "author": {"identities": [{"kind": "handle", "value": "@Jan"}]},
                        "posted_at": "2026-11-20T10:00:00Z",
                        "external_id": "1",
                    },
                )
            ).text
        )
    await asyncio.to_thread(ingest.kafka.start)
    print((await client.get(f"/v1/brands/{brand}/imports/hand")).text)
    print((await client.get("/v1/status")).text)
    print("\n".join(l for l in (await client.get("/metrics")).text.splitlines() if "ingest" in l))
    await asyncio.to_thread(ingest.stop)
    print((ingest.home / "ingest.log").read_text()[-6000:])
