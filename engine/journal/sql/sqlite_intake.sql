-- name: accept_event
insert into events (id, source, type, delivery_id, digest, received_at, address, hops, headers, query, git, proven_by, fetched_from,
    payload, body)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict (source, delivery_id, digest) where delivery_id is not null do nothing

-- name: number_of_event
select seq from events where id = ?

-- name: find_delivery
select seq, id, payload_kept from events where source = ? and delivery_id = ? and digest = ?

-- name: refill_event
update events set payload = ?, body = ?, payload_kept = 1 where seq = ?

-- name: find_delivery_id
select 1 from events where source = ? and delivery_id = ? limit 1

-- name: find_body
select event from bodies where source = ? and digest = ?

-- name: remember_body
insert into bodies (source, digest, received_at, event) values (?, ?, ?, ?)
on conflict (source, digest) do update set received_at = excluded.received_at, event = excluded.event

-- name: forget_bodies
delete from bodies where received_at <= ?

-- name: start_run
insert into runs (
    id, event, source, delivery_id, rule, digest, state, due_at, created_at,
    group_name, group_most, throttle_key, label, held, verdict, error
)
values (
    :id, :event, :source, :delivery_id, :rule, :digest, 'queued', :due_at, :now,
    :group_name, :group_most, :throttle_key, :label, :held, :verdict, :error
)
on conflict (source, delivery_id, rule) where delivery_id is not null do nothing

-- name: keep_rule
insert into rules (digest, name, text) values (?, ?, ?) on conflict (digest) do nothing

-- name: encryption_keys
select id from encryption_keys

-- name: keep_encryption_key
insert into encryption_keys (id) values (?) on conflict do nothing
