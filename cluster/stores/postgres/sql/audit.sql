-- add_entry --
INSERT INTO audit (act, target, details, actor, key_name, owner, address, request_id)
VALUES (%(act)s, %(target)s, %(details)s, %(actor)s, %(key_name)s, %(owner)s, %(address)s, %(request_id)s)

-- list_entries --
-- The primary key gives the order and the place of a page.
SELECT * FROM audit
WHERE (%(before)s::bigint IS NULL OR id < %(before)s)
  AND (%(act)s::text IS NULL OR act = %(act)s)
  AND (%(actor)s::text IS NULL OR actor = %(actor)s)
  AND (%(at_from)s::timestamptz IS NULL OR at >= %(at_from)s)
  AND (%(at_to)s::timestamptz IS NULL OR at < %(at_to)s)
ORDER BY id DESC
LIMIT %(limit)s

-- drop_old_entries --
DELETE FROM audit WHERE at < now() - make_interval(secs => %(kept_s)s)
