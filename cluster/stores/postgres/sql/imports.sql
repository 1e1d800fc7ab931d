-- insert_import --
-- Inserts the video and its import, or neither. Returns no row when the idempotency key is taken.
WITH video AS (
    INSERT INTO videos (id, filename, bytes, media_key, preset, settings, idempotency_key, owner, priority,
                        traceparent, tracks_key, fetching)
    VALUES (%(id)s, %(filename)s, 0, %(media_key)s, %(preset)s, %(settings)s, %(idempotency_key)s, %(owner)s,
            %(priority)s, %(traceparent)s, %(id)s, true)
    ON CONFLICT (idempotency_key) DO NOTHING
    RETURNING *
), source AS (
    INSERT INTO imports (video_id, url, lane, priority) SELECT id, %(url)s, %(lane)s, %(priority)s FROM video
)
SELECT * FROM video

-- get_import_by_key --
-- The video that an earlier request with this key made, and its address (NULL: it was no import).
SELECT videos.*, imports.url FROM videos LEFT JOIN imports ON imports.video_id = videos.id
WHERE videos.idempotency_key = %(idempotency_key)s

-- lock_claims --
-- All bridges make their claims one after another, so that one bound holds for all together. See lock_turns.
SELECT pg_advisory_xact_lock(%(key)s), set_config('idle_in_transaction_session_timeout', %(idle)s, true)

-- claim_import --
-- Fair turns: first the owner with the fewest imports under way, then the one that has waited longest; the same among
-- the owner's lanes; then the oldest import. So an owner has one turn among the others, with any number of batches.
-- Imports of priority `batch`, and those with longer turns (after turns without a result), never take all places,
-- because a single one may be slow for hours.
WITH recent AS (
    SELECT coalesce(videos.owner, '') AS owner, lane, imports.lease_expires_at > now() AS leased, imports.claimed_at
    FROM imports JOIN videos ON videos.id = video_id
    WHERE imports.claimed_at > now() - interval '1 day'
), owners AS (
    SELECT owner, count(*) FILTER (WHERE leased) AS busy, max(claimed_at) AS served_at FROM recent GROUP BY owner
), lanes AS (
    SELECT lane, count(*) FILTER (WHERE leased) AS busy, max(claimed_at) AS served_at FROM recent GROUP BY lane
), pick AS (
    SELECT imports.video_id
    FROM imports JOIN videos ON videos.id = video_id
         LEFT JOIN owners ON owners.owner = coalesce(videos.owner, '')
         LEFT JOIN lanes USING (lane)
    WHERE imports.state IN ('waiting', 'fetching') AND imports.due_at <= now()
      AND (imports.lease_expires_at IS NULL OR imports.lease_expires_at < now())
      AND (SELECT count(*) FROM imports WHERE lease_expires_at > now()) < %(concurrency)s
      AND (imports.priority = 'interactive'
           OR (SELECT count(*) FROM imports WHERE lease_expires_at > now() AND priority = 'batch') < %(batch)s)
      AND (imports.turns = 0
           OR (SELECT count(*) FROM imports WHERE lease_expires_at > now() AND turns > 0) < %(batch)s)
    ORDER BY coalesce(owners.busy, 0), owners.served_at NULLS FIRST,
             coalesce(lanes.busy, 0), lanes.served_at NULLS FIRST, imports.number
    LIMIT 1
    FOR UPDATE OF imports SKIP LOCKED
)
UPDATE imports
SET state = 'fetching', epoch = epoch + 1, tries = tries + 1, claimed_at = clock_timestamp(),
    lease_expires_at = now() + make_interval(secs => %(lease_s)s)
FROM pick
WHERE imports.video_id = pick.video_id
RETURNING imports.*

