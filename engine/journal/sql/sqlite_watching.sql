-- name: cursor
select seq from cursors where name = ?

-- name: newest_event
select coalesce(max(seq), 0) from events

-- name: set_cursor
insert into cursors (name, seq) values (:name, :seq) on conflict (name) do update set seq = excluded.seq

-- name: partial
select found from partials where rule = ? and key = ?

-- name: keep_partial
insert into partials (rule, key, found, since) values (:rule, :key, :found, :since)
on conflict (rule, key) do update set found = excluded.found, since = excluded.since

-- name: forget_partial
delete from partials where rule = ? and key = ?

-- name: event_for_run
select seq, source, delivery_id from events where id = ?

-- name: silence_keys
select key from silences where rule = ?

-- name: expect_by
insert into silences (rule, key, due_at, last_event) values (:rule, :key, :due_at, :last_event)
on conflict (rule, key) do update set due_at = excluded.due_at, last_event = coalesce(excluded.last_event, last_event)

-- name: silent
select rule, key, due_at, last_event from silences indexed by silences_due where due_at is not null and due_at <= ? order by due_at

-- name: next_silence
select min(due_at) from silences indexed by silences_due where due_at is not null

-- name: tell_silence
update silences set due_at = null where rule = :rule and key = :key and due_at = :due_at
