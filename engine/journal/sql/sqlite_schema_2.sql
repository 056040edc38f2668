-- Which of its source's secrets proved an event, counted from 1.
alter table events add column proven_by integer;
