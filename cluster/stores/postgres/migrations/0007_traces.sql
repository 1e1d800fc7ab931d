-- The trace a video belongs to, as W3C traceparent text; NULL where nobody traces. Processes of the version before
-- neither write nor read it.
ALTER TABLE videos ADD COLUMN traceparent text;
