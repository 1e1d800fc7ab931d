-- Turns of an import that were used up and left nothing, since the source cannot be resumed. Beginnings anew
-- (`generation`) are not the same: a source may bring them about at will.
ALTER TABLE imports ADD COLUMN turns integer NOT NULL DEFAULT 0;
