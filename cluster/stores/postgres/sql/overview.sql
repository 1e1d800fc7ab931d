-- queues --
-- Of each kind of work and priority: how much waits (at most %(most)s are counted), how much is in hand, and since when
-- the oldest waits. Every part reads one partial index, and each kind has a bound of its own: many of one kind hide no
-- other. An import waits from its making until its file is there, unless a bridge fetches it.
SELECT 'video' AS work, kinds.priority, waiting.number AS waiting, running.number AS running,
       extract(epoch FROM now() - waiting.oldest)::double precision AS oldest_s
FROM (VALUES ('interactive'), ('batch')) AS kinds (priority)
CROSS JOIN LATERAL (
    SELECT count(*) AS number, min(rung_at) AS oldest
    FROM (SELECT rung_at FROM videos
          WHERE state = 'queued' AND NOT fetching AND priority = kinds.priority
          ORDER BY rung_at LIMIT %(most)s) AS longest
) AS waiting
CROSS JOIN LATERAL (
    SELECT count(*) AS number FROM videos WHERE lease_expires_at IS NOT NULL AND priority = kinds.priority
) AS running
UNION ALL
SELECT 'import', kinds.priority, greatest(absent.number - running.number, 0), running.number,
       extract(epoch FROM now() - waiting.oldest)::double precision
FROM (VALUES ('interactive'), ('batch')) AS kinds (priority)
CROSS JOIN LATERAL (
    SELECT count(*) AS number FROM imports WHERE lease_expires_at IS NOT NULL AND priority = kinds.priority
) AS running
CROSS JOIN LATERAL (
    SELECT count(*) AS number
    FROM (SELECT FROM videos
          WHERE state = 'queued' AND fetching AND priority = kinds.priority
          ORDER BY rung_at LIMIT %(most)s + running.number) AS longest
) AS absent
LEFT JOIN LATERAL (
    SELECT rung_at AS oldest FROM videos
    WHERE state = 'queued' AND fetching AND priority = kinds.priority
      AND NOT EXISTS (SELECT FROM imports WHERE video_id = videos.id AND lease_expires_at IS NOT NULL)
    ORDER BY rung_at LIMIT 1
) AS waiting ON true
UNION ALL
SELECT kinds.work, NULL, waiting.number, running.number,
       extract(epoch FROM now() - waiting.oldest)::double precision
FROM (VALUES ('clips'), ('proxy')) AS kinds (work)
CROSS JOIN LATERAL (
    SELECT count(*) AS number, min(queued_at) AS oldest
    FROM (SELECT queued_at FROM clip_jobs
          WHERE state = 'queued' AND purpose = kinds.work
          ORDER BY queued_at LIMIT %(most)s) AS longest
) AS waiting
CROSS JOIN LATERAL (
    SELECT count(*) AS number FROM clip_jobs WHERE state = 'running' AND purpose = kinds.work
) AS running
UNION ALL
SELECT 'words', NULL, waiting.number, running.number,
       extract(epoch FROM now() - waiting.oldest)::double precision
FROM (
    SELECT count(*) AS number, min(queued_at) AS oldest
    FROM (SELECT queued_at FROM transcripts WHERE state = 'queued' ORDER BY queued_at LIMIT %(most)s) AS longest
) AS waiting
CROSS JOIN (SELECT count(*) AS number FROM transcripts WHERE state = 'running') AS running

-- count_failures --
-- What failed in the last day and was not tried again, by kind of work and code. Of each table the newest %(most)s rows
-- are counted. A failed import fails its video.
SELECT work, code, count(*) FILTER (WHERE finished_at > now() - interval '1 hour') AS hour, count(*) AS day
FROM (
    (SELECT 'video' AS work, error_code AS code, finished_at FROM videos
     WHERE state = 'failed' AND finished_at > now() - interval '1 day'
     ORDER BY finished_at DESC LIMIT %(most)s)
    UNION ALL
    (SELECT purpose, error_code, finished_at FROM clip_jobs
     WHERE state = 'failed' AND finished_at > now() - interval '1 day'
     ORDER BY finished_at DESC LIMIT %(most)s)
    UNION ALL
    (SELECT 'words', error_code, finished_at FROM transcripts
     WHERE state = 'failed' AND finished_at > now() - interval '1 day'
     ORDER BY finished_at DESC LIMIT %(most)s)
) AS failed
GROUP BY work, code
ORDER BY day DESC, work, code

-- latest_failures --
-- The newest of them, with the names of their videos.
SELECT failed.*, videos.filename
FROM (
    (SELECT 'video' AS work, id AS video_id, error_code AS code, error_message AS message, finished_at FROM videos
     WHERE state = 'failed' AND finished_at > now() - interval '1 day'
     ORDER BY finished_at DESC LIMIT %(limit)s)
    UNION ALL
    (SELECT purpose, video_id, error_code, error_message, finished_at FROM clip_jobs
     WHERE state = 'failed' AND finished_at > now() - interval '1 day'
     ORDER BY finished_at DESC LIMIT %(limit)s)
    UNION ALL
    (SELECT 'words', id, error_code, error_message, finished_at FROM transcripts
     WHERE state = 'failed' AND finished_at > now() - interval '1 day'
     ORDER BY finished_at DESC LIMIT %(limit)s)
) AS failed
JOIN videos ON videos.id = failed.video_id
ORDER BY finished_at DESC, work, video_id
LIMIT %(limit)s

-- filenames --
SELECT id, filename FROM videos WHERE id = ANY (%(ids)s)
