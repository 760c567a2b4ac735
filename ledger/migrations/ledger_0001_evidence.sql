-- What proofs of other nodes' measurements need besides the mirrored leaves.
CREATE TABLE head_note(
  origin_hash BLOB NOT NULL CHECK(length(origin_hash) = 32),
  size INTEGER NOT NULL CHECK(size >= 0),
  note BLOB NOT NULL,
  PRIMARY KEY(origin_hash, size)
) STRICT, WITHOUT ROWID;

CREATE TABLE shown_leaf(
  origin_hash BLOB NOT NULL CHECK(length(origin_hash) = 32),
  seq INTEGER NOT NULL CHECK(seq >= 0),
  salt BLOB NOT NULL CHECK(length(salt) = 16),
  payload BLOB NOT NULL,
  PRIMARY KEY(origin_hash, seq)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER shown_leaf_is_not_updated BEFORE UPDATE ON shown_leaf
  BEGIN SELECT RAISE(ABORT, 'shown_leaf is append-only'); END;
CREATE TRIGGER shown_leaf_is_not_deleted BEFORE DELETE ON shown_leaf
  BEGIN SELECT RAISE(ABORT, 'shown_leaf is append-only'); END;

CREATE TABLE payment(
  report BLOB NOT NULL CHECK(length(report) = 32),
  tx BLOB NOT NULL CHECK(length(tx) = 32),
  bytes BLOB NOT NULL,
  PRIMARY KEY(report, tx)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER payment_is_not_updated BEFORE UPDATE ON payment
  BEGIN SELECT RAISE(ABORT, 'payment is append-only'); END;
CREATE TRIGGER payment_is_not_deleted BEFORE DELETE ON payment
  BEGIN SELECT RAISE(ABORT, 'payment is append-only'); END;
