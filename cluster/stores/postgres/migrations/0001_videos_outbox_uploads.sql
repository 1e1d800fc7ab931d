-- The truth about state. Leases are judged by this server's clock only.
CREATE TABLE videos (
    id               text PRIMARY KEY,
    state            text NOT NULL DEFAULT 'queued'
                     CHECK (state IN ('queued', 'running', 'finalizing', 'done', 'failed', 'cancelled')),
    filename         text NOT NULL,
    bytes            bigint NOT NULL CHECK (bytes >= 0),
    sha256           text,
    media_key        text NOT NULL,
    media            jsonb,
    preset           text NOT NULL,
    settings         jsonb NOT NULL,
    revision         integer NOT NULL DEFAULT 0,
    timeline_id      text,
    tracks_hash      text,
    chunks_done      integer NOT NULL DEFAULT 0 CHECK (chunks_done >= 0),
    chunks_total     integer CHECK (chunks_total >= 0),
    attempt          integer NOT NULL DEFAULT 0 CHECK (attempt >= 0),
    error_code       text,
    error_message    text,
    created_at       timestamptz NOT NULL DEFAULT now(),
    started_at       timestamptz,
    finished_at      timestamptz,
    lease_owner      text,
    lease_epoch      bigint NOT NULL DEFAULT 0,   -- the fencing token: grows with every claim, never shrinks
    lease_expires_at timestamptz,
    cancel_requested boolean NOT NULL DEFAULT false,
    version          bigint NOT NULL DEFAULT 1,
    rung_at          timestamptz NOT NULL DEFAULT now(),  -- when its last doorbell went into the outbox
    idempotency_key  text UNIQUE,
    CHECK ((state IN ('running', 'finalizing')) = (lease_expires_at IS NOT NULL)),
    CHECK ((state IN ('done', 'failed', 'cancelled')) = (finished_at IS NOT NULL)),
    CHECK ((state = 'failed') = (error_code IS NOT NULL)),
    CHECK (state <> 'done' OR timeline_id IS NOT NULL)
);

CREATE INDEX videos_newest ON videos (created_at DESC, id DESC);
CREATE INDEX videos_newest_in_state ON videos (state, created_at DESC, id DESC);
-- What the reaper looks through: few rows, however many videos are done.
CREATE INDEX videos_leased ON videos (lease_expires_at) WHERE lease_expires_at IS NOT NULL;
CREATE INDEX videos_waiting ON videos (rung_at) WHERE state = 'queued';

CREATE FUNCTION count_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := OLD.version + 1;
    RETURN NEW;
END
$$;

CREATE TRIGGER videos_version BEFORE UPDATE ON videos FOR EACH ROW EXECUTE FUNCTION count_version();

-- Doorbells that RabbitMQ has not confirmed yet. No foreign key: ringing for a deleted video is harmless.
CREATE TABLE outbox (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    video_id   text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX outbox_video ON outbox (video_id);

-- Resumable uploads: what has arrived, and what became of it.
CREATE TABLE uploads (
    id           text PRIMARY KEY,
    filename     text NOT NULL,
    length_bytes bigint NOT NULL CHECK (length_bytes >= 0),
    offset_bytes bigint NOT NULL DEFAULT 0 CHECK (offset_bytes BETWEEN 0 AND length_bytes),
    metadata     jsonb NOT NULL,
    sha256_state bytea,
    video_id     text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    lifetime_s   double precision NOT NULL CHECK (lifetime_s > 0),
    expires_at   timestamptz NOT NULL
);

CREATE INDEX uploads_expiry ON uploads (expires_at);
