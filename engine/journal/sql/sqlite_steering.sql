-- name: state_of_run
select state from runs where id = :run_id

-- name: ask_for_end
-- A waiting run is due at once, so that a worker sees it; one that runs is seen by the worker that holds it.
update runs set cancelled_at = :now, due_at = min(due_at, :now) where id = :run_id and ended_at is null and cancelled_at is null

-- name: dismiss
update runs set state = 'cancelled', cancelled_at = :now where id = :run_id and state = 'dead'

-- name: do_again
update runs
set state = 'queued', due_at = :now, ended_at = null, error = null, cancelled_at = null, response = null,
    retries = retries + 1, digest = coalesce(:digest, digest), started_at = null
where id = :run_id and state in ('dead', 'failed', 'cancelled')

-- name: forget_what_failed
-- Steps that went well keep their results; with them a rule goes on where it failed.
delete from steps
where run = (select seq from runs where id = :run_id)
  and (state not in ('succeeded', 'skipped') or key not like 'steps[%' or key glob 'end of *')

-- name: forget_all_steps
delete from steps where run = (select seq from runs where id = :run_id)

-- name: approve
update expectations set met_at = :now, met_by = :by
where approval and met_at is null and run = (select seq from runs where id = :run_id and state = 'waiting')

-- name: wake
update runs set due_at = min(due_at, :now) where id = :run_id and state = 'waiting'
