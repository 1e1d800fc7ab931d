-- insert_clip_job --
-- Returns no row when the video already has an order with this idempotency key, or is gone.
INSERT INTO clip_jobs (id, video_id, clip_order, options, wanted, total, media_key, tracks_key, tracks_hash,
                       revision, idempotency_key)
SELECT %(id)s, videos.id, %(clip_order)s, %(options)s, %(wanted)s, %(total)s, %(media_key)s, %(tracks_key)s,
       %(tracks_hash)s, %(revision)s, %(idempotency_key)s
FROM videos WHERE videos.id = %(video_id)s
ON CONFLICT (video_id, idempotency_key) DO NOTHING
RETURNING *, 0 AS made, 0 AS not_made

-- get_clip_job --
-- Without `wanted`, which may be megabytes; only the lease holder needs it. Of a video, only its clips: a proxy has
-- addresses of its own.
SELECT clip_jobs.id, video_id, state, clip_order, options, '[]'::jsonb AS wanted, total, media_key, tracks_key, tracks_hash,
       revision, purpose, attempt, error_code, error_message, created_at, started_at, finished_at, lease_owner, lease_epoch,
       lease_expires_at, cancel_requested, counted.made, counted.not_made
FROM clip_jobs, LATERAL (
    SELECT count(*) FILTER (WHERE clip_files.made) AS made, count(*) FILTER (WHERE NOT clip_files.made) AS not_made
    FROM clip_files WHERE job_id = clip_jobs.id
) AS counted
WHERE clip_jobs.id = %(id)s
  AND (%(video_id)s::text IS NULL OR (video_id = %(video_id)s AND purpose = 'clips'))

-- clip_job_of_key --
-- The order that an earlier request with this key made.
SELECT id FROM clip_jobs WHERE video_id = %(video_id)s AND idempotency_key = %(idempotency_key)s

-- list_clip_jobs --
-- Newest first, strictly after the keyset where one is given (keyset pagination).
SELECT clip_jobs.id, video_id, state, clip_order, options, '[]'::jsonb AS wanted, total, media_key, tracks_key, tracks_hash,
       revision, purpose, attempt, error_code, error_message, created_at, started_at, finished_at, lease_owner, lease_epoch,
       lease_expires_at, cancel_requested, counted.made, counted.not_made
FROM clip_jobs, LATERAL (
    SELECT count(*) FILTER (WHERE clip_files.made) AS made, count(*) FILTER (WHERE NOT clip_files.made) AS not_made
    FROM clip_files WHERE job_id = clip_jobs.id
) AS counted
WHERE video_id = %(video_id)s AND purpose = 'clips'
  AND (%(before_created_at)s::timestamptz IS NULL
       OR (created_at, id) < (%(before_created_at)s::timestamptz, %(before_id)s::text))
ORDER BY created_at DESC, id DESC
LIMIT %(limit)s

-- clip_files --
-- In the order of the wanted segments, after a position; limit NULL: all.
SELECT position, made, entry FROM clip_files
WHERE job_id = %(id)s AND position > %(after)s
ORDER BY position
LIMIT %(limit)s

-- claim_clip_job --
-- Claims one order without a live lease, of a class with free capacity. The order of choice is that of videos: orders
-- whose lease ran out first, then interactive before batch, owners with fewer running orders first, then the oldest.
-- SKIP LOCKED: several bridges claim at the same time, and each gets a different order. A proxy comes after the segments,
-- and is heavy work however few its pieces are.
WITH busy AS MATERIALIZED (
    SELECT coalesce(videos.owner, '') AS owner, count(*) AS orders
    FROM clip_jobs JOIN videos ON videos.id = clip_jobs.video_id
    WHERE clip_jobs.state = 'running'
    GROUP BY 1
), chosen AS (
    SELECT clip_jobs.id, asked.priority
    FROM clip_jobs JOIN videos ON videos.id = clip_jobs.video_id
    CROSS JOIN LATERAL (SELECT coalesce(clip_jobs.priority, videos.priority) AS priority) AS asked
    LEFT JOIN busy ON busy.owner = coalesce(videos.owner, '')
    WHERE (clip_jobs.state = 'queued'
           OR (clip_jobs.state = 'running'
               AND clip_jobs.lease_expires_at < now() - make_interval(secs => %(grace_s)s)))
      AND clip_jobs.attempt < %(max_attempts)s AND NOT clip_jobs.cancel_requested
      AND (clip_jobs.purpose = 'clips' OR videos.state NOT IN ('queued', 'running', 'finalizing'))
      AND CASE WHEN asked.priority = 'batch' THEN %(batch)s
               WHEN clip_jobs.total <= %(few)s AND clip_jobs.purpose = 'clips' THEN %(light)s OR %(interactive)s
               ELSE %(interactive)s END
    ORDER BY clip_jobs.state = 'queued', asked.priority = 'batch', coalesce(busy.orders, 0),
             clip_jobs.created_at, clip_jobs.id
    LIMIT 1
    FOR UPDATE OF clip_jobs SKIP LOCKED
)
UPDATE clip_jobs
SET state = 'running', lease_owner = %(owner)s, lease_epoch = lease_epoch + 1,
    lease_expires_at = now() + make_interval(secs => %(lease_s)s),
    attempt = attempt + 1, started_at = coalesce(started_at, now())
