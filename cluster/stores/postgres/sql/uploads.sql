-- create_upload --
INSERT INTO uploads (id, filename, length_bytes, metadata, owner, lifetime_s, expires_at)
VALUES (%(id)s, %(filename)s, %(length_bytes)s, %(metadata)s, %(owner)s, %(lifetime_s)s,
        now() + make_interval(secs => %(lifetime_s)s))
RETURNING *

-- get_upload --
SELECT * FROM uploads WHERE id = %(id)s AND expires_at > now()

-- owner_of_upload --
SELECT owner FROM uploads WHERE id = %(id)s AND expires_at > now()

-- advance_upload --
-- The offset is the fence: of two writers at the same offset one succeeds. Every part renews the expiry.
UPDATE uploads
SET offset_bytes = %(new_offset)s, sha256_state = coalesce(%(sha256_state)s, sha256_state),
    expires_at = now() + make_interval(secs => lifetime_s)
WHERE id = %(id)s AND offset_bytes = %(expected_offset)s AND expires_at > now() AND video_id IS NULL

-- finish_upload --
-- Only when every byte has arrived; a repeat for the same video is fine.
UPDATE uploads
SET video_id = %(video_id)s
WHERE id = %(id)s AND offset_bytes = length_bytes AND (video_id IS NULL OR video_id = %(video_id)s)

-- delete_upload --
DELETE FROM uploads WHERE id = %(id)s

-- left_complete --
-- Every byte has arrived, the last one some time ago, and no video was made.
SELECT id FROM uploads
WHERE offset_bytes = length_bytes AND video_id IS NULL AND expires_at > now()
  AND expires_at <= now() + make_interval(secs => lifetime_s - %(quiet_s)s)
ORDER BY expires_at LIMIT %(limit)s

-- expired_uploads --
SELECT id FROM uploads WHERE expires_at <= now() ORDER BY expires_at LIMIT %(limit)s

-- take_expired_upload --
-- An expired upload is frozen: advance_upload does not match it.
DELETE FROM uploads WHERE id = %(id)s AND expires_at <= now() RETURNING *
