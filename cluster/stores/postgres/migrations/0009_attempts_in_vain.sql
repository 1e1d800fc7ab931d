-- What was done when the present holder of the lease began. A holder that dies has not tried in vain if it came
-- further: only those that did not use up a video's attempts. Bridges of the version before leave it as it is.
ALTER TABLE videos ADD COLUMN chunks_at_claim integer NOT NULL DEFAULT 0;
