-- What people decided about a mention, whatever triage had proposed. Never changed, never removed: it is the trail.
create table correction (
    id         uuid primary key,
    brand      text        not null,
    mention_id uuid        not null,
    other_id   uuid,                 -- of a judgement whether two mentions are one issue
    finding    text        not null, -- sentiment | intent | labels | urgency | respond | department | duplicate
    chosen     text[]      not null,
    proposed   text[]      not null,
    reason     text,
    actor      text        not null,
    at         timestamptz not null
);
create index on correction (brand, mention_id, at, id);
create index on correction (brand, other_id, at, id) where other_id is not null;

-- Mentions with a proposal not to answer them that people were asked to judge, and what they said.
create table no_reply_sample (
    mention_id uuid primary key,
    brand      text        not null,
    shown_at   timestamptz not null,
    overruled  boolean,
    judged_by  text,
    judged_at  timestamptz
);
create index on no_reply_sample (brand, shown_at);

-- What cases are looked up by beside who has them.
create index on care_case (brand, (state_json ->> 'respond'), seq) where state_json ->> 'respond' is not null;
create index on care_case (brand, (state_json ->> 'topic_id'), seq) where state_json ->> 'topic_id' is not null;
create index on care_case (brand, seq) where state_json ->> 'sample' = 'true';
