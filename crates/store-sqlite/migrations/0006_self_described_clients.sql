-- Clients that no operator registered: they registered themselves, or a document at their id says what they are.
-- They come unasked, so they go unasked too, once nobody has used them for long.

ALTER TABLE client ADD COLUMN origin TEXT NOT NULL DEFAULT 'operator';
-- When somebody last gave it a code; none: never. Of operators' clients nobody keeps it.
ALTER TABLE client ADD COLUMN used_at INTEGER;
-- From which network it registered itself, as long as it is unused: whoever registers most makes room first.
ALTER TABLE client ADD COLUMN network BLOB;

CREATE INDEX client_unused ON client (created_at) WHERE origin <> 'operator' AND used_at IS NULL;
CREATE INDEX client_by_use ON client (used_at) WHERE origin <> 'operator' AND used_at IS NOT NULL;
