-- Only digests: whoever reads the database cannot sign in with what is in it.
CREATE TABLE tokens (
    digest TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    holder TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX tokens_by_holder ON tokens (kind, holder);
