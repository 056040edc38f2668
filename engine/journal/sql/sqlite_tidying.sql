-- What is too old to be kept. Each statement touches a bounded number of rows.

-- name: forget_outputs
delete from outputs where seq in (
    select outputs.seq from outputs join runs on runs.seq = outputs.run where runs.ended_at < :before limit :most
)

-- name: forget_refusals_before
delete from refusals where seq in (select seq from refusals where at < :before limit :most)

-- name: forget_partials
delete from partials where (rule, key) in (select rule, key from partials where since < :before limit :most)

-- name: old_events
select seq, received_at, id from events indexed by events_by_age
where payload_kept = :kept and received_at >= :at and received_at < :before and (received_at > :at or seq > :seq)
order by received_at, seq limit :most

-- name: looked_at_by_all
-- Events behind this one are still to be looked at: by a cursor that is in use, or by a run that waits for an event.
select min(seq) from (
    select seq from cursors where name in (select value from json_each(:cursors))
    union all
    select since from expectations join runs on runs.seq = run
    where expectations.events is not null and met_at is null and runs.state = 'waiting'
)

-- name: waited_for_together
-- The events that have come of those that a rule waits for: their ids are the only texts there.
select found.atom from partials, json_tree(partials.found) as found where partials.since < :before and found.type = 'text'

-- name: needed_by_a_run
-- A run that has not ended, that ended lately, or that is dead and may be done again.
select exists (select 1 from runs where event = :seq and (ended_at is null or ended_at >= :before or state = 'dead'))
    or exists (
        select 1 from run_events join runs on runs.seq = run_events.run
        where run_events.event = :seq and (runs.ended_at is null or runs.ended_at >= :before or runs.state = 'dead')
    )

-- name: needed_by_others
-- A run that gathered it, or all events to come: numbers go on from the newest one, and cursors count on that.
select exists (select 1 from run_events join runs on runs.seq = run_events.run where run_events.event = :seq and runs.event <> :seq)
    or :seq = (select max(seq) from events)

-- name: empty_event
update events set payload = null, body = x'', payload_kept = 0 where seq = :seq

-- name: remove_runs
delete from runs where event = :seq

-- name: remove_event
delete from events where seq = :seq
