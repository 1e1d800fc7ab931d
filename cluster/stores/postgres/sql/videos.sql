-- insert_video --
-- One statement of the transaction that creates a video. Returns no row when the idempotency key is taken. The video
-- shares the tracks of a video of the same owner with the same content (its twin). The twin's row is locked: either it
-- is gone for this statement, or its deletion comes after this commit and finds the tracks in use.
WITH twin AS (
    SELECT tracks_key
    FROM videos
    WHERE sha256 = %(sha256)s AND bytes = %(bytes)s AND owner IS NOT DISTINCT FROM %(owner)s::text
    ORDER BY state = 'done' DESC, created_at
    LIMIT 1
    FOR KEY SHARE
)
INSERT INTO videos (id, filename, bytes, sha256, media_key, preset, settings, idempotency_key, owner, priority,
                    traceparent, tracks_key)
VALUES (%(id)s, %(filename)s, %(bytes)s, %(sha256)s, %(media_key)s, %(preset)s, %(settings)s,
        %(idempotency_key)s, %(owner)s, %(priority)s, %(traceparent)s, coalesce((SELECT tracks_key FROM twin), %(id)s))
ON CONFLICT (idempotency_key) DO NOTHING
RETURNING *

-- lock_content --
-- Videos of one content are created one after another, so that the second sees the first.
SELECT pg_advisory_xact_lock(hashtextextended(%(sha256)s, 0))

-- tracks_in_use --
SELECT 1 FROM videos WHERE tracks_key = %(tracks_key)s LIMIT 1

-- get_video --
-- One video by its id, and how far its proxy is; one of other tracks is not the video's any more.
SELECT videos.*, (
    SELECT jsonb_build_object(
        'state', clip_jobs.state, 'total', total, 'bytes', clip_jobs.bytes, 'error_code', clip_jobs.error_code,
        'error_message', clip_jobs.error_message,
        'made', (SELECT count(*) FROM clip_files WHERE job_id = clip_jobs.id AND clip_files.made))
    FROM clip_jobs
    WHERE video_id = videos.id AND purpose = 'proxy' AND clip_jobs.tracks_hash = videos.tracks_hash
) AS proxy
FROM videos
WHERE id = %(id)s

-- owner_of_video --
-- The owner of a video; no row when there is no such video.
SELECT owner FROM videos WHERE id = %(id)s

-- get_video_by_idempotency_key --
-- The video that an earlier request with this key made.
SELECT * FROM videos WHERE idempotency_key = %(idempotency_key)s

-- list_videos --
-- Newest first, strictly after the keyset (before_created_at, before_id) where one is given (keyset pagination).
SELECT videos.*, (
    SELECT jsonb_build_object(
        'state', clip_jobs.state, 'total', total, 'bytes', clip_jobs.bytes, 'error_code', clip_jobs.error_code,
        'error_message', clip_jobs.error_message,
        'made', (SELECT count(*) FROM clip_files WHERE job_id = clip_jobs.id AND clip_files.made))
    FROM clip_jobs
    WHERE video_id = videos.id AND purpose = 'proxy' AND clip_jobs.tracks_hash = videos.tracks_hash
) AS proxy
FROM videos
WHERE (%(state)s::text IS NULL OR state = %(state)s)
  AND (%(owner)s::text IS NULL OR owner = %(owner)s)
  AND (%(preset)s::text IS NULL OR preset = %(preset)s)
  AND (%(created_from)s::timestamptz IS NULL OR created_at >= %(created_from)s)
  AND (%(created_to)s::timestamptz IS NULL OR created_at < %(created_to)s)
  AND (%(pattern)s::text IS NULL OR filename ILIKE %(pattern)s ESCAPE '\')
  AND (%(before_created_at)s::timestamptz IS NULL
       OR (created_at, id) < (%(before_created_at)s::timestamptz, %(before_id)s::text))
ORDER BY created_at DESC, id DESC
LIMIT %(limit)s

-- count_videos --
-- The number of videos in each state that has any.
SELECT state, count(*) AS number FROM videos GROUP BY state

-- cancel_video --
-- Without a live lease (queued, or the lease has run out) the video is cancelled at once. Otherwise cancel_requested
-- asks its lease holder to stop; the holder sees it within a second and ends the video by acknowledge_cancel.
WITH seen AS (
    SELECT id, state = 'queued' OR lease_expires_at < now() AS idle
    FROM videos
    WHERE id = %(id)s AND state IN ('queued', 'running', 'finalizing')
    FOR UPDATE
)
UPDATE videos
SET state = CASE WHEN idle THEN 'cancelled' ELSE state END,
    cancel_requested = NOT idle,
    finished_at = CASE WHEN idle THEN now() END,
    lease_owner = CASE WHEN idle THEN NULL ELSE lease_owner END,
    lease_expires_at = CASE WHEN idle THEN NULL ELSE lease_expires_at END
FROM seen
WHERE videos.id = seen.id
RETURNING videos.*

-- retry_video --
-- Queued again with all attempts; stored chunks stay and are used again.
UPDATE videos
SET state = 'queued', attempt = 0, error_code = NULL, error_message = NULL, started_at = NULL,
    finished_at = NULL, cancel_requested = false, rung_at = now(), traceparent = %(traceparent)s
WHERE id = %(id)s AND state IN ('failed', 'cancelled')
RETURNING *

-- resegment_video --
-- Queues a finished video again with other settings. Media, tracks and the timeline stay: readers see that timeline
-- until the new one is finished.
UPDATE videos
SET state = 'queued', attempt = 0, preset = %(preset)s, settings = %(settings)s,
    keep_corrections = %(keep_corrections)s, started_at = NULL, finished_at = NULL, rung_at = now(), traceparent = %(traceparent)s
WHERE id = %(id)s AND state = 'done'
RETURNING *

-- delete_video --
-- Legal in every state: the lease holder's next UPDATE matches no row, and it stops.
DELETE FROM videos WHERE id = %(id)s RETURNING *
