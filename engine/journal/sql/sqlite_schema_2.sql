-- Which of its source's secrets proved an event, counted from 1.
alter table events add column proven_by integer;
-- Where it was asked for, where it was not sent to us.
alter table events add column fetched_from text;

-- The bodies that came within a day, of sources that take none again under another delivery id (`dedupe: body`).
create table bodies (
    source text not null,
    digest blob not null,   -- SHA-256 of the whole delivery's body
    received_at real not null,
    event text not null,    -- id of the first event that came with it
    primary key (source, digest)
) strict, without rowid;

create index bodies_by_time on bodies (received_at);

-- Deliveries that were not taken: the newest of each source, without their bodies. The source is empty where no such source is known.
create table refusals (
    seq integer primary key,
    source text not null,
    at real not null,
    status integer not null,
    reason text not null,
    address text,
    agent text              -- the sender's User-Agent
) strict;

create index refusals_by_source on refusals (source, seq);

-- All of them, counted.
create table refusal_counts (
    source text not null,
    status integer not null,
    count integer not null,
    primary key (source, status)
) strict, without rowid;

-- What a step has said while it ran, for whoever follows it; its result has what is kept.
create table outputs (
    seq integer primary key,
    run integer not null references runs (seq) on delete cascade,
    key text not null,
    stream text not null,
    text text not null
) strict;

create index outputs_by_run on outputs (run, seq);

alter table runs add column response text;         -- JSON: what the sender is answered, where the rule answers
alter table runs add column cancelled_at real;     -- when its end was asked for; where no person asked, error says why
alter table runs add column retries integer not null default 0;  -- how often a person had it done again
create index runs_cancelled on runs (worker) where cancelled_at is not null and ended_at is null;

-- What a waiting step is put off for, beside its time.
create table expectations (
    run integer primary key references runs (seq) on delete cascade,
    key text not null,          -- the step's
    approval integer not null,  -- whether a person may let it go on
    events text,                -- JSON: the event patterns that let it go on; null where none does
    condition text,             -- JSON: what has to hold of such an event, as a rule writes it
    names text not null,        -- JSON: what of the run the condition may name
    since integer not null,     -- events after this one count: at first, after the run's own
    met_at real,
    met_by text                 -- the event's id, or who approved
) strict;

create index expectations_open on expectations (since) where events is not null and met_at is null;

-- How runs stand to each other. A run that is held waits until its group has room; nothing else looks at it.
alter table runs add column group_name text;
alter table runs add column group_most integer;
alter table runs add column throttle_key text;
alter table runs add column label text;                           -- only workers with this label take it
alter table runs add column held integer not null default 0;
alter table runs add column verdict text;                         -- how it ends without a step being done

create index runs_by_group on runs (group_name, held, due_at, seq) where group_name is not null and ended_at is null;
create index runs_by_throttle on runs (rule, throttle_key, seq) where throttle_key is not null;
drop index runs_open;
create index runs_ready on runs (rule, due_at, seq) where ended_at is null and held = 0 and worker is null;
create index runs_lapsing on runs (lease_until, seq) where worker is not null;
create index runs_due on runs (due_at) where ended_at is null and held = 0 and worker is null;

-- The events of a run that was started by more than one, its first one among them.
create table run_events (
    run integer not null references runs (seq) on delete cascade,
    event integer not null references events (seq),
    primary key (run, event)
) strict, without rowid;

create index run_events_by_event on run_events (event);

-- How far events were looked at, by what looks at all of them.
create table cursors (
    name text primary key,
    seq integer not null
) strict, without rowid;

-- Events that have come of those that a rule waits for together.
create table partials (
    rule text not null,
    key text not null,
    found text not null,        -- JSON: chains of events, each with its id, its time and the parts that it may be
    since real not null,        -- when the first of them was received
    primary key (rule, key)
) strict, without rowid;

-- When an event that a rule waits for will have been away too long; null where that was told already.
create table silences (
    rule text not null,
    key text not null,
    due_at real,
    last_event text,
    primary key (rule, key)
) strict, without rowid;

create index silences_due on silences (due_at) where due_at is not null;

-- What is too old is removed by age: first what came in, then that it came.
alter table events add column payload_kept integer not null default 1;  -- 0: payload is null, body is empty, and neither was so
create index events_by_age on events (payload_kept, received_at);

-- The keys under which values are sealed (`encryption.key`), by an id that tells nothing of them.
create table encryption_keys (id blob primary key) strict, without rowid;
-- Circuit breakers: the targets whose last calls failed. A closed one has no `until`; one without a failure has no row.
create table breakers (
    target text primary key,
    failures integer not null,  -- in a row
    openings integer not null,  -- in a row, which double the pause
    until real,                 -- calls are parked until then
    changed_at real not null
) strict, without rowid;

create index breakers_by_time on breakers (changed_at);

alter table expectations add column target text;  -- the run goes on when this one's breaker closes
create index expectations_by_target on expectations (target) where target is not null;

-- The process that does a step, or did: what a worker that died has left running is known by it.
create table processes (
    run integer not null references runs (seq) on delete cascade,
    key text not null,          -- the step's
    host text not null,
    boot text not null,         -- which start of the host, and which space of process numbers
    pid integer not null,       -- of its group, too
    started integer not null,   -- clock ticks after that start
    primary key (run, key)
) strict, without rowid;

-- Which process each worker is: one that died on this host holds nothing any more.
create table workers (
    seq integer primary key,
    name text not null unique,
    host text not null,
    boot text not null,
    pid integer not null,
    started integer not null
) strict;

-- What the clock said when it was last compared with the time since the machine's start, which nobody sets.
create table clock (
    one integer primary key check (one = 1),
    start text not null,        -- which start
    began real not null         -- when that was, by the clock
) strict;
