-- get_transcript --
SELECT transcripts.*, videos.media_key, videos.tracks_key, videos.owner, videos.traceparent
FROM transcripts JOIN videos ON videos.id = transcripts.id
WHERE transcripts.id = %(id)s

-- claim_transcript --
-- Claims one transcript without a live lease: those whose lease ran out first, then of owners with fewer running, then
-- the oldest. SKIP LOCKED: several bridges claim at the same time, and each gets a different one.
WITH busy AS MATERIALIZED (
    SELECT coalesce(videos.owner, '') AS owner, count(*) AS running
    FROM transcripts JOIN videos ON videos.id = transcripts.id
    WHERE transcripts.state = 'running'
    GROUP BY 1
), chosen AS (
    SELECT transcripts.id, videos.media_key, videos.tracks_key, videos.owner, videos.traceparent
    FROM transcripts JOIN videos ON videos.id = transcripts.id
    LEFT JOIN busy ON busy.owner = coalesce(videos.owner, '')
    WHERE (transcripts.state = 'queued'
           OR (transcripts.state = 'running'
               AND transcripts.lease_expires_at < now() - make_interval(secs => %(grace_s)s)))
      AND transcripts.attempt < %(max_attempts)s AND NOT transcripts.cancel_requested
    ORDER BY transcripts.state = 'queued', coalesce(busy.running, 0), transcripts.created_at, transcripts.id
    LIMIT 1
    FOR UPDATE OF transcripts SKIP LOCKED
)
UPDATE transcripts
SET state = 'running', lease_owner = %(owner)s, lease_epoch = lease_epoch + 1,
    lease_expires_at = now() + make_interval(secs => %(lease_s)s),
    attempt = attempt + 1, started_at = coalesce(started_at, now())
FROM chosen
WHERE transcripts.id = chosen.id
RETURNING transcripts.*, chosen.media_key, chosen.tracks_key, chosen.owner, chosen.traceparent

-- heartbeat_transcripts --
-- Extends all leases of one holder at once, as for videos (leases.sql).
UPDATE transcripts
SET lease_expires_at = now() + make_interval(secs => %(lease_s)s)
FROM unnest(%(ids)s::text[], %(epochs)s::bigint[]) AS held (id, epoch)
WHERE transcripts.id = held.id AND transcripts.lease_epoch = held.epoch AND state = 'running'
RETURNING transcripts.id, transcripts.lease_epoch, transcripts.cancel_requested

-- transcripts_to_cancel --
-- Apart from those of videos, whose ids they share, with epochs of their own.
SELECT id, lease_epoch FROM transcripts WHERE cancel_requested AND lease_owner = %(owner)s

-- record_transcript --
-- Progress. An attempt that comes further than the one before it counts as the first in vain, as for videos.
UPDATE transcripts
SET model = %(model)s, reader = %(reader)s, groups_total = %(groups_total)s, groups_done = %(groups_done)s,
    attempt = CASE WHEN %(groups_done)s > groups_done THEN 1 ELSE attempt END
WHERE id = %(id)s AND lease_epoch = %(epoch)s AND state = 'running'

-- lock_revised_video --
-- Locked before the transcript, as in the trigger, so that neither waits for the other.
SELECT state, timeline_id, newest_revision FROM videos WHERE id = %(id)s FOR UPDATE

-- mark_revised --
-- The words are in this timeline; NULL: in none that readers see.
UPDATE transcripts
SET timeline_id = %(timeline_id)s
WHERE id = %(id)s AND lease_epoch = %(epoch)s AND state = 'running'

-- add_words_revision --
-- The video stays as it is but for its words; from this commit on readers see them. `before` is the row as it was, whose
-- revision's corrections go on, and whose tracks they are.
WITH revised AS (
    UPDATE videos
    SET revision = %(revision)s, timeline_id = %(timeline_id)s, newest_revision = greatest(newest_revision, %(revision)s)
    WHERE id = %(id)s
    RETURNING *
)
INSERT INTO revisions (video_id, revision, timeline_id, preset, settings, origin, corrections, tracks_hash)
SELECT revised.id, revised.revision, revised.timeline_id, revised.preset, revised.settings, 'words',
       earlier.corrections, earlier.tracks_hash
FROM revised JOIN videos AS before USING (id)
LEFT JOIN revisions AS earlier ON earlier.video_id = before.id AND earlier.revision = before.revision

-- mark_corrected_words --
UPDATE transcripts SET timeline_id = %(timeline_id)s WHERE id = %(id)s AND state = 'done'

-- queue_uncorrected_words --
-- They were done while the corrected timeline was made without them.
UPDATE transcripts
SET state = 'queued', attempt = 0, started_at = NULL, finished_at = NULL
FROM videos
WHERE videos.id = %(id)s AND transcripts.id = videos.id AND transcripts.state = 'done'
  AND coalesce(videos.settings ->> 'words', 'all') <> 'off'
  AND transcripts.audio_stream IS NOT DISTINCT FROM videos.settings ->> 'audio_stream'

