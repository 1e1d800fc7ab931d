-- Whose tracks a video uses: its own, or those of an earlier video of the same owner with the same content.
-- Plans, chunks and keyframes are kept under this id, and go with the last video that names it. It is settled
-- before anything is analysed, and never changes after that.
ALTER TABLE videos ADD COLUMN tracks_key text;
UPDATE videos SET tracks_key = id;
ALTER TABLE videos ALTER COLUMN tracks_key SET NOT NULL;

CREATE INDEX videos_of_tracks ON videos (tracks_key);
CREATE INDEX videos_of_content ON videos (sha256) WHERE sha256 IS NOT NULL;

-- The results that are kept of a video. videos.revision says which of them readers see.
CREATE TABLE revisions (
    video_id    text NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
    revision    integer NOT NULL CHECK (revision > 0),
    timeline_id text NOT NULL,
    preset      text NOT NULL,
    settings    jsonb NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (video_id, revision)
);

INSERT INTO revisions (video_id, revision, timeline_id, preset, settings, created_at)
SELECT id, revision, timeline_id, preset, settings, coalesce(finished_at, created_at)
FROM videos
WHERE timeline_id IS NOT NULL AND revision > 0;

-- The number of the newest result ever made: an older one may have been chosen since, and numbers are not used
-- twice.
ALTER TABLE videos ADD COLUMN newest_revision integer NOT NULL DEFAULT 0;
UPDATE videos SET newest_revision = revision;
