-- Logs.  `position` = log_id << 40 | seq; `tile_id` = log_id << 36 | level << 32 | number.
-- head, tile, tick, maintenance, commitment, gauge_window, open_window and event_superseded can be
-- computed from the evidence again; ledger/check.h does.
CREATE TABLE log(
  log_id INTEGER PRIMARY KEY CHECK(log_id BETWEEN 1 AND 8388607),
  is_own INTEGER NOT NULL CHECK(is_own IN (0, 1)),
  origin TEXT NOT NULL UNIQUE CHECK(length(origin) BETWEEN 1 AND 255),
  origin_hash BLOB NOT NULL UNIQUE CHECK(length(origin_hash) = 32),
  gauge TEXT NOT NULL CHECK((gauge <> '') = is_own),
  definition BLOB NOT NULL,
  definition_hash BLOB NOT NULL CHECK(length(definition_hash) = 32),
  salt_root BLOB NOT NULL CHECK(length(salt_root) = 32 * is_own)
) STRICT;
CREATE UNIQUE INDEX log_by_gauge ON log(gauge) WHERE is_own = 1;
CREATE TRIGGER log_is_not_updated BEFORE UPDATE ON log
  BEGIN SELECT RAISE(ABORT, 'log is append-only'); END;
CREATE TRIGGER log_is_not_deleted BEFORE DELETE ON log
  BEGIN SELECT RAISE(ABORT, 'log is append-only'); END;

CREATE TABLE head(
  log_id INTEGER PRIMARY KEY REFERENCES log(log_id),
  size INTEGER NOT NULL CHECK(size >= 0),
  edge BLOB NOT NULL CHECK(length(edge) >= 8),
  tick_ms INTEGER NOT NULL CHECK(tick_ms >= -1)
) STRICT;

CREATE TABLE event_source(
  event_source_id INTEGER PRIMARY KEY,
  log_id INTEGER NOT NULL REFERENCES log(log_id),
  name TEXT NOT NULL,
  UNIQUE(log_id, name)
) STRICT;
CREATE TRIGGER event_source_is_not_updated BEFORE UPDATE ON event_source
  BEGIN SELECT RAISE(ABORT, 'event_source is append-only'); END;
CREATE TRIGGER event_source_is_not_deleted BEFORE DELETE ON event_source
  BEGIN SELECT RAISE(ABORT, 'event_source is append-only'); END;

-- Events only: `event_source_id`, `event_id` and `ordinal` (0 for the first revision that arrived, 1
-- for the next, ...).  Events of jobs: `subject` and `job_ordinal` (likewise, of all its events);
-- promises: `window_ms`, start of the window they are due in.
CREATE TABLE observation(
  position INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL,
  flags INTEGER NOT NULL,
  tick_ms INTEGER NOT NULL,
  payload BLOB NOT NULL,
  event_source_id INTEGER,
  event_id TEXT,
  ordinal INTEGER,
  subject TEXT,
  job_ordinal INTEGER,
  window_ms INTEGER
) STRICT;
CREATE UNIQUE INDEX observation_by_event
  ON observation(event_source_id, event_id, ordinal) WHERE event_id IS NOT NULL;
CREATE UNIQUE INDEX observation_by_subject
  ON observation(position >> 40, subject, job_ordinal) WHERE subject IS NOT NULL;
CREATE INDEX observation_by_window
  ON observation(position >> 40, window_ms) WHERE window_ms IS NOT NULL;
CREATE TRIGGER observation_is_not_updated BEFORE UPDATE ON observation
  BEGIN SELECT RAISE(ABORT, 'observation is append-only'); END;
CREATE TRIGGER observation_is_not_deleted BEFORE DELETE ON observation
  BEGIN SELECT RAISE(ABORT, 'observation is append-only'); END;

CREATE TABLE mirror_leaf(
  position INTEGER PRIMARY KEY,
  leaf BLOB NOT NULL CHECK(length(leaf) = 51)
) STRICT;
CREATE TRIGGER mirror_leaf_is_not_updated BEFORE UPDATE ON mirror_leaf
  BEGIN SELECT RAISE(ABORT, 'mirror_leaf is append-only'); END;
CREATE TRIGGER mirror_leaf_is_not_deleted BEFORE DELETE ON mirror_leaf
  BEGIN SELECT RAISE(ABORT, 'mirror_leaf is append-only'); END;

CREATE TABLE tile(
  tile_id INTEGER PRIMARY KEY,
  root BLOB NOT NULL CHECK(length(root) = 32),
  hashes BLOB NOT NULL CHECK(length(hashes) = 8192)
) STRICT;
CREATE TRIGGER tile_is_not_updated BEFORE UPDATE ON tile
  BEGIN SELECT RAISE(ABORT, 'tile is append-only'); END;
CREATE TRIGGER tile_is_not_deleted BEFORE DELETE ON tile
  BEGIN SELECT RAISE(ABORT, 'tile is append-only'); END;

CREATE TABLE checkpoint(
  log_id INTEGER NOT NULL REFERENCES log(log_id),
  size INTEGER NOT NULL CHECK(size >= 0),
  root BLOB NOT NULL CHECK(length(root) = 32),
  note BLOB NOT NULL,
  made_ms INTEGER NOT NULL,
  PRIMARY KEY(log_id, size)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER checkpoint_is_not_updated BEFORE UPDATE ON checkpoint
  BEGIN SELECT RAISE(ABORT, 'checkpoint is append-only'); END;
CREATE TRIGGER checkpoint_is_not_deleted BEFORE DELETE ON checkpoint
  BEGIN SELECT RAISE(ABORT, 'checkpoint is append-only'); END;

CREATE TABLE cosignature(
  log_id INTEGER NOT NULL,
  size INTEGER NOT NULL,
  cosigner TEXT NOT NULL,
  cosigned_s INTEGER NOT NULL CHECK(cosigned_s >= 0),
  line BLOB NOT NULL,
  PRIMARY KEY(log_id, size, cosigner),
  FOREIGN KEY(log_id, size) REFERENCES checkpoint(log_id, size)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER cosignature_is_not_updated BEFORE UPDATE ON cosignature
  BEGIN SELECT RAISE(ABORT, 'cosignature is append-only'); END;
CREATE TRIGGER cosignature_is_not_deleted BEFORE DELETE ON cosignature
  BEGIN SELECT RAISE(ABORT, 'cosignature is append-only'); END;

CREATE TABLE mirror_note(
  origin TEXT NOT NULL,
  size INTEGER NOT NULL CHECK(size >= 0),
  root BLOB NOT NULL CHECK(length(root) = 32),
  note BLOB NOT NULL,
  cosigned_ms INTEGER NOT NULL,
  PRIMARY KEY(origin, size)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER mirror_note_is_not_updated BEFORE UPDATE ON mirror_note
  BEGIN SELECT RAISE(ABORT, 'mirror_note is append-only'); END;
CREATE TRIGGER mirror_note_is_not_deleted BEFORE DELETE ON mirror_note
  BEGIN SELECT RAISE(ABORT, 'mirror_note is append-only'); END;
