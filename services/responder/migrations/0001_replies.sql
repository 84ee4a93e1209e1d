-- The newest case that routing told of: what a reply answers, in whose name, under which rules.
create table case_copy (
    case_id     uuid   primary key,
    brand       text   not null,
    version     bigint not null,             -- 0: locked, but not told of yet
    state       text   not null default '',
    mention_ids uuid[] not null default '{}',
    "case"      jsonb,
    traceparent text,
    told_at     timestamptz                  -- the broker's time of the event
) with (fillfactor = 70);
create index on case_copy using gin (mention_ids);

-- Whether a brand may send. One row a brand, renewed every second: updated in place, never indexed further.
create table brand_lease (
    brand        text        primary key,
    hold_version bigint      not null,
    renewed_at   timestamptz not null,       -- when routing decided on the lease, by the broker's append time at the latest
    held         boolean     not null,
    reason       text
) with (fillfactor = 20);

create table reply (
    id              uuid        primary key,
    brand           text        not null,
    case_id         uuid        not null,
    mention_id      uuid,
    version         bigint      not null,
    state           text        not null check (state in
        ('draft', 'submitted', 'approved', 'sending', 'sent', 'failed', 'unconfirmed', 'discarded')),
    channel         text        not null,
    visibility      text        not null,
    language        text        not null,
    first_reply     boolean     not null,
    recipient       jsonb       not null,
    text            text        not null,
    digest          text        not null,    -- SHA-256 of channel, recipient and text: what an approval is bound to
    script          text,
    verdicts        jsonb       not null,
    automatic       boolean     not null,    -- made by the machine, and no person has touched it yet
    writer          text,
    writer_role     text        not null,
    approver        text,
    legal_by        text,                    -- who recorded that legal has read this text
    created_at      timestamptz not null,
    submitted_by    text,                    -- who offered it for approval: not who may approve it, unless the writer may
    submitted_at    timestamptz,
    approved_at     timestamptz,
    sent_at         timestamptz,
    reason          text,                    -- why it was discarded
    attempts        integer     not null,
    next_attempt_at timestamptz,
    claimed_by      text,
    claimed_at      timestamptz,
    attempt_id      uuid,
    transmitting    boolean     not null,    -- from here on a crash leaves the outcome unknown
    external_id     text,
    error           text,
    sandbox         boolean     not null,
    book_version    integer     not null,
    traceparent     text,
    -- An approval has a name, a moment and a text; without them nothing can be claimed.
    check (state not in ('approved', 'sending') or (approver is not null and approved_at is not null and next_attempt_at is not null))
) with (fillfactor = 80);
create index on reply (brand, created_at desc, id desc);
create index on reply (case_id);
create index on reply (mention_id);
create index on reply (brand, approved_at, id) where state = 'approved';
create index on reply (claimed_at) where state = 'sending';
create index on reply (brand, state) where state in ('draft', 'submitted', 'approved', 'sending', 'unconfirmed');

-- Who did what to a reply, and when.
create table reply_history (
    id          bigint generated always as identity primary key,
    brand       text        not null,
    reply_id    uuid        not null,
    version     bigint      not null,
    what        text        not null,
    who         text        not null,
    at          timestamptz not null,
    event_id    uuid,
    traceparent text,
    detail      jsonb       not null
);
create index on reply_history (reply_id, id);

-- What would have left the building. No unique key on the reply: that each is here once is the sender's doing, and tests count it.
create table sandbox_outbox (
    id        bigint generated always as identity primary key,
    brand     text        not null,
    reply_id  uuid        not null,
    channel   text        not null,
    recipient jsonb       not null,
    text      text        not null,
    sent_at   timestamptz not null default clock_timestamp()
);
create index on sandbox_outbox (brand, id);
create index on sandbox_outbox (reply_id);