-- is_waited_for --
-- Whether an import of another lane is due, waits for a place, and comes before this one: its owner has fewer imports
-- under way, or its lane has, of the same owner. An import that could not use this place does not count.
WITH busy AS (
    SELECT video_id, coalesce(videos.owner, '') AS owner, lane, imports.priority, turns > 0 AS has_long
    FROM imports JOIN videos ON videos.id = video_id
    WHERE imports.lease_expires_at > now()
), mine AS (
    SELECT owner, lane, priority, has_long,
           (SELECT count(*) FROM busy AS others WHERE others.owner = busy.owner) AS of_owner,
           (SELECT count(*) FROM busy AS others WHERE others.lane = busy.lane) AS of_lane
    FROM busy
    WHERE video_id = %(id)s
), waiting AS (
    SELECT DISTINCT coalesce(videos.owner, '') AS owner, lane, imports.priority, turns > 0 AS has_long
    FROM imports JOIN videos ON videos.id = video_id
    WHERE imports.state IN ('waiting', 'fetching') AND imports.due_at <= now()
      AND (imports.lease_expires_at IS NULL OR imports.lease_expires_at < now())
), places AS (
    SELECT count(*) >= %(concurrency)s AS full_up,
           count(*) FILTER (WHERE priority = 'batch') >= %(batch)s AS full_of_batches,
           count(*) FILTER (WHERE has_long) >= %(batch)s AS full_of_long
    FROM busy
)
SELECT 1 AS one
FROM waiting, mine, places
WHERE waiting.lane <> mine.lane
  AND (mine.has_long OR NOT (waiting.has_long AND full_of_long))
  AND CASE WHEN waiting.priority = 'interactive' THEN full_up
           WHEN mine.priority = 'batch' THEN full_up OR full_of_batches
           ELSE full_up AND NOT full_of_batches END
  AND CASE WHEN waiting.owner = mine.owner
           THEN (SELECT count(*) FROM busy WHERE busy.lane = waiting.lane) < of_lane
           ELSE (SELECT count(*) FROM busy WHERE busy.owner = waiting.owner) < of_owner END
LIMIT 1

-- heartbeat_imports --
-- Extends all leases of one holder at once, as for videos (leases.sql). A cancellation ends the lease at once and sets
-- no cancel_requested.
UPDATE imports
SET lease_expires_at = now() + make_interval(secs => %(lease_s)s)
FROM unnest(%(ids)s::text[], %(epochs)s::bigint[]) AS held (id, epoch)
WHERE imports.video_id = held.id AND imports.epoch = held.epoch AND state = 'fetching'
RETURNING imports.video_id AS id, imports.epoch AS lease_epoch, false AS cancel_requested

-- advance_import --
-- Records the stored bytes. A download that is further than ever before has all its tries again.
UPDATE imports
SET stored_bytes = %(stored_bytes)s, total_bytes = %(total_bytes)s, validator = %(validator)s,
    generation = %(generation)s,
    tries = CASE WHEN %(stored_bytes)s > furthest_bytes THEN 0 ELSE tries END,
    furthest_bytes = greatest(furthest_bytes, %(stored_bytes)s)
WHERE video_id = %(id)s AND epoch = %(epoch)s AND state = 'fetching'

-- postpone_import --
-- Gives the lease back; the import is due again later.
UPDATE imports
SET state = 'waiting', lease_expires_at = NULL, due_at = now() + make_interval(secs => %(delay_s)s),
    tries = greatest(tries - %(uncounted)s, 0), turns = turns + %(in_vain)s
WHERE video_id = %(id)s AND epoch = %(epoch)s AND state = 'fetching'

-- finish_import --
-- The file is stored. Its doorbell goes into the same transaction. As with an upload, the video shares the tracks of a
-- video of the same owner with the same content (see insert_video); it has none of its own yet.
WITH twin AS (
    SELECT tracks_key
    FROM videos
    WHERE sha256 = %(sha256)s AND bytes = %(bytes)s AND id <> %(id)s
      AND owner IS NOT DISTINCT FROM (SELECT owner FROM videos WHERE id = %(id)s)
    ORDER BY state = 'done' DESC, created_at
    LIMIT 1
    FOR KEY SHARE
)
UPDATE videos
SET bytes = %(bytes)s, sha256 = %(sha256)s, fetching = false, rung_at = now(),
    tracks_key = coalesce((SELECT tracks_key FROM twin), tracks_key)
WHERE id = %(id)s AND state = 'queued' AND fetching
  AND EXISTS (SELECT FROM imports WHERE video_id = %(id)s AND epoch = %(epoch)s AND state = 'fetching')
RETURNING id

-- mark_fetched --
UPDATE imports
SET state = 'fetched', lease_expires_at = NULL, stored_bytes = %(bytes)s, total_bytes = %(bytes)s
WHERE video_id = %(id)s

-- fail_import --
UPDATE videos
SET state = 'failed', error_code = %(code)s, error_message = %(message)s, finished_at = now()
WHERE id = %(id)s AND state = 'queued' AND fetching
  AND EXISTS (SELECT FROM imports WHERE video_id = %(id)s AND epoch = %(epoch)s AND state = 'fetching')

-- count_imports --
SELECT state, count(*) AS number FROM imports GROUP BY state
