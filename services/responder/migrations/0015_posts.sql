-- What a brand says of its own accord: a post is a row among the replies, so that there is one way out and one last line of defence. It answers nothing and
-- belongs to no case: its `case_id` is its own id, and names none.
alter table reply
    add column kind       text        not null default 'reply' check (kind in ('reply', 'post')),
    add column publish_at timestamptz,                        -- of a post: when; null: as soon as it is approved
    add column labels     text[]      not null default '{}',  -- of a post: what it is about
    add constraint post_answers_nothing check (
        case kind when 'post' then case_id = id and mention_id is null and visibility = 'public' else publish_at is null end
    );
create index on reply (brand, (coalesce(publish_at, created_at)), id) where kind = 'post';

-- Nothing but what was approved leaves, at no other moment, and as what it was approved.
create or replace function reply_leaves_as_approved() returns trigger language plpgsql as $$
begin
    if new.state = 'approved' and old.state not in ('submitted', 'approved', 'sending', 'unconfirmed')
        or new.state = 'sending' and old.state not in ('approved', 'sending', 'unconfirmed')
        or new.state = 'unconfirmed' and old.state not in ('sending', 'unconfirmed')
        or new.state = 'sent' and old.state not in ('sending', 'unconfirmed', 'sent')
    then
        raise exception 'reply % cannot go from % to %', old.id, old.state, new.state using errcode = 'check_violation';
    end if;
    if old.state in ('approved', 'sending', 'unconfirmed') and new.state in ('approved', 'sending', 'unconfirmed', 'sent')
        and (old.brand, old.kind, old.publish_at, old.text, old.parts, old.channel, old.visibility, old.recipient, old.attachments, old.digest,
             old.approved_digest)
            is distinct from (new.brand, new.kind, new.publish_at, new.text, new.parts, new.channel, new.visibility, new.recipient, new.attachments,
             new.digest, new.approved_digest)
    then
        raise exception 'reply % is not what was approved', old.id using errcode = 'check_violation';
    end if;
    return new;
end
$$;
