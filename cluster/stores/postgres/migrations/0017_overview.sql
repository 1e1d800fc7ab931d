-- What an operator looks at (sql/overview.sql): what waits longest, and what failed lately. Both are small parts of
-- their tables, and a page asks for them every few seconds.
CREATE INDEX videos_longest_waiting ON videos (fetching, priority, rung_at) WHERE state = 'queued';
CREATE INDEX videos_failed ON videos (finished_at) WHERE state = 'failed';
CREATE INDEX clip_jobs_failed ON clip_jobs (finished_at) WHERE state = 'failed';
CREATE INDEX transcripts_failed ON transcripts (finished_at) WHERE state = 'failed';
