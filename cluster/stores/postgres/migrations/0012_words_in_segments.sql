-- Words become titles, keywords and roles of segments, which is a new revision of the video.
ALTER TABLE revisions ADD COLUMN origin text NOT NULL DEFAULT 'settings' CHECK (origin IN ('settings', 'words'));

ALTER TABLE transcripts
    ADD COLUMN reader      text,         -- what read the text on screen; NULL before, and where none is read
    ADD COLUMN wanted      text NOT NULL DEFAULT 'speech' CHECK (wanted IN ('all', 'speech', 'screen')),
    ADD COLUMN timeline_id text;         -- the video's timeline that these words are in

-- What waits for its turn is done for all that the video has.
UPDATE transcripts
SET wanted = 'all'
FROM videos
WHERE videos.id = transcripts.id AND transcripts.state IN ('queued', 'running')
  AND coalesce(videos.settings ->> 'words', 'all') = 'all'
  AND NOT (videos.media ? 'video_codec' AND videos.media ->> 'video_codec' IS NULL);

-- What waits for a speech model: all else of these is done.
CREATE INDEX transcripts_without_model ON transcripts (id) WHERE state = 'done' AND model IS NULL AND wanted <> 'screen';

-- As before, and: videos without sound have text on screen; a result that was made without the words which are there,
-- because they were ended while it was computed, gets them.
CREATE OR REPLACE FUNCTION words_follow() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    choice text := coalesce(NEW.settings ->> 'words', 'all');
    heard boolean := NEW.media ->> 'audio_codec' IS NOT NULL AND choice IN ('all', 'speech');
    seen boolean := NOT (NEW.media ? 'video_codec' AND NEW.media ->> 'video_codec' IS NULL) AND choice IN ('all', 'screen');
    wanted_now text := CASE WHEN heard AND seen THEN 'all' WHEN heard THEN 'speech' ELSE 'screen' END;
BEGIN
    IF NOT heard AND NOT seen THEN
        UPDATE transcripts
        SET state = CASE state WHEN 'queued' THEN 'cancelled' ELSE state END,
            finished_at = CASE state WHEN 'queued' THEN now() ELSE finished_at END,
            cancel_requested = (state = 'running')
        WHERE id = NEW.id AND state IN ('queued', 'running');
        RETURN NULL;
    END IF;
    INSERT INTO transcripts AS known (id, tracks_hash, audio_stream, wanted)
    VALUES (NEW.id, NEW.tracks_hash, NEW.settings ->> 'audio_stream', wanted_now)
    ON CONFLICT (id) DO UPDATE
    SET state = 'queued', tracks_hash = excluded.tracks_hash, audio_stream = excluded.audio_stream, model = NULL,
        reader = NULL, wanted = excluded.wanted, timeline_id = NULL,
        groups_done = 0, groups_total = NULL, attempt = 0, error_code = NULL, error_message = NULL,
        created_at = now(), started_at = NULL, finished_at = NULL, lease_owner = NULL, lease_expires_at = NULL,
        cancel_requested = false
    WHERE known.audio_stream IS DISTINCT FROM excluded.audio_stream OR known.state IN ('failed', 'cancelled');
    IF NOT FOUND THEN
        UPDATE transcripts
        SET state = 'queued', wanted = CASE WHEN wanted = 'all' THEN wanted ELSE wanted_now END,
            timeline_id = CASE WHEN wanted IN ('all', wanted_now) THEN timeline_id END, attempt = 0, error_code = NULL, error_message = NULL,
            created_at = now(), started_at = NULL, finished_at = NULL, lease_owner = NULL, lease_expires_at = NULL,
            cancel_requested = false
        WHERE id = NEW.id
          AND (wanted NOT IN ('all', wanted_now) OR (state = 'running' AND cancel_requested)
               OR (state = 'done' AND timeline_id IS DISTINCT FROM NEW.timeline_id));
    END IF;
    RETURN NULL;
END
$$;
