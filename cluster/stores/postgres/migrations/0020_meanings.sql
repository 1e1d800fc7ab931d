-- Videos whose moments are to get vectors of what they mean. The vectors are in a table of their own, moment_meanings,
-- which is made when a model is there and the server has the extension `vector` (postgres/search/meanings.py): this
-- schema is the same without it. An entry that is worked on is due again later, in case the worker dies; `changes`
-- tells whether the moments were made anew meanwhile. No foreign key: an entry of a deleted video is harmless.
CREATE TABLE meaning_queue (
    video_id text PRIMARY KEY,
    changes  bigint NOT NULL DEFAULT 0,
    due_at   timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX meaning_queue_due ON meaning_queue (due_at);

INSERT INTO meaning_queue (video_id) SELECT DISTINCT video_id FROM moments;
