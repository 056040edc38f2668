-- name: claim_runs
update runs
set state = 'running', worker = :worker, lease_until = :now + :lease, fence = fence + 1, started_at = coalesce(started_at, :now)
where seq in (
    select seq from runs indexed by runs_open
    where ended_at is null and due_at <= :now and (lease_until is null or lease_until <= :now)
    order by due_at, seq limit :limit
)
returning id, (select events.id from events where events.seq = runs.event), rule, digest, state, created_at, due_at,
    fence, worker, started_at, ended_at, error, cancelled_at, retries, seq

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

-- name: park_run
update runs set state = 'waiting', due_at = :due_at, worker = null, lease_until = null
where id = :run_id and fence = :fence and state = 'running'

-- name: expect
insert into expectations (run, key, approval, events, condition, since)
select seq, :key, :approval, :events, :condition, (select coalesce(max(seq), 0) from events) from runs where id = :run_id
on conflict (run) do update set
    key = excluded.key, approval = excluded.approval, events = excluded.events, condition = excluded.condition,
    since = excluded.since, met_at = null, met_by = null

-- name: expect_nothing
delete from expectations where run = (select seq from runs where id = :run_id)

-- name: end_run
update runs set state = :state, ended_at = :ended_at, error = :error, worker = null, lease_until = null
where id = :run_id and fence = :fence and state = 'running'

-- name: hand_back_run
update runs set state = 'queued', worker = null, lease_until = null
where id = :run_id and fence = :fence and state = 'running'

-- name: next_due
select min(at) from (
    select * from (
        select due_at as at from runs indexed by runs_open
        where ended_at is null and lease_until is null order by due_at limit 1
    )
    union all
    select min(lease_until) from runs indexed by runs_held where worker is not null
)

-- name: plan_schedule
insert into schedules (name, due_at) values (?, ?) on conflict (name) do update set due_at = excluded.due_at

-- name: schedule_due
select due_at from schedules where name = ?
