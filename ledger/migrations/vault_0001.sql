-- What the signer must never forget: every signature it has given, and what it has allowed to spend.
-- Rows are only added; the two tables of heads move forward by compare-and-set.
CREATE TABLE head(
    origin TEXT PRIMARY KEY,
    size INTEGER NOT NULL CHECK(size >= 0),
    root BLOB NOT NULL CHECK(length(root) = 32)
) STRICT, WITHOUT ROWID;

CREATE TABLE cosigned(
    origin TEXT PRIMARY KEY,
    size INTEGER NOT NULL CHECK(size >= 0),
    root BLOB NOT NULL CHECK(length(root) = 32),
    time_s INTEGER NOT NULL CHECK(time_s > 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE opinion(
    terms BLOB NOT NULL CHECK(length(terms) = 32),
    window INTEGER NOT NULL CHECK(window >= 0),
    revision INTEGER NOT NULL CHECK(revision >= 0),
    phase INTEGER NOT NULL CHECK(phase IN (0, 1)),
    tier INTEGER NOT NULL CHECK(tier BETWEEN 0 AND 8),
    digest BLOB NOT NULL CHECK(length(digest) = 32),
    fields BLOB NOT NULL CHECK(length(fields) = 448),
    signature BLOB NOT NULL CHECK(length(signature) = 64),
    PRIMARY KEY(terms, window, revision)
) STRICT, WITHOUT ROWID;

CREATE TABLE report(
    digest BLOB PRIMARY KEY CHECK(length(digest) = 32),
    signature BLOB NOT NULL CHECK(length(signature) = 64)
) STRICT, WITHOUT ROWID;

CREATE TABLE report_window(
    terms BLOB NOT NULL CHECK(length(terms) = 32),
    window INTEGER NOT NULL CHECK(window >= 0),
    tier INTEGER NOT NULL CHECK(tier BETWEEN 1 AND 8),
    digest BLOB NOT NULL REFERENCES report(digest),
    PRIMARY KEY(terms, window, tier, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE nonce(
    chain_id INTEGER NOT NULL,
    nonce INTEGER NOT NULL CHECK(nonce >= 0),
    job BLOB NOT NULL CHECK(length(job) = 32),
    PRIMARY KEY(chain_id, nonce)
) STRICT, WITHOUT ROWID;

CREATE TABLE transaction_signed(
    digest BLOB PRIMARY KEY CHECK(length(digest) = 32),
    job BLOB NOT NULL CHECK(length(job) = 32),
    day INTEGER NOT NULL,
    raw BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX transaction_by_day ON transaction_signed(day);

-- One transaction of a nonce is ever mined, so a nonce counts with the dearest that was signed for it.
CREATE TABLE spend(
    chain_id INTEGER NOT NULL,
    nonce INTEGER NOT NULL CHECK(nonce >= 0),
    asset TEXT NOT NULL,
    day INTEGER NOT NULL,
    amount BLOB NOT NULL CHECK(length(amount) = 16),
    PRIMARY KEY(chain_id, nonce, asset)
) STRICT, WITHOUT ROWID;
CREATE INDEX spend_by_day ON spend(day, asset);

CREATE TABLE statement(
    sequence INTEGER PRIMARY KEY CHECK(sequence >= 0),
    hash BLOB NOT NULL UNIQUE CHECK(length(hash) = 32),
    subject BLOB NOT NULL UNIQUE CHECK(length(subject) = 32),
    message BLOB NOT NULL,
    signature BLOB NOT NULL CHECK(length(signature) = 64)
) STRICT;
