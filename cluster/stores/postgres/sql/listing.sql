-- videos_at --
-- The page of a list that begins at a place, or some places before the video `around`; each row with its place and the
-- number of all. A page that would reach behind the end is the last one. All videos that are listed are sorted and kept
-- for the places, so only by their ids: rows are wide, and only those of the page are read.
WITH listed AS (
    SELECT id, count(*) OVER () AS total,
           row_number() OVER (
               ORDER BY CASE WHEN %(order)s = 'name' THEN lower(filename) END,
                        CASE WHEN %(order)s = 'longest' THEN (media ->> 'duration_s')::float8 END DESC NULLS LAST,
                        CASE WHEN %(order)s = 'oldest' THEN created_at END,
                        CASE WHEN %(order)s = 'oldest' THEN id END,
                        created_at DESC, id DESC
           ) - 1 AS place
    FROM videos
    WHERE (%(state)s::text IS NULL OR state = %(state)s)
      AND (%(owner)s::text IS NULL OR owner = %(owner)s)
      AND (%(preset)s::text IS NULL OR preset = %(preset)s)
      AND (%(created_from)s::timestamptz IS NULL OR created_at >= %(created_from)s)
      AND (%(created_to)s::timestamptz IS NULL OR created_at < %(created_to)s)
      AND (%(pattern)s::text IS NULL OR filename ILIKE %(pattern)s ESCAPE '\')
), begun AS (
    SELECT greatest(0, least(
        coalesce((SELECT place FROM listed WHERE id = %(around)s::text) - %(limit)s / 2, %(offset)s),
        (SELECT count(*) FROM listed) - %(limit)s)) AS place
)
SELECT videos.*, listed.total, listed.place, (
    SELECT jsonb_build_object(
        'state', clip_jobs.state, 'total', clip_jobs.total, 'bytes', clip_jobs.bytes,
        'error_code', clip_jobs.error_code, 'error_message', clip_jobs.error_message,
        'made', (SELECT count(*) FROM clip_files WHERE job_id = clip_jobs.id AND clip_files.made))
    FROM clip_jobs
    WHERE video_id = videos.id AND purpose = 'proxy' AND clip_jobs.tracks_hash = videos.tracks_hash
) AS proxy
FROM begun CROSS JOIN listed JOIN videos ON videos.id = listed.id
WHERE listed.place >= begun.place AND listed.place < begun.place + %(limit)s
ORDER BY listed.place
