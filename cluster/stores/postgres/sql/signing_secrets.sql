-- newest_secrets --
-- The secret that signs, then the one that still verifies.
SELECT number, secret FROM signing_secrets ORDER BY number DESC LIMIT 2

-- add_secret --
-- If two processes add the same number, one succeeds, and both go on with its secret.
INSERT INTO signing_secrets (number, secret) VALUES (%(number)s, %(secret)s) ON CONFLICT (number) DO NOTHING

-- drop_old_secrets --
DELETE FROM signing_secrets WHERE number < %(number)s - 1
