-- What an export holds. The names of columns are the keys of its objects; rows are named by their ids, since numbers are the file's own.

-- name: export_rules
select digest, name, text from rules order by name, digest

-- name: export_schedules
select name, due_at from schedules order by name

-- name: export_events
select id, source, type, delivery_id, digest, received_at, address, hops, headers, query, git, proven_by, fetched_from, payload_kept, payload, body
from events order by seq

-- name: export_runs
-- A run that a worker holds is queued where it is imported.
select id, (select events.id from events where events.seq = runs.event) as event, source, delivery_id, rule, digest,
    case state when 'running' then 'queued' else state end as state, fence, due_at, created_at, started_at, ended_at, error, response,
    cancelled_at, retries, group_name, group_most, throttle_key, label, held, verdict
from runs order by seq

-- name: export_steps
select key, kind, name, state, attempts, started_at, ended_at, result, error from steps
where run = (select seq from runs where id = :run) order by seq

-- name: export_expectations
select key, approval, events, condition, names, target, met_at, met_by,
    (select id from events where events.seq <= expectations.since order by events.seq desc limit 1) as since
from expectations where run = (select seq from runs where id = :run)

-- name: export_gathered
select events.id from run_events join events on events.seq = run_events.event
where run_events.run = (select seq from runs where id = :run) order by events.seq

-- name: export_partials
select rule, key, found, since from partials order by rule, key

-- name: export_silences
select rule, key, due_at, last_event from silences order by rule, key

-- name: import_rules
insert into rules (digest, name, text) values (:digest, :name, :text) on conflict do nothing

-- name: import_schedules
insert into schedules (name, due_at) values (:name, :due_at) on conflict do nothing

-- name: import_events
insert into events (
    id, source, type, delivery_id, digest, received_at, address, hops, headers, query, git, proven_by, fetched_from, payload_kept, payload, body
)
values (
    :id, :source, :type, :delivery_id, :digest, :received_at, :address, :hops, :headers, :query, :git, :proven_by, :fetched_from, :payload_kept,
    :payload, :body
)
on conflict do nothing

-- name: import_runs
insert into runs (
    id, event, source, delivery_id, rule, digest, state, fence, due_at, created_at, started_at, ended_at, error, response,
    cancelled_at, retries, group_name, group_most, throttle_key, label, held, verdict
)
values (
    :id, (select seq from events where id = :event), :source, :delivery_id, :rule, :digest, :state, :fence, :due_at, :created_at,
    :started_at, :ended_at, :error, :response, :cancelled_at, :retries, :group_name, :group_most, :throttle_key, :label, :held, :verdict
)
on conflict do nothing

-- name: import_steps
insert into steps (run, key, kind, name, state, attempts, started_at, ended_at, result, error)
values (
    (select seq from runs where id = :run), :key, :kind, :name, :state, :attempts, :started_at, :ended_at, :result, :error
)

-- name: import_expectations
insert into expectations (run, key, approval, events, condition, names, target, since, met_at, met_by)
values (
    (select seq from runs where id = :run), :key, :approval, :events, :condition, :names, :target,
    coalesce((select seq from events where id = :since), (select max(seq) from events)), :met_at, :met_by
)

-- name: import_gathered
insert into run_events (run, event) values ((select seq from runs where id = :run), (select seq from events where id = :event))
on conflict do nothing

-- name: import_partials
insert into partials (rule, key, found, since) values (:rule, :key, :found, :since) on conflict do nothing

-- name: import_silences
insert into silences (rule, key, due_at, last_event) values (:rule, :key, :due_at, :last_event) on conflict do nothing
