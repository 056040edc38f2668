-- name: keep_refusal
insert into refusals (source, at, status, reason, address, agent) values (?, ?, ?, ?, ?, ?)

-- name: forget_refusals
delete from refusals
where source = :source and seq <= (select seq from refusals where source = :source order by seq desc limit 1 offset :kept)

-- name: count_refusals
insert into refusal_counts (source, status, count) values (?, ?, ?)
on conflict (source, status) do update set count = count + excluded.count
