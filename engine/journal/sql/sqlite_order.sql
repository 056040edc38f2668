-- How runs stand to each other: groups and throttles.

-- name: accepted_at
-- A clock that was set back while the delivery was on its way must not hold its runs.
select min(:received_at, present())

-- name: room_in_group
-- Runs that count: all that have not ended and are not held, but for those that end without a step.
select count(*) from runs where group_name = ? and held = 0 and ended_at is null and verdict is null

-- name: replace_waiting
-- The runs of a group that no worker has ever taken.
update runs set verdict = 'superseded', error = :error, held = 0, due_at = :now
where group_name = :group_name and ended_at is null and verdict is null and fence = 0

-- name: end_group
-- The runs of a group that a worker has taken, but for those that wait to be done again. Their workers are told why.
update runs set cancelled_at = :now, error = :error, due_at = min(due_at, :now)
where group_name = :group_name and ended_at is null and verdict is null and fence > 0 and held = 0 and cancelled_at is null

-- name: let_in
-- First come first served: a run that a person has done again came when it was asked for.
update runs set held = 0 where seq in (
    select seq from runs where group_name = :group_name and held = 1 and ended_at is null order by due_at, seq limit :room
)

-- name: group_of
select group_name, group_most from runs where id = ? and group_name is not null

-- name: last_throttled
-- The newest run of this rule and key that was not dropped itself.
select id, created_at from runs
where rule = :rule and throttle_key = :throttle_key and (verdict is null or verdict <> 'skipped')
order by seq desc limit 1

-- name: replace_throttled
update runs set verdict = 'superseded', error = :error, held = 0, due_at = :now
where rule = :rule and throttle_key = :throttle_key and ended_at is null and verdict is null and fence = 0

-- name: gathering
-- The run that gathers events of this rule and key, and how many it has.
select runs.seq, runs.id, (select count(*) from run_events where run = runs.seq) from runs
where rule = :rule and throttle_key = :throttle_key and ended_at is null and verdict is null and fence = 0 and due_at > :now
order by seq desc limit 1

-- name: gathered_before
select 1 from run_events join runs on runs.seq = run_events.run where run_events.event = :event and runs.rule = :rule

-- name: gather
insert into run_events (run, event) values (:run, :event) on conflict do nothing

-- name: due_now
update runs set due_at = :now where seq = :run

-- name: run_of_delivery
select 1 from runs where source = :source and delivery_id = :delivery_id and rule = :rule

-- name: seq_of_run
select seq from runs where id = ?
