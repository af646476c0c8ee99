-- What is over is removed oldest first.
CREATE INDEX outbox_by_done ON outbox (done_at) WHERE done_at IS NOT NULL;
CREATE INDEX commands_by_at ON commands (at);
