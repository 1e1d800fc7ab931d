-- insert_import --
-- The video and what is to be fetched for it, or neither. No row when the idempotency key is taken.
WITH video AS (
    INSERT INTO videos (id, filename, bytes, media_key, preset, settings, idempotency_key, owner, tracks_key,
                        fetching)
    VALUES (%(id)s, %(filename)s, 0, %(media_key)s, %(preset)s, %(settings)s, %(idempotency_key)s, %(owner)s,
            %(id)s, true)
    ON CONFLICT (idempotency_key) DO NOTHING
    RETURNING *
), source AS (
    INSERT INTO imports (video_id, url, lane) SELECT id, %(url)s, %(lane)s FROM video
)
SELECT * FROM video

-- get_import_by_key --
-- The video an earlier request with this key made, and where it comes from (NULL: it was no import).
SELECT videos.*, imports.url FROM videos LEFT JOIN imports ON imports.video_id = videos.id
WHERE videos.idempotency_key = %(idempotency_key)s

-- lock_claims --
-- Claims are made one after another, so that all bridges together keep to one bound.
SELECT pg_advisory_xact_lock(%(key)s)

-- claim_import --
-- The oldest of the lane that has the fewest under way and has waited longest for its turn.
WITH lanes AS (
    SELECT lane, count(*) FILTER (WHERE lease_expires_at > now()) AS busy, max(claimed_at) AS served_at
    FROM imports
    WHERE claimed_at > now() - interval '1 day'
    GROUP BY lane
), pick AS (
    SELECT imports.video_id
    FROM imports LEFT JOIN lanes USING (lane)
    WHERE state IN ('waiting', 'fetching') AND due_at <= now()
      AND (lease_expires_at IS NULL OR lease_expires_at < now())
      AND (SELECT count(*) FROM imports WHERE lease_expires_at > now()) < %(concurrency)s
    ORDER BY coalesce(busy, 0), served_at NULLS FIRST, number
    LIMIT 1
    FOR UPDATE OF imports SKIP LOCKED
)
UPDATE imports
SET state = 'fetching', epoch = epoch + 1, tries = tries + 1, claimed_at = clock_timestamp(),
    lease_expires_at = now() + make_interval(secs => %(lease_s)s)
FROM pick
WHERE imports.video_id = pick.video_id
RETURNING imports.*

-- heartbeat_import --
UPDATE imports
SET lease_expires_at = now() + make_interval(secs => %(lease_s)s)
WHERE video_id = %(id)s AND epoch = %(epoch)s AND state = 'fetching'

-- advance_import --
-- What is stored for good. A file that came further than ever has all its tries again.
UPDATE imports
SET stored_bytes = %(stored_bytes)s, total_bytes = %(total_bytes)s, validator = %(validator)s,
    generation = %(generation)s,
    tries = CASE WHEN %(stored_bytes)s > furthest_bytes THEN 0 ELSE tries END,
    furthest_bytes = greatest(furthest_bytes, %(stored_bytes)s)
WHERE video_id = %(id)s AND epoch = %(epoch)s AND state = 'fetching'

-- postpone_import --
-- Tried again later; the lease is given back.
UPDATE imports
SET state = 'waiting', lease_expires_at = NULL, due_at = now() + make_interval(secs => %(delay_s)s),
    tries = tries - %(uncounted)s
WHERE video_id = %(id)s AND epoch = %(epoch)s AND state = 'fetching'

-- finish_import --
-- The file is in its place. Its doorbell goes into the same transaction. As with an upload, it shares the tracks
-- of a video of the same owner with the same content (see insert_video); none of its own exist yet.
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
