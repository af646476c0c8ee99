-- One row per transition: the truth. Everything up to `incidents` can be made from it again. Private values are not in
-- `events`: `digests` says where they stand, each with a salted digest, and `private` has the salts and values in the
-- same order until they are removed. The hash covers `events` and `digests`.
CREATE TABLE transitions (
    case_id TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    version BIGINT NOT NULL,
    events TEXT NOT NULL,
    digests TEXT,
    hash TEXT NOT NULL,
    private TEXT,
    PRIMARY KEY (case_id, sequence)
);

-- The beginning of a history, or all of it, when the case closed a while ago: its first `sequence` transitions without their
-- private values in one compressed block, and those beside it until they are removed. Later ones are in `transitions`.
CREATE TABLE archive (
    case_id TEXT NOT NULL PRIMARY KEY,
    sequence BIGINT NOT NULL,
    hash TEXT NOT NULL,
    block BYTEA NOT NULL,
    private TEXT
);

CREATE TABLE cases (
    case_id TEXT NOT NULL PRIMARY KEY,
    process TEXT NOT NULL,
    version TEXT NOT NULL,
    number TEXT,
    title TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    closed_at BIGINT,
    outcome TEXT,
    urgency TEXT,
    caller TEXT,
    sequence BIGINT NOT NULL,
    hash TEXT NOT NULL,
    wake_at BIGINT,
    updated_at BIGINT NOT NULL,
    claimed_until BIGINT NOT NULL
);
CREATE INDEX cases_by_wake ON cases (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX cases_by_number ON cases (number) WHERE number IS NOT NULL;
CREATE INDEX cases_by_caller ON cases (caller) WHERE caller IS NOT NULL;
CREATE INDEX cases_open ON cases (process, version, opened_at) WHERE closed_at IS NULL;
CREATE INDEX cases_cooling ON cases (closed_at) WHERE closed_at IS NOT NULL AND claimed_until < 9223372036854775807;
CREATE INDEX cases_by_opened ON cases (opened_at);

CREATE TABLE tasks (
    case_id TEXT NOT NULL,
    visit BIGINT NOT NULL,
    step TEXT NOT NULL,
    title TEXT NOT NULL,
    entered_at BIGINT NOT NULL,
    holder TEXT,
    asked_by TEXT,
    due_at BIGINT,
    provisional BIGINT NOT NULL,
    light TEXT,
    PRIMARY KEY (case_id, visit)
);
CREATE INDEX tasks_by_holder ON tasks (holder, COALESCE(due_at, 9223372036854775807), case_id, visit)
    WHERE holder IS NOT NULL;

-- Who may take a task that nobody holds. What is never due is due at the end of all numbers.
CREATE TABLE task_candidates (
    case_id TEXT NOT NULL,
    visit BIGINT NOT NULL,
    unit TEXT NOT NULL,
    duty TEXT NOT NULL,
    person TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    process TEXT NOT NULL,
    step TEXT NOT NULL,
    light TEXT NOT NULL,
    PRIMARY KEY (case_id, visit, unit, duty, person)
);
CREATE INDEX task_candidates_by_due ON task_candidates (unit, duty, person, due_at, case_id, visit);
CREATE INDEX task_candidates_pressing ON task_candidates (unit, duty, person, light, due_at, case_id, visit)
    WHERE light <> 'green' AND light <> '';

CREATE TABLE deadlines (
    case_id TEXT NOT NULL,
    visit BIGINT NOT NULL,
    step TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    provisional BIGINT NOT NULL,
    light TEXT NOT NULL,
    rule TEXT NOT NULL,
    paused_at BIGINT,
    next_rung_at BIGINT,
    PRIMARY KEY (case_id, visit)
);
CREATE INDEX deadlines_by_due ON deadlines (due_at);
CREATE INDEX deadlines_provisional ON deadlines (case_id) WHERE provisional = 1;

CREATE TABLE marks (
    case_id TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    position BIGINT NOT NULL,
    kind TEXT NOT NULL,
    unit TEXT,
    person TEXT,
    at BIGINT NOT NULL,
    PRIMARY KEY (case_id, sequence, position)
);
CREATE INDEX marks_by_at ON marks (at);

-- `name` is the process and the lock. `rest_until` is until when others go first.
CREATE TABLE locks (
    case_id TEXT NOT NULL,
    visit BIGINT NOT NULL,
    name TEXT NOT NULL,
    held BIGINT NOT NULL,
    since BIGINT NOT NULL,
    rest_until BIGINT NOT NULL,
    PRIMARY KEY (case_id, visit)
);
CREATE INDEX locks_by_turn ON locks (name, held DESC, since, case_id, visit);
CREATE UNIQUE INDEX locks_held ON locks (name) WHERE held = 1;

CREATE TABLE incidents (
    case_id TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    position BIGINT NOT NULL,
    visit BIGINT NOT NULL,
    text TEXT NOT NULL,
    at BIGINT NOT NULL,
    awaits TEXT,
    resolved_at BIGINT,
    PRIMARY KEY (case_id, sequence, position)
);
CREATE INDEX incidents_by_at ON incidents (at) WHERE resolved_at IS NULL;
CREATE INDEX incidents_awaiting ON incidents (awaits, case_id) WHERE resolved_at IS NULL AND awaits IS NOT NULL;

-- `fingerprint` is what was asked with the key, so that the same key with something else is seen. Commands from inside
-- have none.
CREATE TABLE commands (
    key TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    number TEXT,
    at BIGINT NOT NULL,
    fingerprint TEXT,
    digest TEXT NOT NULL
);
CREATE INDEX commands_by_at ON commands (at);

-- A message that a program sent with a key: to whom it went, and what was answered when it had arrived.
CREATE TABLE messages (
    key TEXT NOT NULL PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    recipients TEXT NOT NULL,
    answers TEXT,
    at BIGINT NOT NULL
);
CREATE INDEX messages_by_at ON messages (at);

-- `due_at` is when somebody may try next: later than now while somebody tries, missing when it is over.
CREATE TABLE outbox (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    effect TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    due_at BIGINT,
    attempts BIGINT NOT NULL,
    done_at BIGINT,
    error TEXT
);
CREATE INDEX outbox_by_due ON outbox (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX outbox_by_done ON outbox (done_at) WHERE done_at IS NOT NULL;
CREATE INDEX outbox_dead ON outbox (id) WHERE due_at IS NULL AND done_at IS NULL;

CREATE TABLE serials (
    series TEXT NOT NULL PRIMARY KEY,
    next BIGINT NOT NULL
);

CREATE TABLE notices (
    id TEXT NOT NULL PRIMARY KEY,
    unit TEXT NOT NULL,
    duty TEXT NOT NULL,
    person TEXT NOT NULL,
    case_id TEXT NOT NULL,
    template TEXT NOT NULL,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    read_at BIGINT,
    digest TEXT NOT NULL
);
CREATE INDEX notices_by_duty ON notices (unit, duty, created_at) WHERE duty <> '';
CREATE INDEX notices_by_person ON notices (person, created_at) WHERE person <> '';

CREATE TABLE documents (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL,
    template TEXT NOT NULL,
    unit TEXT,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    digest TEXT NOT NULL
);
CREATE INDEX documents_by_case ON documents (case_id, created_at);

CREATE TABLE jobs (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL,
    visit BIGINT NOT NULL,
    topic TEXT NOT NULL,
    job TEXT NOT NULL,
    queued_at BIGINT NOT NULL,
    free_at BIGINT NOT NULL,
    worker TEXT
);
CREATE INDEX jobs_by_topic ON jobs (topic, free_at);
CREATE INDEX jobs_by_visit ON jobs (case_id, visit);

-- The active deployment is the one deployed last.
CREATE TABLE deployments (
    id TEXT NOT NULL PRIMARY KEY,
    files TEXT NOT NULL,
    deployed_at BIGINT NOT NULL
);

CREATE TABLE process_versions (
    process TEXT NOT NULL,
    version TEXT NOT NULL,
    title TEXT NOT NULL,
    deployment TEXT NOT NULL,
    deployed_at BIGINT NOT NULL,
    PRIMARY KEY (process, version)
);

CREATE TABLE schedules (
    process TEXT NOT NULL,
    position BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    PRIMARY KEY (process, position)
);
CREATE INDEX schedules_by_next ON schedules (next_at);

-- Only digests: whoever reads the database cannot sign in with what is in it.
CREATE TABLE tokens (
    digest TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    holder TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX tokens_by_holder ON tokens (kind, holder);

-- Deadlines that are to be computed again because a calendar changed: every open case after `reached`.
CREATE TABLE recalculations (
    id TEXT NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    reached TEXT NOT NULL
);
