-- What was asked with the key, so that the same key with something else is seen. Commands from inside have none.
ALTER TABLE commands ADD COLUMN fingerprint TEXT;
