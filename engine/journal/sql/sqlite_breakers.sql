-- name: breaker
select target, changed_at, failures, openings, until from breakers where target = ?

-- name: breakers
select target, changed_at, failures, openings, until from breakers order by until is null, target

-- name: forget_breakers
delete from breakers where changed_at < ?

-- name: keep_breaker
insert into breakers (target, changed_at, failures, openings, until) values (:target, :changed_at, :failures, :openings, :until)
on conflict (target) do update set
    changed_at = excluded.changed_at, failures = excluded.failures, openings = excluded.openings, until = excluded.until

-- name: drop_breaker
delete from breakers where target = ?

-- name: release
-- The runs that were parked for it.
update runs set due_at = min(due_at, :now)
where state = 'waiting' and seq in (select run from expectations where target = :target)
