-- begin_answer --
-- Waits for a transaction with the same key. No row: the key has been used.
INSERT INTO answers (key_sha256, request_sha256) VALUES (%(key)s, %(request)s)
ON CONFLICT (key_sha256) DO NOTHING
RETURNING key_sha256

-- get_answer --
SELECT request_sha256, sealed FROM answers WHERE key_sha256 = %(key)s

-- end_answer --
UPDATE answers SET sealed = %(sealed)s WHERE key_sha256 = %(key)s

-- forget_answers --
-- Deletes a few old answers with each new one, so that no cleaning job is needed.
DELETE FROM answers
WHERE key_sha256 IN (
    SELECT key_sha256 FROM answers WHERE created_at < now() - make_interval(secs => %(kept_s)s)
    LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
