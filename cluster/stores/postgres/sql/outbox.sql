-- put_doorbell --
-- Runs in the same transaction as the change that the doorbell announces.
INSERT INTO outbox (video_id) VALUES (%(video_id)s)

-- take_doorbells --
-- Oldest first. The rows come back if the transaction does not commit, that is, if publishing fails.
-- SKIP LOCKED: several relays share the work.
DELETE FROM outbox
WHERE id IN (SELECT id FROM outbox ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
RETURNING id, video_id
