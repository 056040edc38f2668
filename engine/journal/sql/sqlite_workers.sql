-- name: enter
insert into workers (name, host, boot, pid, started) values (:name, :host, :boot, :pid, :started)
on conflict (name) do update set
    host = excluded.host, boot = excluded.boot, pid = excluded.pid, started = excluded.started

-- name: forget_workers
delete from workers
where name not in (select worker from runs where worker is not null)
  and seq not in (select seq from workers order by seq desc limit :kept)

-- name: workers
select name, host, boot, pid, started from workers order by seq

-- name: end_leases
-- What it held is taken next, as if its time were over.
update runs set lease_until = min(lease_until, :now) where worker = :name

-- name: leave
delete from workers where name = :name

-- name: clock
select start, began from clock

-- name: read_clock
insert into clock (one, start, began) values (1, :start, :began)
on conflict (one) do update set start = excluded.start, began = excluded.began

-- name: hold_again
update runs set lease_until = :now + :lease where worker is not null

-- name: bring_runs_back
-- What was due later is due as much sooner as the clock was set back, what was due is, and what has begun has begun as long ago.
update runs
set due_at = case when due_at > :now then max(:now, due_at - :seconds) else due_at end, started_at = started_at - :seconds
where (due_at > :now or started_at is not null) and seq in (
    select seq from runs indexed by runs_due where ended_at is null and held = 0 and worker is null
    union all
    select seq from runs indexed by runs_by_group where group_name is not null and ended_at is null and held = 1
    union all
    select seq from runs indexed by runs_lapsing where worker is not null
)

-- name: bring_silences_back
update silences set due_at = max(:now, due_at - :seconds) where due_at > :now

-- name: bring_breakers_back
update breakers set until = max(:now, until - :seconds) where until > :now
