-- What is missing in a video's file that is segmented all the same: a list of {code, message, missing_frames,
-- missing_s}. Videos from before have none.
ALTER TABLE videos ADD COLUMN warnings jsonb NOT NULL DEFAULT '[]';
