-- Since when orders of clips, proxies and transcripts wait (sql/overview.sql). `created_at` does not tell: one that ended
-- may be queued again much later. A trigger sets it, so that it is right whatever version of a replica queues.
ALTER TABLE clip_jobs ADD COLUMN queued_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE transcripts ADD COLUMN queued_at timestamptz NOT NULL DEFAULT now();
UPDATE clip_jobs SET queued_at = created_at WHERE state IN ('queued', 'running');
UPDATE transcripts SET queued_at = created_at WHERE state IN ('queued', 'running');

CREATE FUNCTION waits_from_now() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.queued_at := now();
    RETURN NEW;
END
$$;

-- One whose holder gives it back has its old place, and waits since it was queued.
CREATE TRIGGER clip_jobs_wait BEFORE UPDATE OF state ON clip_jobs FOR EACH ROW
WHEN (NEW.state = 'queued' AND OLD.state IN ('done', 'failed', 'cancelled'))
EXECUTE FUNCTION waits_from_now();
CREATE TRIGGER transcripts_wait BEFORE UPDATE OF state ON transcripts FOR EACH ROW
WHEN (NEW.state = 'queued' AND OLD.state IN ('done', 'failed', 'cancelled'))
EXECUTE FUNCTION waits_from_now();

CREATE INDEX clip_jobs_longest_waiting ON clip_jobs (purpose, queued_at) WHERE state = 'queued';
CREATE INDEX clip_jobs_running ON clip_jobs (purpose) WHERE state = 'running';
CREATE INDEX transcripts_longest_waiting ON transcripts (queued_at) WHERE state = 'queued';
CREATE INDEX transcripts_running ON transcripts (id) WHERE state = 'running';
