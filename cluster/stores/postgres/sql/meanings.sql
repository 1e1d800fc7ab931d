-- extension --
-- Version of the extension that is installed, else of the one that can be; none: no row.
SELECT coalesce(installed_version, default_version) AS version, installed_version IS NOT NULL AS installed
FROM pg_available_extensions WHERE name = 'vector'

-- lock_meanings --
-- Waits for another bridge that makes the table.
SELECT pg_advisory_xact_lock(hashtextextended('search:meanings', 0))

-- is_there --
SELECT to_regclass('moment_meanings') IS NOT NULL AS is_there

-- width_of_table --
-- Numbers of its vectors; no row without the table.
SELECT atttypmod AS width FROM pg_attribute
WHERE attrelid = to_regclass('moment_meanings') AND attname = 'embedding'

-- has_other_space --
SELECT EXISTS (SELECT FROM moment_meanings WHERE space <> %(space)s) AS has

-- forget_other_spaces --
DELETE FROM moment_meanings WHERE space <> %(space)s

-- queue_all_meanings --
INSERT INTO meaning_queue (video_id) SELECT DISTINCT video_id FROM moments
ON CONFLICT (video_id) DO UPDATE SET changes = meaning_queue.changes + 1, due_at = now()

-- queue_meanings --
INSERT INTO meaning_queue (video_id) VALUES (%(id)s)
ON CONFLICT (video_id) DO UPDATE SET changes = meaning_queue.changes + 1, due_at = now()

-- any_due --
SELECT EXISTS (SELECT FROM meaning_queue WHERE due_at <= now()) AS any

-- count_meaning_queue --
SELECT count(*) AS number FROM meaning_queue

-- take_meanings --
-- The entry is due again after `held_s`, when its worker must have died.
UPDATE meaning_queue SET due_at = now() + make_interval(secs => %(held_s)s)
WHERE video_id = (
    SELECT video_id FROM meaning_queue WHERE due_at <= now() ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING video_id, changes

-- release_meanings --
-- There are more of this video, or there is no model now.
UPDATE meaning_queue SET due_at = now()
WHERE video_id = %(id)s AND changes = %(changes)s

-- end_meanings --
DELETE FROM meaning_queue WHERE video_id = %(id)s AND changes = %(changes)s

-- without_meaning --
SELECT moments.id, text FROM moments LEFT JOIN moment_meanings ON moment_id = moments.id AND space = %(space)s
WHERE moments.video_id = %(id)s AND moments.source = ANY (%(sources)s) AND moment_id IS NULL
ORDER BY moments.id
LIMIT %(most)s

-- insert_meanings --
-- A moment that says too little has no vector. One that is gone meanwhile is left out.
INSERT INTO moment_meanings (moment_id, video_id, owner, source, space, embedding)
SELECT moments.id, moments.video_id, moments.owner, moments.source, %(space)s, one.embedding::halfvec
FROM unnest(%(ids)s::bigint[], %(embeddings)s::text[]) AS one (id, embedding)
JOIN (SELECT * FROM moments WHERE id = ANY (%(ids)s) FOR KEY SHARE) AS moments USING (id)
ON CONFLICT (moment_id) DO UPDATE SET space = excluded.space, embedding = excluded.embedding

-- made_after --
SELECT id FROM moments WHERE video_id = %(id)s AND id > %(last)s ORDER BY id

-- keep_meanings --
-- Some new moments of a video get the vectors of its former ones that say the same; of several former ones that say the
-- same one is read, since a line that is on every slide would be joined with each of the others.
WITH known AS MATERIALIZED (
    SELECT DISTINCT ON (former.source, text) former.source, text, space, embedding
    FROM moments AS former JOIN moment_meanings ON moment_id = former.id
    WHERE former.video_id = %(id)s AND former.id <= %(last)s
    ORDER BY former.source, text
)
INSERT INTO moment_meanings (moment_id, video_id, owner, source, space, embedding)
SELECT made.id, made.video_id, made.owner, made.source, space, embedding
FROM moments AS made JOIN known USING (source, text)
WHERE made.id = ANY (%(ids)s)

-- owners_meanings --
-- How many an owner has, counted up to `most`.
SELECT count(*) AS number FROM (SELECT FROM moment_meanings WHERE owner = %(owner)s LIMIT %(most)s) AS found

-- search_on --
-- The index goes on until it has enough rows that a caller may see, nearest first.
SELECT set_config('hnsw.iterative_scan', 'strict_order', true), set_config('hnsw.ef_search', %(ef)s::text, true)

-- nearest_of_all --
SELECT moment_id AS id, -(embedding <#> %(vector)s::halfvec) AS similarity
FROM moment_meanings
WHERE space = %(space)s AND source = ANY (%(sources)s) AND (%(owner)s::text IS NULL OR owner = %(owner)s)
  AND embedding IS NOT NULL
ORDER BY embedding <#> %(vector)s::halfvec
LIMIT %(most)s

-- nearest_of_owner --
-- Few rows are compared one by one: an index over all owners would find mostly rows of others.
WITH own AS MATERIALIZED (
    SELECT moment_id, embedding FROM moment_meanings
    WHERE owner = %(owner)s AND space = %(space)s AND source = ANY (%(sources)s) AND embedding IS NOT NULL
)
SELECT moment_id AS id, -(embedding <#> %(vector)s::halfvec) AS similarity
FROM own ORDER BY embedding <#> %(vector)s::halfvec LIMIT %(most)s

-- nearest_of_video --
WITH own AS MATERIALIZED (
    SELECT moment_id, embedding FROM moment_meanings
    WHERE video_id = %(video)s AND space = %(space)s AND source = ANY (%(sources)s)
      AND (%(owner)s::text IS NULL OR owner = %(owner)s) AND embedding IS NOT NULL
)
SELECT moment_id AS id, -(embedding <#> %(vector)s::halfvec) AS similarity
FROM own ORDER BY embedding <#> %(vector)s::halfvec LIMIT %(most)s

-- moments_by_id --
SELECT moments.id, video_id, filename, source, config, start_s, end_s, scene, keyframe, text, word_starts_ms
FROM moments JOIN videos ON videos.id = moments.video_id
WHERE moments.id = ANY (%(ids)s)
