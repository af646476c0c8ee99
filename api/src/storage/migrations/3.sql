-- Deadlines that are to be computed again because a calendar changed: every open case after `reached`.
CREATE TABLE recalculations (
    id TEXT NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    reached TEXT NOT NULL
);