-- finish_transcript --
-- Queued again if the video has another timeline by now, which lacks the words.
WITH video AS (
    SELECT id, state, timeline_id FROM videos WHERE id = %(id)s FOR UPDATE
), judged AS (
    SELECT transcripts.id,
           video.state = 'done' AND transcripts.timeline_id IS DISTINCT FROM video.timeline_id AS outdated
    FROM transcripts JOIN video USING (id)
)
UPDATE transcripts
SET state = CASE WHEN outdated THEN 'queued' ELSE 'done' END,
    attempt = CASE WHEN outdated THEN 0 ELSE attempt END,
    finished_at = CASE WHEN outdated THEN NULL ELSE now() END,
    cancel_requested = false, lease_owner = NULL, lease_expires_at = NULL
FROM judged
WHERE transcripts.id = judged.id AND lease_epoch = %(epoch)s AND transcripts.state = 'running'

-- queue_unheard --
-- What was done without a speech model, where there is one by now and speech is still wanted.
UPDATE transcripts
SET state = 'queued', attempt = 0, started_at = NULL, finished_at = NULL
FROM videos
WHERE videos.id = transcripts.id AND transcripts.state = 'done' AND model IS NULL AND wanted <> 'screen'
  AND coalesce(videos.settings ->> 'words', 'all') IN ('all', 'speech')
RETURNING transcripts.id

-- fail_transcript --
UPDATE transcripts
SET state = 'failed', error_code = %(code)s, error_message = %(message)s, finished_at = now(),
    cancel_requested = false, lease_owner = NULL, lease_expires_at = NULL
WHERE id = %(id)s AND lease_epoch = %(epoch)s AND state = 'running'

-- acknowledge_cancel_transcript --
UPDATE transcripts
SET state = 'cancelled', finished_at = now(), cancel_requested = false,
    lease_owner = NULL, lease_expires_at = NULL
WHERE id = %(id)s AND lease_epoch = %(epoch)s AND state = 'running' AND cancel_requested

-- release_transcript --
-- An orderly stop: queued again, the attempt not counted. A cancellation requested meanwhile is carried out.
UPDATE transcripts
SET state = CASE WHEN cancel_requested THEN 'cancelled' ELSE 'queued' END,
    finished_at = CASE WHEN cancel_requested THEN now() END,
    attempt = greatest(attempt - 1, 0), cancel_requested = false, lease_owner = NULL, lease_expires_at = NULL
WHERE id = %(id)s AND lease_epoch = %(epoch)s AND state = 'running'

-- cancel_transcript --
-- Without a live lease it is cancelled at once. Otherwise cancel_requested asks its lease holder to stop.
WITH seen AS (
    SELECT id, state = 'queued' OR lease_expires_at < now() AS idle
    FROM transcripts
    WHERE id = %(id)s AND state IN ('queued', 'running')
    FOR UPDATE
)
UPDATE transcripts
SET state = CASE WHEN idle THEN 'cancelled' ELSE state END,
    cancel_requested = NOT idle,
    finished_at = CASE WHEN idle THEN now() END,
    lease_owner = CASE WHEN idle THEN NULL ELSE lease_owner END,
    lease_expires_at = CASE WHEN idle THEN NULL ELSE lease_expires_at END
FROM seen
WHERE transcripts.id = seen.id
RETURNING transcripts.id

-- retry_transcript --
-- Queued again with all attempts; windows that were heard stay stored.
UPDATE transcripts
SET state = 'queued', attempt = 0, error_code = NULL, error_message = NULL, started_at = NULL,
    finished_at = NULL, cancel_requested = false
WHERE id = %(id)s AND state IN ('failed', 'cancelled')
RETURNING id

-- begin_transcript --
-- Of a video that was done before transcripts existed.
INSERT INTO transcripts (id, tracks_hash, audio_stream, wanted)
SELECT id, tracks_hash, settings ->> 'audio_stream', wanted
FROM videos CROSS JOIN LATERAL (
    SELECT coalesce(settings ->> 'words', 'all') AS choice,
           media ->> 'audio_codec' IS NOT NULL AS sound,
           NOT (media ? 'video_codec' AND media ->> 'video_codec' IS NULL) AS picture
) AS has CROSS JOIN LATERAL (
    SELECT CASE WHEN choice = 'off' THEN NULL
                WHEN choice = 'all' AND sound AND picture THEN 'all'
                WHEN choice IN ('all', 'speech') AND sound THEN 'speech'
                WHEN choice IN ('all', 'screen') AND picture THEN 'screen' END AS wanted
) AS judged
WHERE id = %(id)s AND state = 'done' AND tracks_hash IS NOT NULL AND wanted IS NOT NULL
ON CONFLICT (id) DO NOTHING
RETURNING id

-- cancel_abandoned_transcripts --
UPDATE transcripts
SET state = 'cancelled', finished_at = now(), cancel_requested = false,
    lease_owner = NULL, lease_expires_at = NULL
WHERE state = 'running' AND lease_expires_at < now() AND cancel_requested
RETURNING id

-- fail_exhausted_transcripts --
UPDATE transcripts
SET state = 'failed', error_code = 'attempts_exhausted', error_message = %(message)s, finished_at = now(),
    lease_owner = NULL, lease_expires_at = NULL
WHERE attempt >= %(max_attempts)s
  AND (state = 'queued'
       OR (state = 'running' AND lease_expires_at < now() - make_interval(secs => %(grace_s)s)))
RETURNING id
