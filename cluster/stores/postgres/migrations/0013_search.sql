-- What search finds, derived from the results in MongoDB: one row a moment of a video. It can be made anew at any time.
CREATE TABLE moments (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    video_id       text NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
    owner          text,                      -- that of the video; owners never change
    source         text NOT NULL CHECK (source IN ('speech', 'screen', 'title', 'tag', 'name')),
    config         text NOT NULL,             -- the text search configuration of its language, of pg_catalog
    start_s        double precision NOT NULL,
    end_s          double precision NOT NULL,
    scene          integer,                   -- index of the scene that contains its start
    keyframe       integer,                   -- frame of the image that shows it
    text           text NOT NULL,
    word_starts_ms integer[],                 -- of the words of `text`, from start_s
    words          tsvector NOT NULL          -- stems, forms, pairs of letters and marks, see postgres/search/text.py
);

-- Without a pending list, which every search would read through.
CREATE INDEX moments_words ON moments USING gin (words) WITH (fastupdate = off);
CREATE INDEX moments_of_video ON moments (video_id);

-- Configurations of which there is or was a moment. A search makes its query once for each.
CREATE TABLE search_configs (config text PRIMARY KEY);

-- Videos whose moments are to be made anew. Rows are only inserted and deleted, so that nobody who changes a video
-- waits for the one who reads its results. No foreign key: an entry of a deleted video is harmless.
CREATE TABLE search_queue (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    video_id text NOT NULL,
    due_at   timestamptz NOT NULL DEFAULT now(),
    tries    integer NOT NULL DEFAULT 0
);

CREATE INDEX search_queue_due ON search_queue (due_at, id);
CREATE INDEX search_queue_video ON search_queue (video_id);

-- Version of the way in which moments are made; a greater one in the program puts all videos into the queue once.
CREATE TABLE search_version (version integer NOT NULL);
INSERT INTO search_version VALUES (0);

CREATE FUNCTION search_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_queue (video_id) VALUES (NEW.id);
    RETURN NULL;
END
$$;

CREATE TRIGGER videos_search_begins AFTER INSERT ON videos FOR EACH ROW EXECUTE FUNCTION search_follows();

-- Another timeline has other segments; settings say which words are shown.
CREATE TRIGGER videos_search_follows AFTER UPDATE ON videos FOR EACH ROW
WHEN (NEW.timeline_id IS DISTINCT FROM OLD.timeline_id OR NEW.settings <> OLD.settings)
EXECUTE FUNCTION search_follows();

CREATE TRIGGER transcripts_search_follows AFTER UPDATE ON transcripts FOR EACH ROW
WHEN (NEW.state <> OLD.state AND 'done' IN (NEW.state, OLD.state))
EXECUTE FUNCTION search_follows();
