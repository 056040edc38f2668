-- name: accept_event
insert into events (id, source, type, delivery_id, digest, received_at, address, hops, headers, query, git, proven_by, payload, body)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict (source, delivery_id, digest) where delivery_id is not null do nothing

-- name: find_delivery
select seq, id from events where source = ? and delivery_id = ? and digest = ?

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
