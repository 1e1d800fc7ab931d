-- Clips that were asked for of a video's segments. States, leases and fencing as in `videos`.
CREATE TABLE clip_jobs (
    id               text PRIMARY KEY CHECK (id ~ '^[0-9a-f]{32}$'),
    video_id         text NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
    state            text NOT NULL DEFAULT 'queued'
                     CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    clip_order       jsonb NOT NULL,              -- as it was asked for
    options          jsonb NOT NULL,              -- how each clip is cut
    wanted           jsonb NOT NULL,              -- the segments, each with the name of its file
    total            integer NOT NULL CHECK (total > 0),
    media_key        text NOT NULL,               -- what they are cut from, and what it was when they were chosen:
    tracks_key       text NOT NULL,
    tracks_hash      text NOT NULL,
    revision         integer NOT NULL,
    attempt          integer NOT NULL DEFAULT 0 CHECK (attempt >= 0),
    error_code       text,
    error_message    text,
    created_at       timestamptz NOT NULL DEFAULT now(),
    started_at       timestamptz,
    finished_at      timestamptz,
    lease_owner      text,
    lease_epoch      bigint NOT NULL DEFAULT 0,
    lease_expires_at timestamptz,
    cancel_requested boolean NOT NULL DEFAULT false,
    idempotency_key  text,
    UNIQUE (video_id, idempotency_key),
    CHECK ((state = 'running') = (lease_expires_at IS NOT NULL)),
    CHECK ((state IN ('done', 'failed', 'cancelled')) = (finished_at IS NOT NULL)),
    CHECK ((state = 'failed') = (error_code IS NOT NULL))
);

CREATE INDEX clip_jobs_newest_of_video ON clip_jobs (video_id, created_at DESC, id DESC);
-- What bridges look through for work.
CREATE INDEX clip_jobs_open ON clip_jobs (created_at, id) WHERE state IN ('queued', 'running');

-- What came of each wanted segment: a file, or why there is none.
CREATE TABLE clip_files (
    job_id   text NOT NULL REFERENCES clip_jobs (id) ON DELETE CASCADE,
    position integer NOT NULL CHECK (position >= 0),
    made     boolean NOT NULL,
    entry    json NOT NULL,   -- not jsonb: people read it, in the order it was written in
    PRIMARY KEY (job_id, position)
);
