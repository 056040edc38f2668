-- name: state_of_run
select state from runs where id = :run_id

-- name: ask_for_end
-- A waiting run is due at once, so that a worker sees it; one that runs is seen by the worker that holds it.
update runs set cancelled_at = :now, due_at = min(due_at, :now) where id = :run_id and ended_at is null and cancelled_at is null

-- name: dismiss
update runs set state = 'cancelled', cancelled_at = :now where id = :run_id and state = 'dead'

-- name: change_rule
update runs set digest = :digest, group_name = :group_name, group_most = :group_most, label = :label, verdict = :verdict, error = :error
where id = :run_id and state in ('dead', 'failed', 'cancelled')

-- name: do_again
-- Behind those that wait in its group already. What has a verdict ends by it once more, for the same reason.
update runs
set state = 'queued', due_at = :now, ended_at = null, error = case when verdict is null then null else error end, cancelled_at = null,
    response = null, retries = retries + 1, started_at = null, held = (group_name is not null and verdict is null)
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
