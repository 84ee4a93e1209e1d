-- How far each mailbox of a brand is taken in, who watches it, and how it is. `account` is the channel's id in the brand book; another mailbox under
-- the same id (host, user or folder) has another identity and a cursor of its own.
create table mailbox (
    brand         text        not null,
    account       text        not null,
    identity      text        not null,
    -- None until the mailbox was seen for the first time.
    uidvalidity   bigint,
    last_uid      bigint      not null default 0,
    boundary_uid  bigint      not null default 0,
    reread        boolean     not null default false,
    started_at    timestamptz,
    since         date,
    history_uid   bigint,
    state         text        not null default 'starting',
    why           text,
    next_try_at   timestamptz,
    behind        bigint      not null default 0,
    taken         bigint      not null default 0,
    rejected      bigint      not null default 0,
    last_ok_at    timestamptz,
    last_mail_at  timestamptz,
    last_error    text,
    last_error_at timestamptz,
    leased_by     text,
    leased_until  timestamptz,
    primary key (brand, account, identity)
);

-- Mails that could not be taken in: where they are, and why. They stay in their mailbox.
create table mailbox_reject (
    brand       text        not null,
    account     text        not null,
    identity    text        not null,
    uidvalidity bigint      not null,
    uid         bigint      not null,
    bytes       bigint      not null,
    arrived_at  timestamptz not null,
    reason      text        not null,
    rejected_at timestamptz not null default now(),
    primary key (brand, account, identity, uidvalidity, uid)
);
create index on mailbox_reject (brand, rejected_at);
