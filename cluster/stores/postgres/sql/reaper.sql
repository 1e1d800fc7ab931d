-- cancel_abandoned --
-- A cancellation was requested, and the holder died before it acknowledged.
UPDATE videos
SET state = 'cancelled', finished_at = now(), cancel_requested = false,
    lease_owner = NULL, lease_expires_at = NULL
WHERE state IN ('running', 'finalizing') AND lease_expires_at < now() AND cancel_requested
RETURNING id

-- fail_exhausted --
-- The lease has run out, its holder made no progress, and no attempt is left (or the bound was lowered while the video
-- waited). It happens after the same grace as a claim: when this server comes back after an outage, a holder that still
-- works may extend its lease first. It reads two indexes of few rows. SKIP LOCKED: several reapers may run, and none
-- waits for a lease holder.
UPDATE videos
SET state = 'failed', error_code = 'attempts_exhausted', error_message = %(message)s, finished_at = now(),
    lease_owner = NULL, lease_expires_at = NULL
WHERE id IN (
    SELECT id FROM videos
    WHERE attempt >= %(max_attempts)s
      AND ((state = 'queued' AND attempt > 0)
           OR (state IN ('running', 'finalizing') AND lease_expires_at IS NOT NULL
               AND lease_expires_at < now() - make_interval(secs => %(grace_s)s)
               AND chunks_done <= chunks_at_claim))
    FOR UPDATE SKIP LOCKED
)
RETURNING id
