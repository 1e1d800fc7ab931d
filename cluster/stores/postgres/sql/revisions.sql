-- lock_video --
-- Changes of a video's set of revisions, or of the current one, are made one after another.
SELECT state FROM videos WHERE id = %(id)s FOR UPDATE

-- list_revisions --
-- Newest first.
SELECT revisions.*, revisions.revision = videos.revision AS current
FROM revisions JOIN videos ON videos.id = revisions.video_id
WHERE video_id = %(id)s
ORDER BY revision DESC

-- get_revision --
SELECT revisions.*, revisions.revision = videos.revision AS current
FROM revisions JOIN videos ON videos.id = revisions.video_id
WHERE video_id = %(id)s AND revisions.revision = %(revision)s

-- get_current_revision --
SELECT revisions.*, true AS current
FROM revisions JOIN videos ON videos.id = revisions.video_id AND videos.revision = revisions.revision
WHERE videos.id = %(id)s

-- choose_revision --
UPDATE videos
SET revision = chosen.revision, timeline_id = chosen.timeline_id, preset = chosen.preset,
    settings = chosen.settings
FROM revisions AS chosen
WHERE videos.id = %(id)s AND videos.state = 'done'
  AND chosen.video_id = videos.id AND chosen.revision = %(revision)s
RETURNING videos.*

-- trim_revisions --
-- Deletes all but the newest ones and the current one.
DELETE FROM revisions
USING videos
WHERE videos.id = %(id)s AND revisions.video_id = videos.id AND revisions.revision <> videos.revision
  AND revisions.revision NOT IN (
      SELECT revision FROM revisions WHERE video_id = %(id)s ORDER BY revision DESC LIMIT %(keep)s
  )

-- correct_video --
-- A person's corrections become a revision and the current one, if the one they were made on still is, and nobody has
-- given away the new number.
WITH corrected AS (
    UPDATE videos
    SET revision = %(revision)s, timeline_id = %(timeline_id)s, newest_revision = %(revision)s
    WHERE id = %(id)s AND state = 'done' AND revision = %(base)s AND newest_revision = %(revision)s - 1
    RETURNING *
)
INSERT INTO revisions (video_id, revision, timeline_id, preset, settings, origin, corrections, note, tracks_hash)
SELECT id, revision, timeline_id, preset, settings, 'human', %(corrections)s, %(note)s,
       (SELECT tracks_hash FROM revisions WHERE video_id = %(id)s AND revision = %(base)s)
FROM corrected
RETURNING revisions.*, true AS current
