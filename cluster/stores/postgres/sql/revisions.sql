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
