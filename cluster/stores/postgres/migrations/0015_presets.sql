-- Presets of the owners, beside those that are packaged: a packaged one, and what is different.
CREATE TABLE presets (
    owner      text NOT NULL,        -- '' where no keys are used
    name       text NOT NULL,
    based_on   text NOT NULL,        -- a packaged preset
    settings   jsonb NOT NULL,       -- only what is different
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, name)
);
