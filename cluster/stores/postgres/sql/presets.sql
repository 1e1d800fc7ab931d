-- list_presets --
SELECT * FROM presets WHERE owner = %(owner)s ORDER BY name

-- get_preset --
SELECT * FROM presets WHERE owner = %(owner)s AND name = %(name)s

-- put_preset --
-- Makes it, or replaces it if that is wanted (else no row). A new one is refused (no row) when the owner has as many as are allowed; two at a time may
-- exceed that by one.
INSERT INTO presets (owner, name, based_on, settings)
SELECT %(owner)s, %(name)s, %(based_on)s, %(settings)s
WHERE EXISTS (SELECT FROM presets WHERE owner = %(owner)s AND name = %(name)s)
   OR (SELECT count(*) FROM presets WHERE owner = %(owner)s) < %(most)s
ON CONFLICT (owner, name) DO UPDATE
SET based_on = excluded.based_on, settings = excluded.settings, updated_at = now()
WHERE %(replace)s
RETURNING *

-- delete_preset --
DELETE FROM presets WHERE owner = %(owner)s AND name = %(name)s
