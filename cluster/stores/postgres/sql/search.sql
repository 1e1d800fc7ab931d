-- limit_time --
-- Of the statements of this transaction: nobody keeps a processor of the server busy with one search.
SELECT set_config('statement_timeout', %(most_ms)s::text, true)

-- stems --
-- Each text as a phrase of stems, in every configuration that moments have.
SELECT search_configs.config, one.text,
       phraseto_tsquery(('pg_catalog.' || search_configs.config)::regconfig, one.text)::text AS query
FROM search_configs
JOIN pg_ts_config ON cfgname = search_configs.config AND cfgnamespace = 'pg_catalog'::regnamespace
CROSS JOIN unnest(%(texts)s::text[]) AS one (text)

-- find_every --
-- Moments that match a whole query, best first, after the place of a cursor. At most `most` of each query are ranked, so
-- that a common word costs no more in a large library. Where there are more, titles and names, few as they are, are
-- ranked as well.
WITH wanted AS (
    SELECT config, matching::tsquery, ranking::tsquery, matching::tsquery && %(prominent)s::tsquery AS prominent
    FROM unnest(%(configs)s::text[], %(matching)s::text[], %(ranking)s::text[]) AS one (config, matching, ranking)
),
any_source AS MATERIALIZED (
    SELECT wanted.config, hit.id, hit.rank
    FROM wanted CROSS JOIN LATERAL (
        SELECT id, ts_rank_cd(%(weights)s::real[], words, wanted.ranking, 33) AS rank
        FROM moments
        WHERE words @@ wanted.matching AND config = wanted.config AND source = ANY (%(sources)s)
          AND (%(owner)s::text IS NULL OR owner = %(owner)s)
          AND (%(video)s::text IS NULL OR video_id = %(video)s)
        LIMIT %(most)s
    ) AS hit
),
crowded AS (
    SELECT config FROM any_source GROUP BY config HAVING count(*) >= %(most)s
),
hits AS MATERIALIZED (
    SELECT id, 500000 + round(500000 * max(rank))::bigint AS score_ppm
    FROM (
        SELECT id, rank FROM any_source
        UNION ALL
        SELECT hit.id, hit.rank
        FROM crowded JOIN wanted USING (config) CROSS JOIN LATERAL (
            SELECT id, ts_rank_cd(%(weights)s::real[], words, wanted.ranking, 33) AS rank
            FROM moments
            WHERE words @@ wanted.prominent AND config = wanted.config AND source = ANY (%(sources)s)
              AND (%(owner)s::text IS NULL OR owner = %(owner)s)
              AND (%(video)s::text IS NULL OR video_id = %(video)s)
            LIMIT %(most)s
        ) AS hit
    ) AS both_ways
    GROUP BY id
),
page AS (
    SELECT id, score_ppm FROM hits
    WHERE %(after_ppm)s::bigint IS NULL
       OR score_ppm < %(after_ppm)s OR (score_ppm = %(after_ppm)s AND id > %(after_id)s)
    ORDER BY score_ppm DESC, id
    LIMIT %(limit)s
)
SELECT moments.id, video_id, filename, source, config, start_s, end_s, scene, keyframe, text, word_starts_ms, score_ppm
FROM page JOIN moments USING (id) JOIN videos ON videos.id = moments.video_id
ORDER BY score_ppm DESC, moments.id

-- find_some --
-- Moments that match some terms of a query but not the whole of it. The score of one is the share of the terms it has,
-- each worth more the rarer it is. Candidates have two terms, or one that few moments have; where all terms are common
-- and never together, some that have one.
WITH wanted AS (
    SELECT config, matching::tsquery, base::tsquery, base::tsquery && pairs::tsquery AS with_two
    FROM unnest(%(configs)s::text[], %(matching)s::text[], %(base)s::text[], %(pairs)s::text[])
         AS one (config, matching, base, pairs)
),
terms AS (
    SELECT one.config, one.number, one.term::tsquery, wanted.base, wanted.matching
    FROM unnest(%(term_configs)s::text[], %(numbers)s::integer[], %(terms)s::text[]) AS one (config, number, term)
    JOIN wanted USING (config)
),
with_two AS MATERIALIZED (
    SELECT hit.id, wanted.config
    FROM wanted CROSS JOIN LATERAL (
        SELECT id FROM moments
        WHERE words @@ wanted.with_two AND config = wanted.config AND source = ANY (%(sources)s)
          AND (%(owner)s::text IS NULL OR owner = %(owner)s)
          AND (%(video)s::text IS NULL OR video_id = %(video)s)
        LIMIT %(most_with_two)s
    ) AS hit
),
with_one AS MATERIALIZED (
    SELECT hit.id, terms.config, terms.number
    FROM terms CROSS JOIN LATERAL (
        SELECT id FROM moments
        WHERE words @@ (terms.base && terms.term) AND config = terms.config AND source = ANY (%(sources)s)
          AND (%(owner)s::text IS NULL OR owner = %(owner)s)
          AND (%(video)s::text IS NULL OR video_id = %(video)s)
        LIMIT %(most_with_one)s
    ) AS hit
),
worth AS MATERIALIZED (
    SELECT number, ln(1 + 10000.0 / count(*))::double precision AS weight, count(*) >= %(most_with_one)s AS common
    FROM with_one GROUP BY number
),
candidates AS (
    SELECT id, config FROM with_two
    UNION
    SELECT id, config FROM with_one JOIN worth USING (number)
    WHERE NOT common OR NOT EXISTS (SELECT 1 FROM with_two)
),
read AS MATERIALIZED (
    SELECT moments.id, candidates.config, words, length(text) AS characters
    FROM candidates JOIN moments USING (id)
),
scored AS (
    SELECT id,
           round(499999 * (sum(weight) / (SELECT sum(weight) FROM worth))
                 * (1 - 0.02 * least(ln(max(characters) + 1), 10)))::bigint AS score_ppm
    FROM read JOIN terms ON terms.config = read.config AND words @@ terms.term JOIN worth USING (number)
    WHERE NOT words @@ terms.matching
    GROUP BY id
),
page AS (
    SELECT id, score_ppm FROM scored
    WHERE %(after_ppm)s::bigint IS NULL
       OR score_ppm < %(after_ppm)s OR (score_ppm = %(after_ppm)s AND id > %(after_id)s)
    ORDER BY score_ppm DESC, id
    LIMIT %(limit)s
)
SELECT moments.id, video_id, filename, source, config, start_s, end_s, scene, keyframe, text, word_starts_ms, score_ppm
FROM page JOIN moments USING (id) JOIN videos ON videos.id = moments.video_id
ORDER BY score_ppm DESC, moments.id

-- words_that_match --
-- Which single words of found texts have a stem that is looked for.
SELECT DISTINCT seen.config, seen.word
FROM unnest(%(configs)s::text[], %(words)s::text[]) AS seen (config, word)
JOIN unnest(%(query_configs)s::text[], %(queries)s::text[]) AS wanted (config, query) ON wanted.config = seen.config
WHERE to_tsvector(('pg_catalog.' || seen.config)::regconfig, seen.word) @@ wanted.query::tsquery
