-- What must hold of a journal beyond its constraints. Each statement gives a sentence for each fault.

-- name: runs_without_event
select 'run ' || id || ' belongs to an event that is not there' from runs where not exists (select 1 from events where seq = runs.event)

-- name: open_runs_without_rule
select 'run ' || id || ' has not ended, and the text of its rule ' || rule || ' is not there' from runs
where ended_at is null and verdict is null and not exists (select 1 from rules where rules.digest = runs.digest)

-- name: open_runs_without_payload
select 'run ' || runs.id || ' has not ended, and the payload of its event ' || events.id || ' is gone'
from runs join events on events.seq = runs.event where ended_at is null and payload_kept = 0

-- name: held_without_group
select 'run ' || id || ' is held, and has no group' from runs where held = 1 and group_name is null and ended_at is null

-- name: held_in_an_empty_group
select 'run ' || id || ' is held by the group ' || group_name || ', of which nothing goes on' from runs as waiting
where held = 1 and ended_at is null and not exists (
    select 1 from runs as inside
    where inside.group_name = waiting.group_name and inside.held = 0 and inside.ended_at is null and inside.verdict is null
)

-- name: cursors_before_their_time
select 'the events before number ' || seq || ' count as looked at (' || name || '), and the newest is ' || (select coalesce(max(seq), 0) from events)
from cursors where seq > (select coalesce(max(seq), 0) from events)
