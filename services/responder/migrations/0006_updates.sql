-- Tell everyone afterwards: which replies only said that we are looking into it, and updates that close many conversations at once.
alter table reply
    add column update_due boolean not null default false,
    add column update_id  uuid;
create index on reply (brand, sent_at) where state = 'sent' and update_due;
create index on reply (update_id) where update_id is not null;
create index on case_copy (brand, ("case" ->> 'topic_id')) where state in ('new', 'open', 'waiting');

create table customer_update (
    id            uuid        primary key,
    brand         text        not null,
    version       bigint      not null,
    state         text        not null check (state in ('preparing', 'draft', 'approved', 'stopped', 'done')),
    texts         jsonb       not null,  -- language → text, with its variables
    asked         jsonb       not null,  -- which conversations were asked for
    per_minute    integer     not null check (per_minute between 1 and 600),
    update_due    boolean     not null,
    writer        text        not null,
    writer_role   text        not null,
    created_at    timestamptz not null,
    digest        text,                  -- of the texts and of what goes to whom: what an approval is bound to
    approver      text,
    approver_role text,
    approved_at   timestamptz,
    next_at       timestamptz,
    waits         text,                  -- why it does not go on now
    reason        text,                  -- why it was stopped, or its approval is void
    changed_at    timestamptz not null,
    book_version  integer     not null,
    traceparent   text,
    check (state <> 'approved' or (approver is not null and approved_at is not null and digest is not null and next_at is not null))
);
create index on customer_update (brand, created_at desc, id desc);
create index on customer_update (next_at) where state in ('preparing', 'approved');

-- A conversation of an update, and what became of it.
create table update_item (
    update_id  uuid    not null references customer_update,
    brand      text    not null,
    case_id    uuid    not null,
    told_by    uuid    not null,         -- the reply that said that we are looking into it
    state      text    not null check (state in ('listed', 'ready', 'made', 'left_out', 'taken_out', 'stopped')),
    why        text,
    mention_id uuid,
    text       text,                     -- as it was approved
    digest     text,
    asks       jsonb,                    -- who may approve it, by the brand book
    reply_id   uuid,
    primary key (update_id, case_id)
);
create index on update_item (update_id, state, case_id);
