"""What a brand's models learnt, put where triage keeps it: learning itself takes more corrections than a test of routes has patience for."""

import json


def taught(brand: str, mention_id: str, finding: str) -> str:
    """SQL: a version of a finding's model that is live, and a correction that it learnt from."""
    explanation = json.dumps(
        {
            "values": {"negative": {"score": 0.91, "live_score": 0.64, "held_out": 17}},
            "weighs": {"negative": ["kluis", "alweer"]},
            "mended": 9,
            "broken": 1,
            "mended_mentions": [{"mention_id": mention_id, "person": ["negative"], "version": ["negative"], "live": ["neutral"]}],
            "broken_mentions": [],
        }
    )
    return f"""
        insert into triage.correction (id, brand, mention_id, finding, chosen, proposed, reason, actor, at) values
            (gen_random_uuid(), '{brand}', '{mention_id}', '{finding}', '{{negative}}', '{{neutral}}', 'zo bedoelt niemand het', 'mk', now());
        insert into triage.model (brand, finding, version, verdict, base, compared_to, score, live_score, trained_on, held_out, learnt_to, one_in,
            explanation, weights) values ('{brand}', '{finding}', 1, 'better', '1-4f1c', 0, 0.88, 0.71, 92, 31, 1, 4, '{explanation}', '\\x00');
        insert into triage.model_switch (brand, finding, n, version, previous, reason, actor) values
            ('{brand}', '{finding}', 1, 1, 0, 'better on 31 held-out corrections: 0.880 against 0.710', 'system');
    """
