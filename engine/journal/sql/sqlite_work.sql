-- name: lapsed_runs
-- What a worker held and did not renew.
select seq from runs indexed by runs_lapsing
where worker is not null and lease_until <= :now and (label is null or label in (select value from json_each(:labels)))
order by lease_until, seq limit :limit

-- name: anything_due
select 1 from runs indexed by runs_due where ended_at is null and held = 0 and worker is null and due_at <= :now limit 1

-- name: ready_rules
-- The rules that have runs which are due, after one of them by name: a run of the index is skipped over for each. Read row by row.
with recursive ready (rule) as (
    select min(rule) from runs indexed by runs_ready where rule > :after and ended_at is null and held = 0 and worker is null
    union all
    select (select min(rule) from runs indexed by runs_ready where rule > ready.rule and ended_at is null and held = 0 and worker is null)
    from ready where ready.rule is not null limit :most
)
select rule from ready where rule is not null and exists (
    select 1 from runs indexed by runs_ready
    where runs.rule = ready.rule and ended_at is null and held = 0 and worker is null and due_at <= :now
)

-- name: longest_due_rules
-- Those whose runs are due for the longest, for when so many others have runs that are not due that the turn does not come to them.
select rule from runs indexed by runs_due where ended_at is null and held = 0 and worker is null and due_at <= :now
order by due_at limit :most

-- name: ready_runs
select seq from runs indexed by runs_ready
where rule = :rule and ended_at is null and held = 0 and worker is null and due_at <= :now
    and (label is null or label in (select value from json_each(:labels)))
order by due_at, seq limit :limit

-- name: claim_run
update runs
set state = 'running', worker = :worker, lease_until = :now + :lease, fence = fence + 1, started_at = coalesce(started_at, :now)
where seq = :seq
returning id, (select events.id from events where events.seq = runs.event), rule, digest, state, created_at, due_at,
    fence, worker, started_at, ended_at, error, cancelled_at, retries, verdict

-- name: renew_leases
update runs set lease_until = :now + :lease where worker = :worker

-- name: write_step
insert into steps (run, key, kind, name, state, attempts, started_at, ended_at, result, error)
select seq, :key, :kind, :name, :step_state, :attempts, :started_at, :ended_at, :result, :error
from runs where id = :run_id and fence = :fence and state = 'running'
on conflict (run, key) do update set
    kind = excluded.kind, name = excluded.name, state = excluded.state, attempts = excluded.attempts,
    started_at = excluded.started_at, ended_at = excluded.ended_at, result = excluded.result, error = excluded.error

-- name: write_output
insert into outputs (run, key, stream, text)
select seq, :key, :stream, :text from runs where id = :run_id and fence = :fence and state = 'running'

-- name: forget_output
delete from outputs
where run = (select seq from runs where id = :run_id) and key = :key and seq <= (
    select seq from outputs where run = (select seq from runs where id = :run_id) and key = :key order by seq desc limit 1 offset :kept
)

-- name: write_process
insert into processes (run, key, host, boot, pid, started)
select seq, :key, :host, :boot, :pid, :started from runs where id = :run_id and fence = :fence and state = 'running'
on conflict (run, key) do update set host = excluded.host, boot = excluded.boot, pid = excluded.pid, started = excluded.started

-- name: park_run
-- As long after the present as `due_at` is after `:written_at`, where the clock was set back between the two.
update runs set state = 'waiting', due_at = :due_at - coalesce(max(:written_at - present(), 0), 0), worker = null, lease_until = null
where id = :run_id and fence = :fence and state = 'running'

-- name: expect
insert into expectations (run, key, approval, events, condition, names, target, since)
select seq, :key, :approval, :events, :condition, :names, :target, event from runs where id = :run_id
on conflict (run) do update set
    key = excluded.key, approval = excluded.approval, events = excluded.events, condition = excluded.condition, names = excluded.names,
    target = excluded.target, since = excluded.since, met_at = null, met_by = null

-- name: open_expectations
select runs.id, expectations.events, expectations.condition, expectations.names, since
from expectations join runs on runs.seq = expectations.run
where expectations.events is not null and met_at is null and runs.state = 'waiting' order by since

-- name: meet
update expectations set met_at = :now, met_by = :event_id
where met_at is null and run = (select seq from runs where id = :run_id and state = 'waiting')

-- name: looked_at
update expectations set since = max(since, :seq) where run = (select seq from runs where id = :run_id) and met_at is null

-- name: events_after
select seq, id, source, type from events where seq > :after order by seq limit :limit

-- name: expect_nothing
delete from expectations where run = (select seq from runs where id = :run_id)

-- name: end_run
update runs set state = :state, ended_at = :ended_at, error = :error, response = :response, worker = null, lease_until = null
where id = :run_id and fence = :fence and state = 'running'

-- name: hand_back_run
update runs set state = 'queued', worker = null, lease_until = null
where id = :run_id and fence = :fence and state = 'running'

-- name: next_due
select min(at) from (
    select min(due_at) as at from runs indexed by runs_due where ended_at is null and held = 0 and worker is null and due_at > :now
    union all
    select min(lease_until) from runs indexed by runs_lapsing where worker is not null and lease_until > :now
)

-- name: plan_schedule
insert into schedules (name, due_at) values (?, ?) on conflict (name) do update set due_at = excluded.due_at

-- name: forget_other_schedules
delete from schedules where name not in (select value from json_each(?))

-- name: schedule_due
select due_at from schedules where name = ?

-- name: make_due
update runs set due_at = min(due_at, :now) where id = :run_id and state = 'waiting'
