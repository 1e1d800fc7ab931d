-- A proxy is the whole film in a form that browsers play. It is an order of clips with a purpose of its own: the same
-- states, leases and fencing. Proxies are kept under a quota; the least recently used ones are deleted, rows and all.
ALTER TABLE clip_jobs
    ADD COLUMN purpose  text NOT NULL DEFAULT 'clips' CHECK (purpose IN ('clips', 'proxy')),
    ADD COLUMN priority text CHECK (priority IN ('interactive', 'batch')),   -- NULL: that of the video
    ADD COLUMN bytes    bigint CHECK (bytes >= 0),                           -- of a proxy's file, once it is there
    ADD COLUMN used_at  timestamptz;                                         -- when a proxy was last read

CREATE UNIQUE INDEX clip_jobs_proxy_of_video ON clip_jobs (video_id) WHERE purpose = 'proxy';
