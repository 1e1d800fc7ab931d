-- Administrative acts (audit.py): who did what, to what, when and from where. Never a secret. Rows are only added, and
-- removed by age; they name keys and videos by text, since they outlive both.
CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    act text NOT NULL,
    target text NOT NULL,
    details jsonb NOT NULL,
    actor text NOT NULL,
    key_name text,
    owner text,
    address text,
    request_id text
);
CREATE INDEX audit_at ON audit (at);

-- What was written stays as it was written, whichever program asks.
CREATE FUNCTION audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'entries of the audit log are not changed';
END
$$;
CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION audit_is_kept();
