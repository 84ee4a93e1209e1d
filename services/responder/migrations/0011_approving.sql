-- Verdicts that block, and that somebody sent a reply against: one row a code, for whoever looks at them afterwards.
create table reply_override (
    brand       text        not null,
    reply_id    uuid        not null,
    version     bigint      not null,   -- of the reply, at which it was overruled
    code        text        not null,
    reason      text        not null,
    who         text        not null,
    at          timestamptz not null,
    sampled     boolean     not null,   -- another colleague is asked to look at it
    reviewed_by text,
    reviewed_at timestamptz,
    review      text check (review in ('fine', 'not_fine')),
    note        text,
    id          uuid        not null default gen_random_uuid() primary key,
    unique (reply_id, version, code),
    check ((review is null) = (reviewed_by is null) and (review is null) = (reviewed_at is null))
);
create index on reply_override (brand, at desc, id desc);
create index on reply_override (brand, at, id) where sampled and review is null;

-- Codes of the guard that whoever approved an update said that they have seen.
alter table customer_update add column confirmed text[] not null default '{}';

-- Who approved a reply, of all who have to; and what it was approved as.
alter table reply
    add column signatures      jsonb not null default '[]',
    add column approved_digest text;
update reply set approved_digest = digest where state in ('approved', 'sending', 'unconfirmed', 'sent') and approver is not null;

-- The last line of defence, should everything before it be wrong: nothing is sent but what a person approved, to the letter.
alter table reply add constraint approved_to_the_letter check (
    state not in ('approved', 'sending') or (approver is not null and approved_digest is not null and approved_digest = digest)
);
create function reply_leaves_as_approved() returns trigger language plpgsql as $$
begin
    if new.state = 'approved' and old.state not in ('submitted', 'approved', 'sending', 'unconfirmed')
        or new.state = 'sending' and old.state not in ('approved', 'sending', 'unconfirmed')
        or new.state = 'unconfirmed' and old.state not in ('sending', 'unconfirmed')
        or new.state = 'sent' and old.state not in ('sending', 'unconfirmed', 'sent')
    then
        raise exception 'reply % cannot go from % to %', old.id, old.state, new.state using errcode = 'check_violation';
    end if;
    if old.state in ('approved', 'sending', 'unconfirmed') and new.state in ('approved', 'sending', 'unconfirmed', 'sent')
        and (old.brand, old.text, old.channel, old.visibility, old.recipient, old.digest, old.approved_digest,
             to_jsonb(old) -> 'attachments', to_jsonb(old) -> 'parts')
            is distinct from (new.brand, new.text, new.channel, new.visibility, new.recipient, new.digest, new.approved_digest,
             to_jsonb(new) -> 'attachments', to_jsonb(new) -> 'parts')
    then
        raise exception 'reply % is not what was approved', old.id using errcode = 'check_violation';
    end if;
    return new;
end
$$;
create trigger leaves_as_approved before update on reply for each row execute function reply_leaves_as_approved();

create function sandbox_takes_what_was_approved() returns trigger language plpgsql as $$
begin
    if not exists (
        select from reply r where r.id = new.reply_id and r.brand = new.brand and r.state in ('sending', 'unconfirmed', 'sent') and r.sandbox
            and r.approved_digest = r.digest and r.text = new.text and r.channel = new.channel and r.recipient = new.recipient
    ) then
        raise exception 'what the sandbox is given of reply % is not what was approved', new.reply_id using errcode = 'check_violation';
    end if;
    return new;
end
$$;
create trigger takes_what_was_approved before insert on sandbox_outbox for each row execute function sandbox_takes_what_was_approved();

-- Who lets a colleague approve in their place, and for how long.
create table approval_delegation (
    id         uuid        primary key,
    brand      text        not null,
    from_id    text        not null,
    from_role  text        not null,
    to_id      text        not null,
    starts_at  timestamptz not null,
    ends_at    timestamptz not null,
    reason     text        not null,
    created_at timestamptz not null,
    revoked_at timestamptz,
    revoked_by text,
    check (from_id <> to_id and starts_at < ends_at)
);
create index on approval_delegation (brand, to_id, ends_at) where revoked_at is null;
create index on approval_delegation (brand, created_at desc, id desc);

-- The review queue: whose approval is missing, and by when it had better be given; computed anew where `asked_under` is not the brand's book, or the time
-- of `asks_until` has come (an approval of several runs out then).
alter table reply
    add column returned    jsonb,
    add column asks        text[]      not null default '{}',
    add column act_by      timestamptz,
    add column asks_until  timestamptz,
    add column asked_under integer     not null default 0;
create index on reply (brand, act_by, id) where state = 'submitted';

-- What a colleague tells a writer about a reply, for them to learn from.
create table coaching_note (
    id         uuid        primary key,
    brand      text        not null,
    reply_id   uuid        not null,
    writer     text        not null,
    by_id      text        not null,
    at         timestamptz not null,
    note       text        not null,
    span_start integer,
    span_end   integer,
    quote      text                     -- the words that it is about, as they were
);
create index on coaching_note (brand, reply_id, at, id);
create index on coaching_note (brand, writer, at desc, id desc);
