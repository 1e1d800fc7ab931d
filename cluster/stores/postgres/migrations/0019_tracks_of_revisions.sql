-- Of which tracks a result was fused. `videos.tracks_hash` does not tell: while a video is decoded again for other
-- settings it is that of the new analysis already, and after an earlier result was chosen it is that of the newest one.
-- Null: made before this, and not known. A trigger sets it, so that it is right whatever version of a replica finishes.
ALTER TABLE revisions ADD COLUMN tracks_hash text;

-- The tracks of the video are of the newest analysis. A correction may be of an earlier one, and is newer. While the
-- video is not done they are of that analysis or of the next one, which is the same for the same settings.
UPDATE revisions SET tracks_hash = videos.tracks_hash
FROM videos JOIN revisions AS newest
    ON newest.video_id = videos.id AND newest.revision = coalesce(
        (SELECT max(revision) FROM revisions WHERE video_id = videos.id AND origin = 'settings'),
        videos.newest_revision
    )
WHERE revisions.video_id = videos.id
  AND NOT EXISTS (
      SELECT FROM unnest(ARRAY['video_stream', 'audio_stream', 'ignore', 'decoding']) AS measured (name)
      WHERE revisions.settings -> name IS DISTINCT FROM newest.settings -> name
         OR (videos.state <> 'done' AND videos.settings -> name IS DISTINCT FROM newest.settings -> name)
  );

-- What a person corrects, or what gets its words, may be an earlier result: it is of the tracks of those with the same
-- settings.
CREATE FUNCTION fused_of_the_tracks_there_are() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.tracks_hash IS NULL AND NEW.origin <> 'settings' THEN
        NEW.tracks_hash := (
            SELECT tracks_hash FROM revisions
            WHERE video_id = NEW.video_id AND settings = NEW.settings AND tracks_hash IS NOT NULL
            ORDER BY revision DESC LIMIT 1
        );
    ELSIF NEW.tracks_hash IS NULL THEN
        NEW.tracks_hash := (SELECT tracks_hash FROM videos WHERE id = NEW.video_id);
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER revisions_of_tracks BEFORE INSERT ON revisions FOR EACH ROW
EXECUTE FUNCTION fused_of_the_tracks_there_are();
