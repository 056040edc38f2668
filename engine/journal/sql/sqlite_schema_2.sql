-- Which of its source's secrets proved an event, counted from 1.
alter table events add column proven_by integer;

-- The bodies that came within a day, of sources that take none again under another delivery id (`dedupe: body`).
create table bodies (
    source text not null,
    digest blob not null,   -- SHA-256 of the whole delivery's body
    received_at real not null,
    event text not null,    -- id of the first event that came with it
    primary key (source, digest)
) strict, without rowid;

create index bodies_by_time on bodies (received_at);
