-- Which custom claims the tokens for a resource server carry: a JSON object, each claim with its source.
-- None: those of the configuration. An empty object: no claims.
ALTER TABLE resource ADD COLUMN claims TEXT;
