-- lock_tracks_of_proxy --
-- No row when the video is gone, or has other tracks than the caller read. Until the end of the transaction they stay:
-- record_media waits. Taken before any row of clip_jobs, in the order of a deletion of the video.
SELECT 1 FROM videos WHERE id = %(video_id)s AND tracks_hash = %(tracks_hash)s FOR SHARE

-- delete_outdated_proxy --
-- One of other tracks than the video has now: it may show another stream, and its frames may have other times.
DELETE FROM clip_jobs
USING videos
WHERE videos.id = %(video_id)s AND clip_jobs.video_id = videos.id AND purpose = 'proxy'
  AND clip_jobs.tracks_hash IS DISTINCT FROM videos.tracks_hash
RETURNING clip_jobs.id, clip_jobs.video_id

-- insert_proxy --
-- Returns no row when the video already has a proxy.
INSERT INTO clip_jobs (id, video_id, purpose, priority, clip_order, options, wanted, total, media_key, tracks_key,
                       tracks_hash, revision)
SELECT %(id)s, videos.id, 'proxy', %(priority)s, '{}', %(options)s, %(wanted)s, %(total)s, videos.media_key,
       videos.tracks_key, %(tracks_hash)s, videos.revision
FROM videos WHERE videos.id = %(video_id)s
ON CONFLICT (video_id) WHERE purpose = 'proxy' DO NOTHING
RETURNING id

-- find_proxy --
-- That of the tracks that the video has now.
SELECT clip_jobs.id, clip_jobs.state, clip_jobs.bytes, clip_jobs.error_code, clip_jobs.error_message
FROM clip_jobs JOIN videos ON videos.id = clip_jobs.video_id AND videos.tracks_hash = clip_jobs.tracks_hash
WHERE clip_jobs.video_id = %(video_id)s AND purpose = 'proxy'

-- hurry_proxy --
-- Somebody waits for it now; `priority` is interactive.
UPDATE clip_jobs
SET priority = %(priority)s
WHERE video_id = %(video_id)s AND purpose = 'proxy' AND state = 'queued' AND priority IS DISTINCT FROM %(priority)s

-- delete_ended_proxy --
-- One that failed, or was cancelled, to make room for a new one.
DELETE FROM clip_jobs
WHERE video_id = %(video_id)s AND purpose = 'proxy' AND state IN ('failed', 'cancelled')
RETURNING id, video_id

-- forget_proxy --
DELETE FROM clip_jobs WHERE id = %(id)s AND purpose = 'proxy' AND state = 'done'

-- measure_proxy --
-- Its file is stored. Fenced as every write of a lease holder.
UPDATE clip_jobs
SET bytes = %(bytes)s, used_at = now()
WHERE id = %(id)s AND lease_epoch = %(epoch)s AND state = 'running'

-- use_proxy --
-- A player reads in many requests: one of them in a while is counted.
UPDATE clip_jobs
SET used_at = now()
WHERE video_id = %(video_id)s AND purpose = 'proxy' AND state = 'done'
  AND used_at < now() - make_interval(secs => %(at_most_every_s)s)

-- evict_proxies --
-- Those that do not fit into the quota, the most recently used counted first. The most recent one always stays: with a
-- quota below its size it would be made and deleted again and again.
WITH kept AS (
    SELECT id, sum(bytes) OVER newest AS bytes_so_far, row_number() OVER newest AS place
    FROM clip_jobs
    WHERE purpose = 'proxy' AND state = 'done'
    WINDOW newest AS (ORDER BY used_at DESC, id ROWS UNBOUNDED PRECEDING)
)
DELETE FROM clip_jobs
USING kept
WHERE clip_jobs.id = kept.id AND kept.place > 1 AND kept.bytes_so_far > %(quota_bytes)s
RETURNING clip_jobs.id, clip_jobs.video_id
