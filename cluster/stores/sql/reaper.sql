-- cancel_abandoned --
-- A cancel was asked for and the holder died before it answered.
UPDATE videos
SET state = 'cancelled', finished_at = now(), cancel_requested = false,
    lease_owner = NULL, lease_expires_at = NULL
WHERE state IN ('running', 'finalizing') AND lease_expires_at < now() AND cancel_requested
RETURNING id

-- fail_exhausted --
-- The lease has run out and no attempt is left (or the bound was lowered while it waited).
UPDATE videos
SET state = 'failed', error_code = 'attempts_exhausted', error_message = %(message)s, finished_at = now(),
    lease_owner = NULL, lease_expires_at = NULL
WHERE attempt >= %(max_attempts)s
  AND (state = 'queued' OR (state IN ('running', 'finalizing') AND lease_expires_at < now()))
RETURNING id

-- ring_again --
-- Expired leases are rung once when they expire; they, and queued videos, again when nobody has claimed them
-- for a while (the message was lost, or every bridge was full). A doorbell still in the outbox is enough.
-- SKIP LOCKED: several reapers may run, and none waits for a lease holder.
WITH due AS (
    SELECT id FROM videos
    WHERE ((state IN ('running', 'finalizing') AND lease_expires_at < now()
            AND (rung_at < lease_expires_at
                 OR rung_at < now() - make_interval(secs => %(ring_again_after_s)s)))
           OR (state = 'queued' AND NOT fetching AND rung_at < now() - make_interval(secs => %(ring_again_after_s)s)))
      AND NOT EXISTS (SELECT FROM outbox WHERE outbox.video_id = videos.id)
    ORDER BY rung_at
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
), rung AS (
    UPDATE videos SET rung_at = now() FROM due WHERE videos.id = due.id RETURNING videos.id
)
INSERT INTO outbox (video_id) SELECT id FROM rung RETURNING video_id
