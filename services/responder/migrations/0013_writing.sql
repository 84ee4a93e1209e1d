-- What a reply was made from: the wording of its script and the greeting, so that the next one is another, and which version of the script that was. What
-- people changed of it. And the parts that a text too long for its channel is sent in, which its approval is bound to.
alter table reply
    add column variant       integer,
    add column script_digest text,
    add column greeting      integer,
    add column drafted       text,                      -- its text as it was made from its script
    add column changed       real    not null default 0,
    add column topic_id      uuid,
    add column parts         jsonb   not null default '[]';
create index on reply (brand, topic_id, created_at desc) where topic_id is not null and not automatic and state <> 'discarded';

-- Scripts that the team writes without the book. Replies go on naming one that is gone.
create table team_script (
    brand      text        not null,
    id         text        not null,
    version    bigint      not null,
    state      text        not null check (state in ('offered', 'retired')),
    script     jsonb       not null,
    changed_by text        not null,
    changed_at timestamptz not null,
    primary key (brand, id)
);
create table team_script_version (
    brand      text        not null,
    id         text        not null,
    version    bigint      not null,
    state      text        not null,
    script     jsonb       not null,
    changed_by text        not null,
    changed_at timestamptz not null,
    primary key (brand, id, version)
);

-- How often the scripts of a brand have changed: whoever keeps a copy of them asks this.
create table script_shelf (
    brand   text   primary key,
    version bigint not null
);

-- A reply that was made from a script, and what became of it: narrow, so that a season of them is counted at once. It follows from the reply, by triggers;
-- what its customer and the case did afterwards follows from the case.
create table script_use (
    reply_id     uuid        primary key,
    brand        text        not null,
    case_id      uuid        not null,
    script       text        not null,
    digest       text,
    variant      integer,
    writer       text,
    state        text        not null,
    automatic    boolean     not null,
    changed      real        not null,
    drafted_at   timestamptz not null,
    sent_at      timestamptz,
    came_back_at timestamptz,                           -- the customer wrote again within a day of it
    resolved_at  timestamptz                            -- its case was resolved after it, and has not been reopened since
) with (fillfactor = 80);
create index on script_use (brand, drafted_at);
create index on script_use (brand, script, drafted_at);

create function keep_script_use() returns trigger language plpgsql as $$
begin
    insert into script_use (reply_id, brand, case_id, script, digest, variant, writer, state, automatic, changed, drafted_at, sent_at)
    values (new.id, new.brand, new.case_id, new.script, new.script_digest, new.variant, new.writer, new.state, new.automatic, new.changed,
            new.created_at, new.sent_at)
    on conflict (reply_id) do update set script = excluded.script, digest = excluded.digest, variant = excluded.variant, writer = excluded.writer,
        state = excluded.state, automatic = excluded.automatic, changed = excluded.changed, sent_at = excluded.sent_at;
    return null;
end $$;
-- Drafts are made by the hundred: one statement for all of them.
create function begin_script_use() returns trigger language plpgsql as $$
begin
    insert into script_use (reply_id, brand, case_id, script, digest, variant, writer, state, automatic, changed, drafted_at, sent_at)
    select id, brand, case_id, script, script_digest, variant, writer, state, automatic, changed, created_at, sent_at
    from made where script is not null;
    return null;
end $$;
create trigger script_used_new after insert on reply referencing new table as made for each statement execute function begin_script_use();
create trigger script_used after update on reply for each row
    when (new.script is not null and (old.script, old.script_digest, old.variant, old.writer, old.state, old.automatic, old.changed, old.sent_at)
        is distinct from (new.script, new.script_digest, new.variant, new.writer, new.state, new.automatic, new.changed, new.sent_at))
    execute function keep_script_use();
insert into script_use (reply_id, brand, case_id, script, writer, state, automatic, changed, drafted_at, sent_at)
select id, brand, case_id, script, writer, state, automatic, 0, created_at, sent_at from reply where script is not null;

-- What colleagues may use in an answer: a fact with where it comes from and how long it holds.
create table snippet (
    id          uuid        primary key,
    brand       text        not null,
    version     bigint      not null,
    title       text        not null,
    text        text        not null,
    language    text        not null,
    labels      text[]      not null,
    source      text        not null,
    valid_until timestamptz,                            -- none: until somebody says otherwise
    reviewed_by text        not null,
    reviewed_at timestamptz not null,
    created_by  text        not null,
    created_at  timestamptz not null
);
create index on snippet (brand, created_at desc, id desc);
create index on snippet (brand, valid_until) where valid_until is not null;

-- Scripts that should exist: answers that people keep writing themselves. One that was dismissed, or made into a script, stays here and is known again.
create table script_suggestion (
    id          uuid        primary key,
    brand       text        not null,
    label       text,
    language    text        not null,
    state       text        not null check (state in ('open', 'dismissed', 'made', 'over')),
    number      integer     not null,
    people      integer     not null,
    text        text        not null,                   -- proposed, with variables where the answers differ
    example     text        not null,                   -- one of the answers, masked
    replies     jsonb       not null,                   -- some of the replies that it was found in
    centre      bytea       not null,                   -- what it means: 512 float32, by which it is known again
    found_at    timestamptz not null,
    changed_at  timestamptz not null,
    decided_by  text,
    script      text
);
create index on script_suggestion (brand, state, number desc, id);
-- When they were last looked for: who writes the next hour here does it.
create table script_suggested (
    brand       text        primary key,
    computed_at timestamptz not null
);
