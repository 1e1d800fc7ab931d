-- Corrections by hand are a revision of the video, of the origin `human`. What was locked and removed stays with the
-- revision, and goes on to those that are made from it: the next fusion respects it.
ALTER TABLE revisions DROP CONSTRAINT revisions_origin_check;
ALTER TABLE revisions
    ADD CONSTRAINT revisions_origin_check CHECK (origin IN ('settings', 'words', 'human')),
    ADD COLUMN corrections jsonb,    -- {"locked", "removed"} by level, and "exact" where no fusion may add a start
    ADD COLUMN note        text;     -- what the person says of them

-- Whether the fusion that is queued or under way respects the corrections of the current revision.
ALTER TABLE videos ADD COLUMN keep_corrections boolean NOT NULL DEFAULT true;

-- A bridge of an earlier version knows no corrections, and works on while the installation is updated. Its words would
-- replace a person's starts: they are refused, and follow when they are asked for again. Its other results lack the
-- corrections, but these go on to the next fusion.
CREATE FUNCTION corrections_follow() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    earlier jsonb := (SELECT corrections FROM revisions WHERE video_id = OLD.id AND revision = OLD.revision);
    made revisions;
BEGIN
    SELECT * INTO made FROM revisions WHERE video_id = NEW.id AND revision = NEW.revision;
    IF earlier IS NULL OR made.corrections IS NOT NULL THEN
        RETURN NULL;
    END IF;
    IF made.origin = 'words' THEN
        RAISE EXCEPTION 'A bridge of an earlier version would undo corrections of video %; its words are refused', NEW.id;
    END IF;
    IF OLD.keep_corrections THEN
        UPDATE revisions SET corrections = earlier - 'exact'
        WHERE video_id = NEW.id AND revision = NEW.revision AND origin = 'settings';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER videos_corrections_follow AFTER UPDATE OF revision ON videos FOR EACH ROW
WHEN (NEW.newest_revision > OLD.newest_revision)
EXECUTE FUNCTION corrections_follow();
