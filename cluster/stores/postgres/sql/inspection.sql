-- abandoned --
-- Work whose lease ran out, and that no reaper and no claim has taken since.
SELECT 'videos' AS work, id, lease_owner AS holder, extract(epoch FROM now() - lease_expires_at)::float8 AS age_s, version::text AS mark
FROM videos WHERE lease_expires_at < now() - make_interval(secs => %(lease_s)s)
UNION ALL
SELECT purpose, id, lease_owner, extract(epoch FROM now() - lease_expires_at)::float8, lease_epoch::text
FROM clip_jobs WHERE state = 'running' AND lease_expires_at < now() - make_interval(secs => %(lease_s)s)
UNION ALL
SELECT 'words', id, lease_owner, extract(epoch FROM now() - lease_expires_at)::float8, lease_epoch::text
FROM transcripts WHERE state = 'running' AND lease_expires_at < now() - make_interval(secs => %(lease_s)s)
UNION ALL
SELECT 'imports', video_id, NULL, extract(epoch FROM now() - lease_expires_at)::float8, epoch::text
FROM imports WHERE lease_expires_at < now() - make_interval(secs => %(lease_s)s)
LIMIT %(limit)s

-- stalled --
-- Videos wait, and nobody has begun one for so long, nor works on one: a doorbell is not needed for that, since bridges
-- look for waiting videos by themselves.
SELECT id, extract(epoch FROM now() - rung_at)::float8 AS age_s, version::text AS mark
FROM videos
WHERE state = 'queued' AND NOT fetching AND rung_at < now() - make_interval(secs => %(grace_s)s)
  AND NOT EXISTS (SELECT FROM outbox WHERE outbox.video_id = videos.id)
  AND NOT EXISTS (SELECT FROM videos AS held WHERE held.lease_expires_at >= now())
ORDER BY rung_at LIMIT %(limit)s

-- never_fetched --
-- A video that waits for its file, and no import that would fetch it.
SELECT id, extract(epoch FROM now() - created_at)::float8 AS age_s, version::text AS mark
FROM videos
WHERE state = 'queued' AND fetching AND created_at < now() - make_interval(secs => %(grace_s)s)
  AND NOT EXISTS (SELECT FROM imports WHERE imports.video_id = videos.id AND imports.state IN ('waiting', 'fetching'))
LIMIT %(limit)s

-- attempts --
SELECT id, attempt, version::text AS mark FROM videos WHERE attempt > %(max_attempts)s LIMIT %(limit)s

-- without_reason --
SELECT id, error_code AS code FROM videos WHERE state = 'failed' AND coalesce(error_message, '') = '' LIMIT %(limit)s

-- foreign_epochs --
-- A timeline is named by the epoch of the lease that it was made under; a younger one than the video ever had was
-- given out by no claim.
SELECT revisions.video_id AS id, revisions.timeline_id, videos.lease_epoch AS epoch
FROM revisions JOIN videos ON videos.id = revisions.video_id
WHERE revisions.timeline_id ~ '^[^:]+:[0-9]+(\.[^:]+)?:[0-9]{1,18}$'
  AND split_part(revisions.timeline_id, ':', 3)::bigint > videos.lease_epoch
LIMIT %(limit)s

-- unknown_results --
-- What readers see is no revision that is kept.
SELECT id, timeline_id
FROM videos
WHERE revision > 0 AND timeline_id IS NOT NULL
  AND NOT EXISTS (SELECT FROM revisions WHERE video_id = videos.id AND revisions.timeline_id = videos.timeline_id)
LIMIT %(limit)s

-- old_doorbells --
SELECT id::text AS id, video_id, extract(epoch FROM now() - created_at)::float8 AS age_s
FROM outbox WHERE created_at < now() - make_interval(secs => %(outbox_s)s) ORDER BY id LIMIT %(limit)s

-- old_uploads --
SELECT id, extract(epoch FROM now() - expires_at)::float8 AS age_s
FROM uploads WHERE expires_at < now() - make_interval(secs => %(grace_s)s) LIMIT %(limit)s

-- old_deliveries --
SELECT id::text AS id, video_id, extract(epoch FROM now() - lease_expires_at)::float8 AS age_s
FROM webhook_deliveries
WHERE state = 'pending' AND lease_expires_at < now() - make_interval(secs => %(grace_s)s) LIMIT %(limit)s

-- page_of_videos --
SELECT id, media_key, bytes, fetching, tracks_key, timeline_id, extract(epoch FROM now() - created_at)::float8 AS age_s
FROM videos WHERE id > %(after)s ORDER BY id LIMIT %(limit)s

-- page_of_made_clips --
SELECT clip_files.job_id, clip_files.position, clip_jobs.video_id, (clip_files.entry ->> 'bytes')::bigint AS bytes,
       clip_jobs.wanted -> clip_files.position ->> 'name' AS name
FROM clip_files JOIN clip_jobs ON clip_jobs.id = clip_files.job_id
WHERE clip_files.made AND clip_jobs.purpose = 'clips'
  AND (clip_files.job_id, clip_files.position) > (%(job_id)s, %(position)s)
ORDER BY clip_files.job_id, clip_files.position LIMIT %(limit)s

-- page_of_proxies --
SELECT id, video_id, bytes FROM clip_jobs
WHERE purpose = 'proxy' AND state = 'done' AND id > %(after)s ORDER BY id LIMIT %(limit)s

-- timelines_of --
SELECT video_id, timeline_id FROM revisions WHERE video_id = ANY(%(ids)s)
UNION
SELECT id, timeline_id FROM videos WHERE id = ANY(%(ids)s) AND timeline_id IS NOT NULL

-- quiet_for --
-- For how long nobody has worked under each id that a video has or has its tracks under; negative while somebody
-- does. Words that wait do not count: without a speech model they wait for ever.
SELECT wanted.id,
       extract(epoch FROM now() - max(CASE
           WHEN videos.state IN ('queued', 'running', 'finalizing')
                OR transcripts.state = 'running'
                OR videos.lease_expires_at >= now() THEN now() + interval '1 s'
           ELSE greatest(videos.created_at, videos.finished_at, transcripts.finished_at, made.at)
       END)) AS quiet_s
FROM unnest(%(ids)s::text[]) AS wanted (id)
JOIN videos ON videos.id = wanted.id OR videos.tracks_key = wanted.id
LEFT JOIN transcripts ON transcripts.id = videos.id
LEFT JOIN LATERAL (SELECT max(created_at) AS at FROM revisions WHERE video_id = videos.id) AS made ON true
GROUP BY wanted.id

-- known_files --
-- What names the files under an id: videos (with the size and the state of a fetch), tracks, uploads.
SELECT wanted.id,
       videos.id IS NOT NULL AS is_video,
       videos.media_key, videos.bytes, videos.fetching, imports.generation,
       EXISTS (SELECT FROM videos AS users WHERE users.tracks_key = wanted.id) AS has_tracks,
       EXISTS (SELECT FROM uploads WHERE uploads.id = wanted.id OR uploads.video_id = wanted.id) AS is_upload
FROM unnest(%(ids)s::text[]) AS wanted (id)
LEFT JOIN videos ON videos.id = wanted.id
LEFT JOIN imports ON imports.video_id = wanted.id

-- known_orders --
SELECT id FROM clip_jobs WHERE id = ANY(%(ids)s)

-- counts --
SELECT (SELECT count(*) FROM videos) AS videos,
       (SELECT count(*) FROM videos WHERE state IN ('queued', 'running', 'finalizing')) AS open,
       (SELECT count(*) FROM uploads) AS uploads
