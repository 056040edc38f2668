-- Times are seconds since the epoch; texts named below as JSON are UTF-8 JSON without spaces.

create table events (
    seq integer primary key,
    id text not null unique,
    source text not null,
    type text not null,
    delivery_id text,
    digest blob not null,   -- SHA-256 of the body
    received_at real not null,
    address text,
    hops integer not null,
    headers text not null,  -- JSON: name → list of values
    query text not null,    -- JSON: name → list of values
    git text not null,      -- JSON object
    payload blob,           -- JSON; null where the body itself is JSON of it
    body blob not null      -- last, so that a listing never reads past the columns before it
) strict;

create unique index events_by_delivery on events (source, delivery_id, digest) where delivery_id is not null;
create index events_by_source on events (source, seq, type);

create table runs (
    seq integer primary key,
    id text not null unique,
    event integer not null references events (seq),
    source text not null,
    delivery_id text,
    rule text not null,
    digest text not null,
    state text not null,
    fence integer not null default 0,
    worker text,
    lease_until real,
    due_at real not null,
    created_at real not null,
    started_at real,
    ended_at real,
    error text,
    check ((state in ('queued', 'waiting', 'running')) = (ended_at is null)),
    check ((state = 'running') = (worker is not null)),
    check ((worker is null) = (lease_until is null))
) strict;

create unique index runs_by_delivery on runs (source, delivery_id, rule) where delivery_id is not null;
create index runs_by_event on runs (event);
create index runs_by_rule on runs (rule);
create index runs_by_state on runs (state);
create index runs_open on runs (due_at, seq, lease_until) where ended_at is null;
create index runs_held on runs (worker, lease_until) where worker is not null;

create table steps (
    seq integer primary key,
    run integer not null references runs (seq) on delete cascade,
    key text not null,
    kind text not null,
    name text not null,
    state text not null,
    attempts integer not null,
    started_at real not null,
    ended_at real,
    result text not null,   -- JSON object
    error text,
    unique (run, key)
) strict;

create table rules (
    digest text primary key,
    name text not null,
    text text not null
) strict, without rowid;

create table schedules (
    name text primary key,
    due_at real
) strict, without rowid;
