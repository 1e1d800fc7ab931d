-- tables --
-- Every table of the schema, with the columns that hold values of their own.
SELECT columns.table_name::text AS name, array_agg(columns.column_name::text ORDER BY ordinal_position) AS columns
FROM information_schema.columns
JOIN information_schema.tables USING (table_schema, table_name)
WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' AND is_generated = 'NEVER'
GROUP BY columns.table_name ORDER BY columns.table_name

-- references --
-- Which table names rows of which other.
SELECT source.relname::text AS source, target.relname::text AS target
FROM pg_constraint
JOIN pg_class AS source ON source.oid = conrelid
JOIN pg_class AS target ON target.oid = confrelid
JOIN pg_namespace ON pg_namespace.oid = source.relnamespace
WHERE contype = 'f' AND nspname = current_schema()

-- numbered --
-- Columns that count by themselves.
SELECT table_name::text AS name, column_name::text AS column
FROM information_schema.columns
WHERE table_schema = current_schema() AND is_identity = 'YES'

-- functions --
-- Functions with these names; those of an extension belong to it.
SELECT pg_proc.oid::regprocedure::text AS name
FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
WHERE nspname = current_schema() AND prokind = 'f' AND proname = ANY(%(names)s)
  AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')

-- named_videos --
SELECT id, tracks_key FROM videos

-- named_timelines --
SELECT video_id, timeline_id FROM revisions
UNION
SELECT id, timeline_id FROM videos WHERE timeline_id IS NOT NULL

-- named_orders --
SELECT id FROM clip_jobs

-- named_uploads --
SELECT id, offset_bytes FROM uploads WHERE video_id IS NULL

-- named_files --
SELECT media_key, bytes FROM videos WHERE NOT fetching

-- named_made --
-- Files that orders have made; that of a proxy has a name of its own.
SELECT clip_jobs.video_id, clip_jobs.id, clip_jobs.wanted -> clip_files.position ->> 'name' AS name
FROM clip_files JOIN clip_jobs ON clip_jobs.id = clip_files.job_id
WHERE clip_files.made AND clip_jobs.purpose = 'clips'
UNION ALL
SELECT video_id, id, NULL FROM clip_jobs WHERE purpose = 'proxy' AND state = 'done'

-- in_use --
-- What an installation holds that somebody has used.
SELECT (SELECT count(*) FROM videos) + (SELECT count(*) FROM uploads) AS rows

-- drop_videos --
DELETE FROM videos WHERE id = ANY(%(ids)s)

-- drop_revisions --
-- A result that was replaced while the backup was made. The one that readers see stays, and is told as lost.
DELETE FROM revisions
WHERE timeline_id = ANY(%(ids)s)
  AND NOT EXISTS (SELECT FROM videos WHERE videos.id = video_id AND videos.timeline_id = revisions.timeline_id)

-- drop_uploads --
DELETE FROM uploads WHERE id = ANY(%(ids)s)

-- release_videos --
-- As an orderly stop (leases.sql): who held the lease is not there any more, and did nothing wrong.
UPDATE videos
SET state = CASE WHEN cancel_requested THEN 'cancelled' ELSE 'queued' END,
    finished_at = CASE WHEN cancel_requested THEN now() END,
    attempt = greatest(attempt - 1, 0), cancel_requested = false, lease_owner = NULL, lease_expires_at = NULL
WHERE state IN ('running', 'finalizing')

-- release_clip_jobs --
UPDATE clip_jobs
SET state = CASE WHEN cancel_requested THEN 'cancelled' ELSE 'queued' END,
    finished_at = CASE WHEN cancel_requested THEN now() END,
    attempt = greatest(attempt - 1, 0), cancel_requested = false, lease_owner = NULL, lease_expires_at = NULL
WHERE state = 'running'

-- release_transcripts --
UPDATE transcripts
SET state = CASE WHEN cancel_requested THEN 'cancelled' ELSE 'queued' END,
    finished_at = CASE WHEN cancel_requested THEN now() END,
    attempt = greatest(attempt - 1, 0), cancel_requested = false, lease_owner = NULL, lease_expires_at = NULL
WHERE state = 'running'

-- release_imports --
-- The first bytes of a file that was being fetched are in no backup: it is fetched anew.
UPDATE imports
SET state = CASE state WHEN 'fetching' THEN 'waiting' ELSE state END, lease_expires_at = NULL, due_at = now(),
    generation = generation + 1, stored_bytes = 0, furthest_bytes = 0, total_bytes = NULL, validator = NULL
WHERE state IN ('waiting', 'fetching')

-- release_deliveries --
UPDATE webhook_deliveries SET lease_expires_at = NULL, due_at = now() WHERE state = 'pending'

-- ring --
-- RabbitMQ has no doorbell for what waits.
INSERT INTO outbox (video_id)
SELECT id FROM videos
WHERE state = 'queued' AND NOT fetching AND NOT EXISTS (SELECT FROM outbox WHERE outbox.video_id = videos.id)

-- index_anew --
-- The index of the search is made from the results.
INSERT INTO search_queue (video_id)
SELECT id FROM videos WHERE NOT EXISTS (SELECT FROM search_queue WHERE search_queue.video_id = videos.id)
