-- Who may use the API, and whose a video is.
CREATE TABLE api_keys (
    id           text PRIMARY KEY CHECK (id ~ '^[0-9a-f]{12}$'),  -- the readable part of the key: sk_<id>_…
    name         text NOT NULL,
    owner        text NOT NULL,
    scopes       text[] NOT NULL CHECK (scopes <@ ARRAY['read', 'write', 'admin'] AND cardinality(scopes) > 0),
    token_sha256 bytea NOT NULL CHECK (length(token_sha256) = 32),
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz,
    last_used_at timestamptz,
    revoked_at   timestamptz
);

-- What links and sessions are signed with; all replicas share it. The newest signs, the one before still counts.
CREATE TABLE signing_secrets (
    number     integer PRIMARY KEY,
    secret     bytea NOT NULL CHECK (length(secret) = 32),
    created_at timestamptz NOT NULL DEFAULT now()
);

-- NULL: it came in while no key was needed. Everybody sees it then, and with keys administrators do.
ALTER TABLE videos ADD COLUMN owner text;
ALTER TABLE uploads ADD COLUMN owner text;

CREATE INDEX videos_newest_of_owner ON videos (owner, created_at DESC, id DESC) WHERE owner IS NOT NULL;
