-- Who gets tokens from the platform itself: machines by client credentials, people by password.

create table machine_client (
    id           text primary key,
    brands       text[]      not null,
    name         text        not null,
    role         text        not null,
    created_at   timestamptz not null,
    created_by   text        not null,
    version      integer     not null default 1,
    change       text        not null default 'made', -- what made this version
    changed_at   timestamptz not null,
    changed_by   text        not null,
    last_used_at timestamptz                          -- to the minute
);

-- Shown once, kept as a SHA-256. A client has several while one takes over from another.
create table client_secret (
    id         uuid primary key,
    client_id  text        not null references machine_client on delete cascade,
    digest     bytea       not null,
    created_at timestamptz not null,
    created_by text        not null,
    expires_at timestamptz not null
);
create index on client_secret (client_id);

create table app_user (
    id                  text primary key,     -- the team member's id
    brands              text[]      not null,
    role                text        not null,
    password            text        not null, -- argon2id, with its parameters and salt
    password_changed_at timestamptz not null,
    disabled            boolean     not null default false,
    created_at          timestamptz not null,
    created_by          text        not null,
    version             integer     not null default 1,
    change              text        not null default 'made', -- what made this version
    changed_at          timestamptz not null,
    changed_by          text        not null,
    last_login_at       timestamptz
);
create unique index on app_user (lower(id));  -- nobody is to be taken for somebody else by a capital

-- One log-in; its refresh tokens follow one another, and end together.
create table login (
    id         uuid primary key,
    user_id    text        not null references app_user on delete cascade,
    created_at timestamptz not null,
    expires_at timestamptz not null
);
create index on login (user_id);
create index on login (expires_at);

create table refresh_token (
    digest     bytea primary key,
    login_id   uuid        not null references login on delete cascade,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at    timestamptz
);
create index on refresh_token (login_id);

-- How often a name, or an address, has failed of late, whether that name exists or not. Both as a SHA-256.
create table login_attempt (
    kind          text        not null,
    digest        bytea       not null,
    failures      integer     not null,
    last_at       timestamptz not null,
    blocked_until timestamptz not null,
    primary key (kind, digest)
);
create index on login_attempt (last_at);
