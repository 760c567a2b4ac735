-- Sources, requests and what duties say of themselves.
CREATE TABLE source(
  source_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE CHECK(name <> ''),
  token_hash BLOB UNIQUE CHECK(length(token_hash) = 32),
  types TEXT NOT NULL,
  made_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE refused(
  refused_id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE CHECK(length(digest) = 32),
  origin TEXT NOT NULL,
  reason TEXT NOT NULL,
  bytes BLOB NOT NULL,
  length INTEGER NOT NULL CHECK(length >= 0),
  received_ms INTEGER NOT NULL,
  times INTEGER NOT NULL CHECK(times >= 1)
) STRICT;

CREATE TABLE request(
  request_id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK(kind <> ''),
  request_key TEXT NOT NULL,
  body BLOB NOT NULL,
  made_ms INTEGER NOT NULL,
  UNIQUE(kind, request_key)
) STRICT;
CREATE TRIGGER request_is_not_updated BEFORE UPDATE ON request
  BEGIN SELECT RAISE(ABORT, 'request is append-only'); END;
CREATE TRIGGER request_is_not_deleted BEFORE DELETE ON request
  BEGIN SELECT RAISE(ABORT, 'request is append-only'); END;

CREATE TABLE request_outcome(
  request_id INTEGER PRIMARY KEY REFERENCES request(request_id),
  is_refused INTEGER NOT NULL CHECK(is_refused IN (0, 1)),
  answer BLOB NOT NULL,
  made_ms INTEGER NOT NULL
) STRICT;
CREATE TRIGGER request_outcome_is_not_updated BEFORE UPDATE ON request_outcome
  BEGIN SELECT RAISE(ABORT, 'request_outcome is append-only'); END;
CREATE TRIGGER request_outcome_is_not_deleted BEFORE DELETE ON request_outcome
  BEGIN SELECT RAISE(ABORT, 'request_outcome is append-only'); END;

CREATE TABLE duty_status(
  duty TEXT NOT NULL,
  name TEXT NOT NULL,
  value INTEGER NOT NULL,
  text TEXT NOT NULL,
  updated_ms INTEGER NOT NULL,
  PRIMARY KEY(duty, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE meta(
  name TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER meta_is_not_updated BEFORE UPDATE ON meta
  BEGIN SELECT RAISE(ABORT, 'meta is append-only'); END;
CREATE TRIGGER meta_is_not_deleted BEFORE DELETE ON meta
  BEGIN SELECT RAISE(ABORT, 'meta is append-only'); END;