FROM chosen
WHERE clip_jobs.id = chosen.id
RETURNING clip_jobs.*, chosen.priority AS turn, 0 AS made, 0 AS not_made

-- heartbeat_clip_jobs --
-- Extends all leases of one holder at once, as for videos (leases.sql).
UPDATE clip_jobs
SET lease_expires_at = now() + make_interval(secs => %(lease_s)s)
FROM unnest(%(ids)s::text[], %(epochs)s::bigint[]) AS held (id, epoch)
WHERE clip_jobs.id = held.id AND clip_jobs.lease_epoch = held.epoch AND state = 'running'
RETURNING clip_jobs.id, clip_jobs.lease_epoch, clip_jobs.cancel_requested

-- put_clip_file --
-- Fenced by the epoch in the order's row; the first record of a position stays.
WITH held AS (
    SELECT id FROM clip_jobs WHERE id = %(id)s AND lease_epoch = %(epoch)s AND state = 'running' FOR SHARE
), put AS (
    INSERT INTO clip_files (job_id, position, made, entry)
    SELECT id, %(position)s, %(made)s, %(entry)s FROM held
    ON CONFLICT (job_id, position) DO NOTHING
)
SELECT id FROM held

-- finish_clip_job --
UPDATE clip_jobs
SET state = 'done', finished_at = now(), cancel_requested = false, lease_owner = NULL, lease_expires_at = NULL
WHERE id = %(id)s AND lease_epoch = %(epoch)s AND state = 'running'

-- fail_clip_job --
UPDATE clip_jobs
SET state = 'failed', error_code = %(code)s, error_message = %(message)s, finished_at = now(),
    cancel_requested = false, lease_owner = NULL, lease_expires_at = NULL
WHERE id = %(id)s AND lease_epoch = %(epoch)s AND state = 'running'

-- acknowledge_cancel_clip_job --
UPDATE clip_jobs
SET state = 'cancelled', finished_at = now(), cancel_requested = false,
    lease_owner = NULL, lease_expires_at = NULL
WHERE id = %(id)s AND lease_epoch = %(epoch)s AND state = 'running' AND cancel_requested

-- release_clip_job --
-- An orderly stop: queued again, the attempt not counted. A cancellation requested meanwhile is carried out.
UPDATE clip_jobs
SET state = CASE WHEN cancel_requested THEN 'cancelled' ELSE 'queued' END,
    finished_at = CASE WHEN cancel_requested THEN now() END,
    attempt = greatest(attempt - 1, 0), cancel_requested = false, lease_owner = NULL, lease_expires_at = NULL
WHERE id = %(id)s AND lease_epoch = %(epoch)s AND state = 'running'

-- cancel_clip_job --
-- Without a live lease the order is cancelled at once. Otherwise cancel_requested asks its lease holder to stop.
WITH seen AS (
    SELECT id, state = 'queued' OR lease_expires_at < now() AS idle
    FROM clip_jobs
    WHERE id = %(id)s AND video_id = %(video_id)s AND purpose = 'clips' AND state IN ('queued', 'running')
    FOR UPDATE
)
UPDATE clip_jobs
SET state = CASE WHEN idle THEN 'cancelled' ELSE state END,
    cancel_requested = NOT idle,
    finished_at = CASE WHEN idle THEN now() END,
    lease_owner = CASE WHEN idle THEN NULL ELSE lease_owner END,
    lease_expires_at = CASE WHEN idle THEN NULL ELSE lease_expires_at END
FROM seen
WHERE clip_jobs.id = seen.id
RETURNING clip_jobs.id

-- retry_clip_job --
-- Queued again with all attempts; files that were made stay.
UPDATE clip_jobs
SET state = 'queued', attempt = 0, error_code = NULL, error_message = NULL, started_at = NULL,
    finished_at = NULL, cancel_requested = false
WHERE id = %(id)s AND video_id = %(video_id)s AND purpose = 'clips' AND state IN ('failed', 'cancelled')
RETURNING id

-- forget_failed_clips --
DELETE FROM clip_files WHERE job_id = %(id)s AND NOT made

-- delete_clip_job --
-- Legal in every state: the lease holder's next UPDATE matches no row, and it stops.
DELETE FROM clip_jobs WHERE id = %(id)s AND video_id = %(video_id)s AND purpose = 'clips' RETURNING id

-- cancel_abandoned_clip_jobs --
UPDATE clip_jobs
SET state = 'cancelled', finished_at = now(), cancel_requested = false,
    lease_owner = NULL, lease_expires_at = NULL
WHERE state = 'running' AND lease_expires_at < now() AND cancel_requested
RETURNING id

-- fail_exhausted_clip_jobs --
UPDATE clip_jobs
SET state = 'failed', error_code = 'attempts_exhausted', error_message = %(message)s, finished_at = now(),
    lease_owner = NULL, lease_expires_at = NULL
WHERE attempt >= %(max_attempts)s
  AND (state = 'queued'
       OR (state = 'running' AND lease_expires_at < now() - make_interval(secs => %(grace_s)s)))
RETURNING id
