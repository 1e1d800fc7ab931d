-- What is said in a video is written down after its segments are there. States, leases and fencing as in `clip_jobs`;
-- the words themselves are in MongoDB, under the tracks.
CREATE TABLE transcripts (
    id               text PRIMARY KEY REFERENCES videos (id) ON DELETE CASCADE,   -- that of its video
    state            text NOT NULL DEFAULT 'queued'
                     CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    tracks_hash      text NOT NULL,               -- of the tracks that say where somebody speaks
    audio_stream     text,                        -- the setting of this name: NULL is the best one
    model            text,                        -- the speech model; known when the work has begun
    groups_done      integer NOT NULL DEFAULT 0 CHECK (groups_done >= 0),
    groups_total     integer CHECK (groups_total >= 0),
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
    CHECK ((state = 'running') = (lease_expires_at IS NOT NULL)),
    CHECK ((state IN ('done', 'failed', 'cancelled')) = (finished_at IS NOT NULL)),
    CHECK ((state = 'failed') = (error_code IS NOT NULL))
);

-- What bridges look through for work.
CREATE INDEX transcripts_open ON transcripts (created_at, id) WHERE state IN ('queued', 'running');

-- A video whose segments are there gets its words, if it has sound and its settings do not say `words: off`. Only
-- another audio stream has other words: then the work begins again, as it does after a failure or a cancellation. Changes
-- of all other settings keep the words, with the tracks that they were found in. A row is never deleted before its video,
-- so that epochs do not repeat.
CREATE FUNCTION words_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.media ->> 'audio_codec' IS NULL OR NEW.settings ->> 'words' = 'off' THEN
        UPDATE transcripts
        SET state = CASE state WHEN 'queued' THEN 'cancelled' ELSE state END,
            finished_at = CASE state WHEN 'queued' THEN now() ELSE finished_at END,
            cancel_requested = (state = 'running')
        WHERE id = NEW.id AND state IN ('queued', 'running');
    ELSE
        INSERT INTO transcripts (id, tracks_hash, audio_stream)
        VALUES (NEW.id, NEW.tracks_hash, NEW.settings ->> 'audio_stream')
        ON CONFLICT (id) DO UPDATE
        SET state = 'queued', tracks_hash = excluded.tracks_hash, audio_stream = excluded.audio_stream, model = NULL,
            groups_done = 0, groups_total = NULL, attempt = 0, error_code = NULL, error_message = NULL,
            created_at = now(), started_at = NULL, finished_at = NULL, lease_owner = NULL, lease_expires_at = NULL,
            cancel_requested = false
        WHERE transcripts.audio_stream IS DISTINCT FROM excluded.audio_stream
           OR transcripts.state IN ('failed', 'cancelled');
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER videos_words_follow AFTER UPDATE OF state ON videos FOR EACH ROW
WHEN (NEW.state = 'done' AND OLD.state <> 'done' AND NEW.tracks_hash IS NOT NULL)
EXECUTE FUNCTION words_follow();
