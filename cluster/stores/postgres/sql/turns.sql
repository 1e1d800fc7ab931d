-- lock_turns --
-- All bridges choose videos one after another, so that the quotas hold for all together. The server ends the session
-- of a bridge that stops within the transaction, so it does not block the others.
SELECT pg_advisory_xact_lock(%(key)s), set_config('idle_in_transaction_session_timeout', %(idle)s, true)

-- choose --
-- Chooses a queued video, or one whose holder died; the latter first, because its work has begun. `waiting` steps
-- through the owners by the index (a loose index scan), with any number of videos of each. For each owner, the indexes
-- give one video for every class with free capacity. Owners with fewer videos in flight come first, then the video that
-- has waited longest; among light videos, the lightest of each owner. NULL as a limit: none.
WITH RECURSIVE busy AS MATERIALIZED (
    SELECT coalesce(owner, '') AS owner, count(*) AS videos,
           sum(coalesce((media ->> 'duration_s')::double precision, bytes / %(bytes_per_s)s)) AS seconds
    FROM videos
    WHERE lease_expires_at IS NOT NULL
    GROUP BY 1
), waiting (owner) AS (
    (SELECT coalesce(owner, '') FROM videos WHERE state = 'queued' AND NOT fetching
     ORDER BY coalesce(owner, '') LIMIT 1)
    UNION ALL
    SELECT (SELECT coalesce(videos.owner, '') FROM videos
            WHERE state = 'queued' AND NOT fetching AND coalesce(videos.owner, '') > waiting.owner
            ORDER BY coalesce(videos.owner, '') LIMIT 1)
    FROM waiting
    WHERE waiting.owner IS NOT NULL
), quotas AS (
    SELECT quota.owner, quota.videos, quota.seconds
    FROM jsonb_to_recordset(%(quotas)s) AS quota (owner text, videos bigint, seconds double precision)
), allowed AS (
    SELECT waiting.owner, coalesce(busy.videos, 0) AS busy
    FROM waiting
    LEFT JOIN busy USING (owner)
    LEFT JOIN quotas USING (owner)
    CROSS JOIN LATERAL (
        SELECT waiting.owner = '' OR EXISTS (
            SELECT FROM api_keys
            WHERE api_keys.owner = waiting.owner AND 'admin' = ANY (scopes) AND revoked_at IS NULL
        ) AS free
    ) AS own
    CROSS JOIN LATERAL (
        SELECT CASE WHEN quotas.owner IS NOT NULL THEN quotas.videos
                    WHEN NOT own.free THEN %(owner_videos)s::bigint END AS videos,
               CASE WHEN quotas.owner IS NOT NULL THEN quotas.seconds
                    WHEN NOT own.free THEN %(owner_seconds)s::double precision END AS seconds
    ) AS quota
    WHERE waiting.owner IS NOT NULL
      AND (quota.videos IS NULL OR coalesce(busy.videos, 0) < quota.videos)
      AND (quota.seconds IS NULL OR coalesce(busy.seconds, 0) < quota.seconds)
), candidates AS (
    SELECT 0 AS rank, 0::bigint AS busy, lease_expires_at AS since, id
    FROM videos
    WHERE lease_expires_at < now() - make_interval(secs => %(grace_s)s)
      AND (attempt < %(max_attempts)s OR chunks_done > chunks_at_claim) AND NOT cancel_requested
      AND CASE WHEN newest_revision > 0 OR (priority = 'interactive' AND bytes <= %(light_bytes)s)
               THEN %(light)s OR %(interactive)s
               WHEN priority = 'interactive' THEN %(interactive)s
               ELSE %(batch)s END
    UNION ALL
    SELECT 1, allowed.busy, oldest.rung_at, oldest.id
    FROM allowed CROSS JOIN LATERAL (
        SELECT rung_at, id FROM videos
        WHERE state = 'queued' AND NOT fetching AND coalesce(owner, '') = allowed.owner
          AND priority = 'interactive' AND attempt < %(max_attempts)s
        ORDER BY rung_at, id LIMIT 1
    ) AS oldest
    WHERE %(interactive)s
    UNION ALL
    SELECT 2, allowed.busy, lightest.rung_at, lightest.id
    FROM allowed CROSS JOIN LATERAL (
        SELECT rung_at, id FROM videos
        WHERE state = 'queued' AND NOT fetching AND coalesce(owner, '') = allowed.owner
          AND (priority = 'interactive' OR newest_revision > 0)
          AND CASE WHEN newest_revision > 0 THEN 0 ELSE bytes END <= %(light_bytes)s
          AND attempt < %(max_attempts)s
        ORDER BY CASE WHEN newest_revision > 0 THEN 0 ELSE bytes END LIMIT 1
    ) AS lightest
    WHERE %(light)s
    UNION ALL
    SELECT 3, allowed.busy, oldest.rung_at, oldest.id
    FROM allowed CROSS JOIN LATERAL (
        SELECT rung_at, id FROM videos
        WHERE state = 'queued' AND NOT fetching AND coalesce(owner, '') = allowed.owner
          AND priority = 'batch' AND attempt < %(max_attempts)s
        ORDER BY rung_at, id LIMIT 1
    ) AS oldest
    WHERE %(batch)s
)
SELECT id FROM candidates ORDER BY rank, busy, since, id LIMIT 1
