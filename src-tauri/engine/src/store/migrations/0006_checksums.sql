-- Of the event and its request as they were received. NULL: stored by a version that made none.
ALTER TABLE webhook_bodies ADD COLUMN checksum INTEGER;
