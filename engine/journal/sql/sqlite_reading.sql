-- name: event
select id, source, type, delivery_id, digest, received_at, address, hops, headers, query, git, proven_by, fetched_from, payload_kept, payload, body
from events where id = ?

-- name: list_events
select id, source, type, delivery_id, digest, received_at, address, hops, headers, query, git, proven_by, fetched_from, payload_kept, payload, body
from events where {conditions} order by seq desc limit :limit

-- name: happened
-- What a run gathered fired its rule, too.
select seq, id, (
    select json_group_object(rule, digest) from (
        select rule, digest from runs where runs.event = events.seq
        union all
        select rule, digest from run_events join runs on runs.seq = run_events.run where run_events.event = events.seq
    )
)
from events where seq > :after and received_at >= :since and payload_kept and (:source is null or source = :source) order by seq limit :limit

-- name: count_happened
select count(*) from events where received_at >= :since and payload_kept and (:source is null or source = :source)

-- name: run
select runs.id, events.id, rule, runs.digest, state, created_at, due_at, fence, worker, started_at, ended_at, error,
    cancelled_at, retries, verdict
from runs join events on events.seq = runs.event where runs.id = ?

-- name: events_of_run
select events.id from run_events join events on events.seq = run_events.event
where run_events.run = (select seq from runs where id = ?) order by events.seq

-- name: list_runs
select runs.id, events.id, rule, runs.digest, state, created_at, due_at, fence, worker, started_at, ended_at, error,
    cancelled_at, retries, verdict
from runs join events on events.seq = runs.event where {conditions} order by runs.seq desc limit :limit

-- name: steps
select runs.id, steps.key, steps.kind, steps.state, steps.attempts, steps.started_at, steps.name, steps.ended_at,
    steps.result, steps.error
from steps join runs on runs.seq = steps.run where runs.id = ? order by steps.seq

-- name: processes
select key, host, boot, pid, started from processes where run = (select seq from runs where id = ?)

-- name: list_refusals
select source, at, status, reason, address, agent from refusals where {conditions} order by seq desc limit :limit

-- name: outputs
select outputs.seq, outputs.key, outputs.stream, outputs.text
from outputs join runs on runs.seq = outputs.run where runs.id = ? and outputs.seq > ? order by outputs.seq

-- name: response
select response from runs where id = ? and response is not null

-- name: met
select met_at, met_by from expectations join runs on runs.seq = expectations.run where runs.id = ? and key = ? and met_at is not null

-- name: cancelling
select id, error from runs indexed by runs_cancelled where worker = ? and cancelled_at is not null and ended_at is null

-- name: rule_text
select digest, name, text from rules where digest = ?

-- name: counts
select 'events', count(*) from events
union all
select 'runs.' || state, count(*) from runs group by state
union all
select 'breakers.open', count(*) from breakers where until is not null group by 1
union all
select 'refusals.' || status || '.' || source, count from refusal_counts
