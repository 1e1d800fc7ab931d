-- claim --
-- Takes the lease and increases the fencing token. The row lock lets one of several claimants pass; the others see its
-- lease when they get the row, and match nothing. clock_timestamp() and not now(): a transaction may wait long for the
-- lock of turns, and the lease counts from the claim. Attempts are those in a row without progress: after a holder that
-- died and had made progress, the next attempt is the second again (only a new video has a first).
UPDATE videos
SET state = 'running', lease_owner = %(owner)s, lease_epoch = lease_epoch + 1,
    lease_expires_at = clock_timestamp() + make_interval(secs => %(lease_s)s),
    attempt = least(CASE WHEN state <> 'queued' AND chunks_done > chunks_at_claim THEN 2 ELSE attempt + 1 END,
                    %(max_attempts)s),
    chunks_at_claim = chunks_done,
    started_at = coalesce(started_at, clock_timestamp())
WHERE id = %(id)s AND (attempt < %(max_attempts)s OR chunks_done > chunks_at_claim)
  AND NOT cancel_requested AND NOT fetching
  AND (state = 'queued' OR (state IN ('running', 'finalizing') AND lease_expires_at < now()))
RETURNING *

-- heartbeat --
-- Extends all leases of one holder at once. A holder whose lease ran out, and that no other has replaced, may go on:
-- only the epoch decides.
UPDATE videos
SET lease_expires_at = now() + make_interval(secs => %(lease_s)s)
FROM unnest(%(ids)s::text[], %(epochs)s::bigint[]) AS held (id, epoch)
WHERE videos.id = held.id AND videos.lease_epoch = held.epoch AND state IN ('running', 'finalizing')
RETURNING videos.id, videos.lease_epoch, videos.cancel_requested

-- to_cancel --
-- Videos and clip orders of this holder for which a cancellation was requested.
SELECT id, lease_epoch FROM videos WHERE cancel_requested AND lease_owner = %(owner)s
UNION ALL
SELECT id, lease_epoch FROM clip_jobs WHERE cancel_requested AND lease_owner = %(owner)s

-- record_media --
-- Stores the result of probing and the number of chunks. Chunks done under another tracks_hash do not count. The
-- warnings of an earlier result stay until there is a new one: planning knows only a part of them.
UPDATE videos
SET media = %(media)s, warnings = CASE WHEN revision = 0 THEN %(warnings)s ELSE warnings END, chunks_total = %(chunks_total)s, tracks_hash = %(tracks_hash)s,
    chunks_done = CASE WHEN tracks_hash IS NOT DISTINCT FROM %(tracks_hash)s
                       THEN least(chunks_done, %(chunks_total)s) ELSE 0 END
WHERE id = %(id)s AND lease_epoch = %(epoch)s AND state = 'running'

-- record_progress --
UPDATE videos
SET chunks_done = %(chunks_done)s
WHERE id = %(id)s AND lease_epoch = %(epoch)s AND state = 'running'

-- begin_finalizing --
-- Every chunk is stored; fusion follows. A repeat is fine.
UPDATE videos
SET state = 'finalizing'
WHERE id = %(id)s AND lease_epoch = %(epoch)s AND state IN ('running', 'finalizing')

-- finish --
-- From this commit on readers see the new timeline, and it is a revision of the video. A cancellation that came too
-- late is dropped. The trigger on the state runs after both, and sees which timeline has the words. `before` is the row
-- as it was: its revision's corrections were respected, and go on, but no longer tell every start.
WITH with_words AS (
    UPDATE transcripts
    SET timeline_id = %(timeline_id)s
    FROM videos
    WHERE %(with_words)s AND transcripts.id = %(id)s AND transcripts.state = 'done'
      AND videos.id = %(id)s AND videos.lease_epoch = %(epoch)s AND videos.state IN ('running', 'finalizing')
), finished AS (
    UPDATE videos
    SET state = 'done', revision = %(revision)s, timeline_id = %(timeline_id)s, finished_at = now(),
        newest_revision = greatest(newest_revision, %(revision)s), warnings = coalesce(%(warnings)s::jsonb, warnings),
        chunks_done = coalesce(chunks_total, chunks_done), cancel_requested = false, keep_corrections = true,
        lease_owner = NULL, lease_expires_at = NULL
    WHERE id = %(id)s AND lease_epoch = %(epoch)s AND state IN ('running', 'finalizing')
    RETURNING *
)
INSERT INTO revisions (video_id, revision, timeline_id, preset, settings, corrections)
SELECT finished.id, finished.revision, finished.timeline_id, finished.preset, finished.settings,
       earlier.corrections - 'exact'
FROM finished JOIN videos AS before USING (id)
LEFT JOIN revisions AS earlier
    ON earlier.video_id = before.id AND earlier.revision = before.revision AND before.keep_corrections
ON CONFLICT (video_id, revision) DO UPDATE
SET timeline_id = excluded.timeline_id, corrections = excluded.corrections, tracks_hash = excluded.tracks_hash,
    created_at = now()

-- fail --
UPDATE videos
SET state = 'failed', error_code = %(code)s, error_message = %(message)s, finished_at = now(),
    cancel_requested = false, lease_owner = NULL, lease_expires_at = NULL
WHERE id = %(id)s AND lease_epoch = %(epoch)s AND state IN ('running', 'finalizing')

-- acknowledge_cancel --
UPDATE videos
SET state = 'cancelled', finished_at = now(), cancel_requested = false,
    lease_owner = NULL, lease_expires_at = NULL
WHERE id = %(id)s AND lease_epoch = %(epoch)s AND state IN ('running', 'finalizing') AND cancel_requested

-- release --
-- An orderly stop: queued again in its old place, the attempt not counted. A cancellation requested meanwhile is
-- carried out.
UPDATE videos
SET state = CASE WHEN cancel_requested THEN 'cancelled' ELSE 'queued' END,
    finished_at = CASE WHEN cancel_requested THEN now() END,
    attempt = greatest(attempt - 1, 0), cancel_requested = false,
    lease_owner = NULL, lease_expires_at = NULL
WHERE id = %(id)s AND lease_epoch = %(epoch)s AND state IN ('running', 'finalizing')
RETURNING *
