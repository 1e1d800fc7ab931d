-- newest_secrets --
-- The one that signs, then the one that still counts.
SELECT number, secret FROM signing_secrets ORDER BY number DESC LIMIT 2

-- add_secret --
-- Of two processes that add the same number, one succeeds and both go on with its secret.
INSERT INTO signing_secrets (number, secret) VALUES (%(number)s, %(secret)s) ON CONFLICT (number) DO NOTHING

-- drop_old_secrets --
DELETE FROM signing_secrets WHERE number < %(number)s - 1
