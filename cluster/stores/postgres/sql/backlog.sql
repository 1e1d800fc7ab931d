-- backlog --
-- Sums up the seconds of video that are not analysed, and counts their videos. The length of a video that was not
-- probed yet comes from its bytes, at the median rate of the videos done last. At most %(most)s waiting videos are
-- counted, and none of them unless %(waiting)s.
WITH rate AS (
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY bytes / duration_s) AS bytes_per_s
    FROM (
        SELECT bytes, (media ->> 'duration_s')::double precision AS duration_s
        FROM videos WHERE state = 'done' ORDER BY created_at DESC, id DESC LIMIT 100
    ) AS recent
    WHERE duration_s > 0 AND bytes > 0
), open AS (
    SELECT bytes, media,
           CASE WHEN chunks_total > 0 THEN 1 - least(chunks_done / chunks_total::double precision, 1) ELSE 1 END AS share
    FROM videos
    WHERE lease_expires_at IS NOT NULL
    UNION ALL
    (SELECT bytes, media, CASE WHEN newest_revision > 0 THEN 0 ELSE 1 END
     FROM videos WHERE state = 'queued' AND NOT fetching AND %(waiting)s LIMIT %(most)s)
)
SELECT coalesce(sum(share * coalesce((media ->> 'duration_s')::double precision,
                                     bytes / coalesce(rate.bytes_per_s, %(bytes_per_s)s))), 0) AS seconds,
       count(*) AS videos
FROM open, rate
