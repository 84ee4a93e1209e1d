-- What ingest knows of the mentions in the log: where each one is and how often it came in. No text, no name; the key holds the identity that the
-- author wrote with, because a later deletion must travel under the same key.
create table receipt (
    brand            text        not null,
    mention_id       uuid        not null,
    key              text        not null,
    -- Of the earliest record in the log; none while only its deletion was seen.
    channel          text,
    topic            text,
    partition        integer,
    "offset"         bigint,
    posted_at        timestamptz,
    received_at      timestamptz,
    appended_at      timestamptz,
    trace_id         text,
    import_id        text,
    times            bigint      not null default 0,
    last_appended_at timestamptz,
    deleted_at       timestamptz,
    primary key (brand, mention_id)
);
create index on receipt (brand, appended_at, mention_id);

-- How often each mention came in under an import's name: its counts add up whatever else brought the same mention.
create table import_receipt (
    brand      text   not null,
    import_id  text   not null,
    mention_id uuid   not null,
    times      bigint not null,
    primary key (brand, import_id, mention_id)
);
create index on import_receipt (brand, mention_id);
