-- The state of gauges, folded from observations, and what was concluded from it.
CREATE TABLE event_superseded(
  position INTEGER PRIMARY KEY
) STRICT;

CREATE TABLE tick(
  log_id INTEGER NOT NULL,
  tick_ms INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  state INTEGER NOT NULL CHECK(state BETWEEN 1 AND 3),
  reason INTEGER NOT NULL,
  latency_ms INTEGER NOT NULL,
  PRIMARY KEY(log_id, tick_ms, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE maintenance(
  log_id INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  logged_ms INTEGER NOT NULL,
  start_ms INTEGER NOT NULL,
  end_ms INTEGER NOT NULL CHECK(end_ms > start_ms),
  PRIMARY KEY(log_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE commitment(
  log_id INTEGER NOT NULL,
  commitment_key BLOB NOT NULL CHECK(length(commitment_key) = 32),
  lines INTEGER NOT NULL,
  lines_kept INTEGER NOT NULL,
  lines_last_kept INTEGER NOT NULL,
  lines_replanned INTEGER NOT NULL,
  promised INTEGER NOT NULL,
  on_time INTEGER NOT NULL,
  last_on_time INTEGER NOT NULL,
  PRIMARY KEY(log_id, commitment_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE gauge_window(
  log_id INTEGER NOT NULL,
  class TEXT NOT NULL,
  start_ms INTEGER NOT NULL,
  end_ms INTEGER NOT NULL CHECK(end_ms > start_ms),
  up_ms INTEGER NOT NULL CHECK(up_ms >= 0),
  down_ms INTEGER NOT NULL CHECK(down_ms >= 0),
  num INTEGER NOT NULL CHECK(num >= 0),
  den INTEGER NOT NULL CHECK(den >= 0),
  units INTEGER NOT NULL CHECK(units >= 0),
  replanned INTEGER NOT NULL CHECK(replanned >= 0),
  last_num INTEGER NOT NULL CHECK(last_num >= 0),
  PRIMARY KEY(log_id, class, start_ms)
) STRICT, WITHOUT ROWID;

CREATE TABLE open_window(
  log_id INTEGER NOT NULL,
  end_ms INTEGER NOT NULL,
  start_ms INTEGER NOT NULL,
  PRIMARY KEY(log_id, end_ms, start_ms)
) STRICT, WITHOUT ROWID;

CREATE TABLE window_close(
  log_id INTEGER NOT NULL REFERENCES log(log_id),
  start_ms INTEGER NOT NULL,
  revision INTEGER NOT NULL CHECK(revision >= 0),
  seq INTEGER NOT NULL,
  inputs BLOB NOT NULL CHECK(length(inputs) = 32),
  input_count INTEGER NOT NULL CHECK(input_count >= 0),
  PRIMARY KEY(log_id, start_ms, revision)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER window_close_is_not_updated BEFORE UPDATE ON window_close
  BEGIN SELECT RAISE(ABORT, 'window_close is append-only'); END;
CREATE TRIGGER window_close_is_not_deleted BEFORE DELETE ON window_close
  BEGIN SELECT RAISE(ABORT, 'window_close is append-only'); END;

CREATE TABLE verdict(
  log_id INTEGER NOT NULL REFERENCES log(log_id),
  class TEXT NOT NULL,
  start_ms INTEGER NOT NULL,
  revision INTEGER NOT NULL CHECK(revision >= 0),
  end_ms INTEGER NOT NULL CHECK(end_ms > start_ms),
  judgement INTEGER NOT NULL CHECK(judgement BETWEEN 1 AND 4),
  stage INTEGER NOT NULL CHECK(stage BETWEEN 1 AND 2),
  num INTEGER NOT NULL CHECK(num >= 0),
  den INTEGER NOT NULL CHECK(den >= 0),
  is_thin INTEGER NOT NULL CHECK(is_thin IN (0, 1)),
  is_below INTEGER NOT NULL CHECK(is_below IN (0, 1)),
  is_certain INTEGER NOT NULL CHECK(is_certain IN (0, 1)),
  made_ms INTEGER NOT NULL,
  PRIMARY KEY(log_id, class, start_ms, revision)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER verdict_is_not_updated BEFORE UPDATE ON verdict
  BEGIN SELECT RAISE(ABORT, 'verdict is append-only'); END;
CREATE TRIGGER verdict_is_not_deleted BEFORE DELETE ON verdict
  BEGIN SELECT RAISE(ABORT, 'verdict is append-only'); END;

CREATE TABLE kill_run(
  log_id INTEGER NOT NULL REFERENCES log(log_id),
  class TEXT NOT NULL,
  window_start_ms INTEGER NOT NULL,
  fired_ms INTEGER NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY(log_id, class, window_start_ms)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER kill_run_is_not_updated BEFORE UPDATE ON kill_run
  BEGIN SELECT RAISE(ABORT, 'kill_run is append-only'); END;
CREATE TRIGGER kill_run_is_not_deleted BEFORE DELETE ON kill_run
  BEGIN SELECT RAISE(ABORT, 'kill_run is append-only'); END;

CREATE TABLE kill_ack(
  log_id INTEGER NOT NULL,
  class TEXT NOT NULL,
  window_start_ms INTEGER NOT NULL,
  acked_ms INTEGER NOT NULL,
  acked_by TEXT NOT NULL,
  reason TEXT NOT NULL CHECK(reason <> ''),
  PRIMARY KEY(log_id, class, window_start_ms),
  FOREIGN KEY(log_id, class, window_start_ms)
    REFERENCES kill_run(log_id, class, window_start_ms)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER kill_ack_is_not_updated BEFORE UPDATE ON kill_ack
  BEGIN SELECT RAISE(ABORT, 'kill_ack is append-only'); END;
CREATE TRIGGER kill_ack_is_not_deleted BEFORE DELETE ON kill_ack
  BEGIN SELECT RAISE(ABORT, 'kill_ack is append-only'); END;

CREATE TABLE statement(
  statement_id INTEGER PRIMARY KEY,
  log_id INTEGER NOT NULL REFERENCES log(log_id),
  subject TEXT NOT NULL CHECK(subject <> ''),
  purpose INTEGER NOT NULL CHECK(purpose BETWEEN 0 AND 255),
  message BLOB NOT NULL,
  signature BLOB NOT NULL CHECK(length(signature) = 64),
  seq INTEGER NOT NULL,
  made_ms INTEGER NOT NULL,
  UNIQUE(log_id, purpose, subject, message)
) STRICT;
CREATE INDEX statement_by_subject ON statement(subject);
CREATE TRIGGER statement_is_not_updated BEFORE UPDATE ON statement
  BEGIN SELECT RAISE(ABORT, 'statement is append-only'); END;
CREATE TRIGGER statement_is_not_deleted BEFORE DELETE ON statement
  BEGIN SELECT RAISE(ABORT, 'statement is append-only'); END;

CREATE TABLE statement_cursor(
  log_id INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL
) STRICT;
