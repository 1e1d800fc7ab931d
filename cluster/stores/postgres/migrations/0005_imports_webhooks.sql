-- Files that are fetched from addresses, and addresses that are told how videos end.

-- True until the file is here: nobody claims the video before.
ALTER TABLE videos ADD COLUMN fetching boolean NOT NULL DEFAULT false;

CREATE TABLE imports (
    video_id         text PRIMARY KEY REFERENCES videos (id) ON DELETE CASCADE,
    number           bigint GENERATED ALWAYS AS IDENTITY,  -- the order they came in
    url              text NOT NULL,
    lane             text NOT NULL,     -- imports of one batch, or of one owner, take turns with those of others
    state            text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'fetching', 'fetched', 'stopped')),
    epoch            bigint NOT NULL DEFAULT 0,   -- the fencing token, as in videos
    lease_expires_at timestamptz,
    due_at           timestamptz NOT NULL DEFAULT now(),
    claimed_at       timestamptz,
    tries            integer NOT NULL DEFAULT 0,  -- claims since it last came further
    generation       integer NOT NULL DEFAULT 0,  -- counts beginnings anew: each keeps its bytes apart
    stored_bytes     bigint NOT NULL DEFAULT 0,
    furthest_bytes   bigint NOT NULL DEFAULT 0,
    total_bytes      bigint,
    validator        text,
    CHECK (state = 'fetching' OR lease_expires_at IS NULL)
);

CREATE INDEX imports_open ON imports (due_at) WHERE state IN ('waiting', 'fetching');
CREATE INDEX imports_leased ON imports (lease_expires_at) WHERE lease_expires_at IS NOT NULL;
CREATE INDEX imports_claimed ON imports (claimed_at) WHERE claimed_at IS NOT NULL;

CREATE TABLE webhooks (
    id              text PRIMARY KEY,
    owner           text,
    video_id        text,               -- NULL: all videos of the owner. No foreign key: the news of a video's
                                        -- end is delivered even when the video is deleted right after
    url             text NOT NULL,
    events          text[] NOT NULL CHECK (events <@ ARRAY['done', 'failed', 'cancelled']
                                           AND cardinality(events) > 0),
    secret          bytea NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    disabled_at     timestamptz,
    disabled_reason text
);

CREATE INDEX webhooks_of_owner ON webhooks (owner) WHERE video_id IS NULL;
CREATE INDEX webhooks_of_video ON webhooks (video_id) WHERE video_id IS NOT NULL;

-- The outbox of events: one row for each webhook that wants to hear of one, kept as a log for a while.
CREATE TABLE webhook_deliveries (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    webhook_id       text NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    event_id         text NOT NULL,
    event            text NOT NULL,
    video_id         text NOT NULL,
    video            jsonb NOT NULL,    -- the row as it was when the event happened
    state            text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'failed')),
    attempts         integer NOT NULL DEFAULT 0,
    created_at       timestamptz NOT NULL DEFAULT now(),
    due_at           timestamptz NOT NULL DEFAULT now(),
    lease_expires_at timestamptz,
    finished_at      timestamptz,
    last_status      integer,
    last_error       text
);

CREATE INDEX webhook_deliveries_due ON webhook_deliveries (due_at) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_log ON webhook_deliveries (webhook_id, id DESC);
CREATE INDEX webhook_deliveries_old ON webhook_deliveries (created_at) WHERE state <> 'pending';

-- In the transaction that changes the state, whoever makes it: lease holders, the reaper, a person, an import.
CREATE FUNCTION announce_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    WITH event AS (SELECT replace(gen_random_uuid()::text, '-', '') AS id)
    INSERT INTO webhook_deliveries (webhook_id, event_id, event, video_id, video)
    SELECT webhooks.id, event.id, NEW.state, NEW.id, to_jsonb(NEW)
    FROM webhooks, event
    WHERE disabled_at IS NULL AND NEW.state = ANY (events)
      AND (video_id = NEW.id OR (video_id IS NULL AND owner IS NOT DISTINCT FROM NEW.owner));
    RETURN NULL;
END
$$;

CREATE TRIGGER videos_announce_end AFTER UPDATE OF state ON videos FOR EACH ROW
WHEN (NEW.state IN ('done', 'failed', 'cancelled') AND NEW.state IS DISTINCT FROM OLD.state)
EXECUTE FUNCTION announce_end();

-- A video that leaves the queue while its file is being fetched takes the lease from who fetches it; one that
-- is queued again has all tries again.
CREATE FUNCTION follow_video() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state = 'queued' THEN
        UPDATE imports SET state = 'waiting', tries = 0, due_at = now() WHERE video_id = NEW.id;
    ELSE
        UPDATE imports SET state = 'stopped', epoch = epoch + 1, lease_expires_at = NULL WHERE video_id = NEW.id;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER videos_imports_follow AFTER UPDATE OF state ON videos FOR EACH ROW
WHEN (NEW.fetching AND NEW.state IS DISTINCT FROM OLD.state)
EXECUTE FUNCTION follow_video();
