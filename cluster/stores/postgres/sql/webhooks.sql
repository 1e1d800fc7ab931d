-- insert_webhook --
INSERT INTO webhooks (id, owner, video_id, url, events, secret)
VALUES (%(id)s, %(owner)s, %(video_id)s, %(url)s, %(events)s, %(secret)s)
RETURNING *

-- webhooks_of_videos --
-- The webhooks that were made with these videos, one for each.
SELECT video_id, url, events, secret FROM webhooks WHERE video_id = ANY(%(video_ids)s)

-- count_webhooks --
-- Counts the webhooks for all videos of an owner.
SELECT count(*) AS number FROM webhooks WHERE owner IS NOT DISTINCT FROM %(owner)s AND video_id IS NULL

-- list_webhooks --
-- The webhooks of one video, or those for all videos.
SELECT * FROM webhooks
WHERE (%(all_owners)s OR owner IS NOT DISTINCT FROM %(owner)s) AND video_id IS NOT DISTINCT FROM %(video_id)s
ORDER BY created_at DESC, id DESC

-- get_webhook --
SELECT * FROM webhooks WHERE id = %(id)s AND (%(all_owners)s OR owner IS NOT DISTINCT FROM %(owner)s)

-- delete_webhook --
-- Its deliveries are deleted with it.
DELETE FROM webhooks
WHERE id = %(id)s AND (%(all_owners)s OR owner IS NOT DISTINCT FROM %(owner)s) RETURNING id

-- disable_webhook --
UPDATE webhooks SET disabled_at = now(), disabled_reason = %(reason)s WHERE id = %(id)s AND disabled_at IS NULL

-- end_pending --
-- Ends the waiting deliveries of a disabled webhook.
UPDATE webhook_deliveries
SET state = 'failed', finished_at = now(), last_error = %(reason)s, lease_expires_at = NULL
WHERE webhook_id = %(id)s AND state = 'pending'

-- list_deliveries --
SELECT * FROM webhook_deliveries
WHERE webhook_id = %(id)s AND (%(before)s::bigint IS NULL OR id < %(before)s)
ORDER BY id DESC
LIMIT %(limit)s

-- claim_deliveries --
-- Claims deliveries that are due, few of one webhook at a time, and those of the owner with the fewest under way first.
-- So a receiver that hangs does not block other webhooks, and many such receivers do not block other owners.
-- SKIP LOCKED: several bridges share the work. An expired lease means that its holder died.
WITH under_way AS (
    SELECT webhook_id, coalesce(owner, '') AS owner
    FROM webhook_deliveries JOIN webhooks ON webhooks.id = webhook_id
    WHERE state = 'pending' AND lease_expires_at > now()
), due AS (
    SELECT deliveries.id, due_at, coalesce(owner, '') AS owner,
           row_number() OVER (PARTITION BY webhook_id ORDER BY due_at, deliveries.id)
               + (SELECT count(*) FROM under_way WHERE under_way.webhook_id = deliveries.webhook_id) AS of_webhook
    FROM webhook_deliveries AS deliveries JOIN webhooks ON webhooks.id = webhook_id
    WHERE state = 'pending' AND due_at <= now() AND (lease_expires_at IS NULL OR lease_expires_at < now())
), turns AS (
    SELECT id, due_at,
           row_number() OVER (PARTITION BY owner ORDER BY due_at, id)
               + (SELECT count(*) FROM under_way WHERE under_way.owner = due.owner) AS of_owner
    FROM due
    WHERE of_webhook <= %(each)s
), ranked AS (
    SELECT id, of_owner, row_number() OVER (ORDER BY of_owner, due_at, id) AS place FROM turns
), pick AS (
    SELECT webhook_deliveries.id FROM webhook_deliveries JOIN ranked USING (id)
    WHERE (of_owner = 1 OR place <= %(limit)s - %(kept)s) AND state = 'pending'
      AND (lease_expires_at IS NULL OR lease_expires_at < now())
    ORDER BY place
    LIMIT %(limit)s
    FOR UPDATE OF webhook_deliveries SKIP LOCKED
)
UPDATE webhook_deliveries AS claimed
SET attempts = attempts + 1, lease_expires_at = now() + make_interval(secs => %(lease_s)s)
FROM pick, webhooks
WHERE claimed.id = pick.id AND webhooks.id = claimed.webhook_id
RETURNING claimed.*, webhooks.url, webhooks.secret,
          extract(epoch FROM now() - claimed.created_at)::double precision AS age_s

-- record_delivered --
UPDATE webhook_deliveries
SET state = 'delivered', finished_at = now(), last_status = %(status)s, last_error = NULL,
    lease_expires_at = NULL
WHERE id = %(id)s AND attempts = %(attempts)s AND state = 'pending'

-- record_failure --
-- delay_s NULL: it was the last attempt.
UPDATE webhook_deliveries
SET state = CASE WHEN %(delay_s)s::double precision IS NULL THEN 'failed' ELSE 'pending' END,
    finished_at = CASE WHEN %(delay_s)s::double precision IS NULL THEN now() END,
    due_at = now() + make_interval(secs => coalesce(%(delay_s)s::double precision, 0)),
    last_status = %(status)s, last_error = %(error)s, lease_expires_at = NULL
WHERE id = %(id)s AND attempts = %(attempts)s AND state = 'pending'

-- drop_old_deliveries --
DELETE FROM webhook_deliveries
WHERE state <> 'pending' AND created_at < now() - make_interval(secs => %(kept_s)s)

-- drop_left_webhooks --
-- Deletes webhooks of deleted videos once all their deliveries have ended.
DELETE FROM webhooks
WHERE video_id IS NOT NULL AND created_at < now() - interval '1 hour'
  AND NOT EXISTS (SELECT FROM videos WHERE videos.id = webhooks.video_id)
  AND NOT EXISTS (SELECT FROM webhook_deliveries
                  WHERE webhook_deliveries.webhook_id = webhooks.id AND state = 'pending')

-- count_deliveries --
SELECT state, count(*) AS number FROM webhook_deliveries GROUP BY state
