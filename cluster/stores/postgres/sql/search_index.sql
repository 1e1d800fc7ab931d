-- raise_version --
-- Returns a row to the first caller of a newer version.
UPDATE search_version SET version = %(version)s WHERE version < %(version)s RETURNING version

-- queue_all --
INSERT INTO search_queue (video_id) SELECT id FROM videos ORDER BY created_at DESC

-- configs_of_server --
SELECT cfgname FROM pg_ts_config WHERE cfgnamespace = 'pg_catalog'::regnamespace

-- count_queued --
SELECT count(*) AS number FROM search_queue

-- take_queued --
-- The entry is gone when the transaction commits, and there again if it does not.
DELETE FROM search_queue
WHERE id = (SELECT id FROM search_queue WHERE due_at <= now() ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING video_id, tries

-- lock_video_index --
-- Waits for another one that works on this video; its entry was an earlier one.
SELECT pg_advisory_xact_lock(hashtextextended('search:' || %(id)s::text, 0))

-- drop_queued --
-- Further entries of the video, except those that another one has taken: what is read after this has it all.
DELETE FROM search_queue
WHERE id IN (SELECT id FROM search_queue WHERE video_id = %(id)s FOR UPDATE SKIP LOCKED)

-- video_to_index --
SELECT * FROM videos WHERE id = %(id)s

-- hold_video --
-- Before its moments are touched: a deletion of the video, which locks it first and then its moments, waits here.
SELECT 1 FROM videos WHERE id = %(id)s FOR KEY SHARE

-- queue_later --
INSERT INTO search_queue (video_id, tries, due_at)
VALUES (%(id)s, %(tries)s, now() + make_interval(secs => %(delay_s)s))

-- last_moment --
SELECT coalesce(max(id), 0) AS id FROM moments WHERE video_id = %(id)s

-- delete_moments --
-- The former ones; the new ones have taken over what is known of them.
DELETE FROM moments WHERE video_id = %(id)s AND id <= %(last)s

-- put_config --
INSERT INTO search_configs (config) VALUES (%(config)s) ON CONFLICT DO NOTHING

-- insert_moments --
-- A vector holds the stems of the words with positions, again without accents where there are some; pairs of letters;
-- marks; and the forms of words that are no stems (`form_lexeme` of query.py writes them the same way).
INSERT INTO moments (video_id, owner, source, config, start_s, end_s, scene, keyframe, text, word_starts_ms, words)
SELECT %(video_id)s, %(owner)s, one.source, one.config, one.start_s, one.end_s, one.scene, one.keyframe, one.text,
       one.word_starts_ms,
       setweight(placed.words, one.weight) || array_to_tsvector(
           one.marks || %(marks)s::text[] || ARRAY(
               SELECT '=' || form FROM unnest(one.forms) AS form
               WHERE form <> ALL (tsvector_to_array(placed.words))
           )
       )
FROM json_to_recordset(%(rows)s::json) AS one (
    source text, config text, start_s double precision, end_s double precision, scene integer, keyframe integer,
    text text, word_starts_ms integer[], weight "char", stemmed text, stemmed_plain text, forms text[], pairs text,
    marks text[]
)
CROSS JOIN LATERAL (
    SELECT to_tsvector(('pg_catalog.' || one.config)::regconfig, one.stemmed)
        || to_tsvector(('pg_catalog.' || one.config)::regconfig, one.stemmed_plain)
        || one.pairs::tsvector AS words
) AS placed
