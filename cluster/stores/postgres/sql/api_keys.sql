-- insert_key --
INSERT INTO api_keys (id, name, owner, scopes, token_sha256, expires_at)
VALUES (%(id)s, %(name)s, %(owner)s, %(scopes)s, %(token_sha256)s,
        now() + make_interval(secs => %(lifetime_s)s::double precision))
ON CONFLICT (id) DO NOTHING
RETURNING *, false AS expired

-- get_key --
-- This server's clock decides whether the key has expired, as for leases.
SELECT *, coalesce(expires_at <= now(), false) AS expired FROM api_keys WHERE id = %(id)s

-- list_keys --
SELECT *, coalesce(expires_at <= now(), false) AS expired FROM api_keys ORDER BY created_at DESC, id

-- revoke_key --
-- A repeat keeps the time of the first call.
UPDATE api_keys SET revoked_at = coalesce(revoked_at, now()) WHERE id = %(id)s
RETURNING *, coalesce(expires_at <= now(), false) AS expired

-- touch_key --
-- At most one write in each interval for each key, with any number of replicas.
UPDATE api_keys SET last_used_at = now()
WHERE id = %(id)s
  AND (last_used_at IS NULL OR last_used_at < now() - make_interval(secs => %(interval_s)s))

-- usable_keys --
SELECT count(*) AS number FROM api_keys
WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
