-- What an authorization request wants in the ID token by the parameter `claims`: names separated by spaces.
ALTER TABLE authorization_code ADD COLUMN id_token_claims TEXT NOT NULL DEFAULT '';
