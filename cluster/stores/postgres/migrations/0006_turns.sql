-- Whose turn it is, and answers that are given again. While an installation is updated, bridges and replicas of
-- the version before run beside new ones on this schema: nothing that they use is taken away.

ALTER TABLE videos ADD COLUMN priority text NOT NULL DEFAULT 'interactive'
    CHECK (priority IN ('interactive', 'batch'));

-- Files nobody waits for leave some of the fetching to those that somebody does.
ALTER TABLE imports ADD COLUMN priority text NOT NULL DEFAULT 'interactive'
    CHECK (priority IN ('interactive', 'batch'));

-- What bridges look through: of each owner the video that waits longest (rung_at says since when), and the one
-- with the least to do. A video that was done before has its tracks: what is left is a fusion.
DROP INDEX videos_waiting;
CREATE INDEX videos_turn ON videos ((coalesce(owner, '')), priority, rung_at, id)
    WHERE state = 'queued' AND NOT fetching;
CREATE INDEX videos_light ON videos ((coalesce(owner, '')), (CASE WHEN newest_revision > 0 THEN 0 ELSE bytes END))
    WHERE state = 'queued' AND NOT fetching AND (priority = 'interactive' OR newest_revision > 0);
CREATE INDEX videos_tried ON videos (attempt) WHERE state = 'queued' AND attempt > 0;

-- Looked at every half second, and nearly always empty.
CREATE INDEX videos_to_cancel ON videos (lease_owner) WHERE cancel_requested;
CREATE INDEX clip_jobs_to_cancel ON clip_jobs (lease_owner) WHERE cancel_requested;

-- Answers to requests with an Idempotency-Key. Neither the key nor, without it, the answer can be read from here.
CREATE TABLE answers (
    key_sha256     bytea PRIMARY KEY CHECK (length(key_sha256) = 32),
    request_sha256 bytea NOT NULL CHECK (length(request_sha256) = 32),
    sealed         bytea,
    created_at     timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX answers_old ON answers (created_at);
