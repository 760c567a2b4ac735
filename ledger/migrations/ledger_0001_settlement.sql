-- What witnesses say and what follows for money.
CREATE TABLE opinion(
  terms BLOB NOT NULL CHECK(length(terms) = 32),
  window INTEGER NOT NULL CHECK(window >= 0),
  node BLOB NOT NULL CHECK(length(node) = 32),
  revision INTEGER NOT NULL CHECK(revision >= 0),
  digest BLOB NOT NULL UNIQUE CHECK(length(digest) = 32),
  fields BLOB NOT NULL CHECK(length(fields) = 448),
  signature BLOB NOT NULL CHECK(length(signature) = 64),
  stored_ms INTEGER NOT NULL,
  PRIMARY KEY(terms, window, node, revision)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER opinion_is_not_updated BEFORE UPDATE ON opinion
  BEGIN SELECT RAISE(ABORT, 'opinion is append-only'); END;
CREATE TRIGGER opinion_is_not_deleted BEFORE DELETE ON opinion
  BEGIN SELECT RAISE(ABORT, 'opinion is append-only'); END;

CREATE TABLE equivocation(
  equivocation_id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK(kind <> ''),
  node BLOB NOT NULL CHECK(length(node) = 32),
  subject BLOB NOT NULL CHECK(length(subject) = 32),
  first BLOB NOT NULL,
  second BLOB NOT NULL CHECK(second <> first),
  found_ms INTEGER NOT NULL,
  UNIQUE(node, kind, subject, first, second)
) STRICT;
CREATE TRIGGER equivocation_is_not_updated BEFORE UPDATE ON equivocation
  BEGIN SELECT RAISE(ABORT, 'equivocation is append-only'); END;
CREATE TRIGGER equivocation_is_not_deleted BEFORE DELETE ON equivocation
  BEGIN SELECT RAISE(ABORT, 'equivocation is append-only'); END;

CREATE TABLE report(
  digest BLOB PRIMARY KEY NOT NULL CHECK(length(digest) = 32),
  terms BLOB NOT NULL CHECK(length(terms) = 32),
  epoch INTEGER NOT NULL CHECK(epoch >= 0),
  word INTEGER NOT NULL CHECK(word >= 0),
  mask BLOB NOT NULL CHECK(length(mask) = 32),
  tier INTEGER NOT NULL CHECK(tier BETWEEN 1 AND 8),
  evidence_root BLOB NOT NULL CHECK(length(evidence_root) = 32),
  is_own INTEGER NOT NULL CHECK(is_own IN (0, 1)),
  made_ms INTEGER NOT NULL,
  proof BLOB NOT NULL
) STRICT;
CREATE INDEX report_by_word ON report(terms, word, made_ms);
CREATE TRIGGER report_is_not_updated BEFORE UPDATE ON report
  BEGIN SELECT RAISE(ABORT, 'report is append-only'); END;
CREATE TRIGGER report_is_not_deleted BEFORE DELETE ON report
  BEGIN SELECT RAISE(ABORT, 'report is append-only'); END;

CREATE TABLE report_signature(
  digest BLOB NOT NULL REFERENCES report(digest),
  witness INTEGER NOT NULL CHECK(witness BETWEEN 0 AND 15),
  signature BLOB NOT NULL CHECK(length(signature) = 64),
  PRIMARY KEY(digest, witness)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER report_signature_is_not_updated BEFORE UPDATE ON report_signature
  BEGIN SELECT RAISE(ABORT, 'report_signature is append-only'); END;
CREATE TRIGGER report_signature_is_not_deleted BEFORE DELETE ON report_signature
  BEGIN SELECT RAISE(ABORT, 'report_signature is append-only'); END;

CREATE TABLE report_complete(
  digest BLOB PRIMARY KEY NOT NULL REFERENCES report(digest),
  made_ms INTEGER NOT NULL,
  proof BLOB NOT NULL
) STRICT;
CREATE TRIGGER report_complete_is_not_updated BEFORE UPDATE ON report_complete
  BEGIN SELECT RAISE(ABORT, 'report_complete is append-only'); END;
CREATE TRIGGER report_complete_is_not_deleted BEFORE DELETE ON report_complete
  BEGIN SELECT RAISE(ABORT, 'report_complete is append-only'); END;

CREATE TABLE asset(
  asset INTEGER PRIMARY KEY CHECK(asset BETWEEN 1 AND 65535),
  chain_id INTEGER NOT NULL CHECK(chain_id >= 0),
  token BLOB NOT NULL CHECK(length(token) = 20),
  symbol TEXT NOT NULL,
  decimals INTEGER NOT NULL CHECK(decimals BETWEEN 0 AND 38),
  UNIQUE(chain_id, token)
) STRICT;
CREATE TRIGGER asset_is_not_updated BEFORE UPDATE ON asset
  BEGIN SELECT RAISE(ABORT, 'asset is append-only'); END;
CREATE TRIGGER asset_is_not_deleted BEFORE DELETE ON asset
  BEGIN SELECT RAISE(ABORT, 'asset is append-only'); END;

CREATE TABLE agreement(
  agreement_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE CHECK(name <> ''),
  terms_hash BLOB NOT NULL CHECK(length(terms_hash) = 32),
  terms BLOB NOT NULL,
  chain_id INTEGER NOT NULL CHECK(chain_id >= 0),
  clone BLOB NOT NULL CHECK(length(clone) = 20),
  factory BLOB NOT NULL CHECK(length(factory) = 20),
  implementation BLOB NOT NULL CHECK(length(implementation) = 20),
  log_id INTEGER REFERENCES log(log_id),
  asset INTEGER NOT NULL REFERENCES asset(asset),
  made_ms INTEGER NOT NULL,
  UNIQUE(chain_id, clone)
) STRICT;
CREATE INDEX agreement_by_terms ON agreement(terms_hash);
CREATE TRIGGER agreement_is_not_updated BEFORE UPDATE ON agreement
  BEGIN SELECT RAISE(ABORT, 'agreement is append-only'); END;
CREATE TRIGGER agreement_is_not_deleted BEFORE DELETE ON agreement
  BEGIN SELECT RAISE(ABORT, 'agreement is append-only'); END;

CREATE TABLE intent(
  intent_id BLOB PRIMARY KEY NOT NULL CHECK(length(intent_id) = 32),
  agreement_id INTEGER NOT NULL REFERENCES agreement(agreement_id),
  window INTEGER NOT NULL CHECK(window >= 0),
  tier INTEGER NOT NULL CHECK(tier BETWEEN 1 AND 8),
  made_ms INTEGER NOT NULL,
  UNIQUE(agreement_id, window, tier)
) STRICT;
CREATE TRIGGER intent_is_not_updated BEFORE UPDATE ON intent
  BEGIN SELECT RAISE(ABORT, 'intent is append-only'); END;
CREATE TRIGGER intent_is_not_deleted BEFORE DELETE ON intent
  BEGIN SELECT RAISE(ABORT, 'intent is append-only'); END;

CREATE TABLE intent_step(
  intent_id BLOB NOT NULL REFERENCES intent(intent_id),
  step INTEGER NOT NULL CHECK(step >= 0),
  state INTEGER NOT NULL CHECK(state BETWEEN 1 AND 5),
  at_ms INTEGER NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY(intent_id, step)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER intent_step_is_not_updated BEFORE UPDATE ON intent_step
  BEGIN SELECT RAISE(ABORT, 'intent_step is append-only'); END;
CREATE TRIGGER intent_step_is_not_deleted BEFORE DELETE ON intent_step
  BEGIN SELECT RAISE(ABORT, 'intent_step is append-only'); END;

CREATE TABLE open_intent(
  intent_id BLOB PRIMARY KEY NOT NULL REFERENCES intent(intent_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE nonce(
  chain_id INTEGER NOT NULL CHECK(chain_id >= 0),
  sender BLOB NOT NULL CHECK(length(sender) = 20),
  nonce INTEGER NOT NULL CHECK(nonce >= 0),
  intent_id BLOB NOT NULL CHECK(length(intent_id) = 32),
  PRIMARY KEY(chain_id, sender, nonce)
) STRICT, WITHOUT ROWID;
CREATE INDEX nonce_by_intent ON nonce(intent_id, chain_id, sender);
CREATE TRIGGER nonce_is_not_updated BEFORE UPDATE ON nonce
  BEGIN SELECT RAISE(ABORT, 'nonce is append-only'); END;
CREATE TRIGGER nonce_is_not_deleted BEFORE DELETE ON nonce
  BEGIN SELECT RAISE(ABORT, 'nonce is append-only'); END;

CREATE TABLE attempt(
  attempt_id INTEGER PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE CHECK(length(hash) = 32),
  intent_id BLOB NOT NULL,
  chain_id INTEGER NOT NULL,
  sender BLOB NOT NULL,
  nonce INTEGER NOT NULL,
  raw BLOB NOT NULL CHECK(length(raw) > 0),
  fee_per_gas BLOB NOT NULL CHECK(length(fee_per_gas) = 32),
  tip_per_gas BLOB NOT NULL CHECK(length(tip_per_gas) = 32),
  made_ms INTEGER NOT NULL,
  FOREIGN KEY(chain_id, sender, nonce) REFERENCES nonce(chain_id, sender, nonce)
) STRICT;
CREATE INDEX attempt_by_intent ON attempt(intent_id);
CREATE INDEX attempt_by_nonce ON attempt(chain_id, sender, nonce);
CREATE TRIGGER attempt_is_not_updated BEFORE UPDATE ON attempt
  BEGIN SELECT RAISE(ABORT, 'attempt is append-only'); END;
CREATE TRIGGER attempt_is_not_deleted BEFORE DELETE ON attempt
  BEGIN SELECT RAISE(ABORT, 'attempt is append-only'); END;

CREATE TABLE attempt_step(
  hash BLOB NOT NULL REFERENCES attempt(hash),
  step INTEGER NOT NULL CHECK(step >= 0),
  state INTEGER NOT NULL CHECK(state BETWEEN 1 AND 6),
  at_ms INTEGER NOT NULL,
  block_hash BLOB NOT NULL CHECK(length(block_hash) = 32),
  block_number INTEGER NOT NULL CHECK(block_number >= 0),
  detail TEXT NOT NULL,
  PRIMARY KEY(hash, step)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER attempt_step_is_not_updated BEFORE UPDATE ON attempt_step
  BEGIN SELECT RAISE(ABORT, 'attempt_step is append-only'); END;
CREATE TRIGGER attempt_step_is_not_deleted BEFORE DELETE ON attempt_step
  BEGIN SELECT RAISE(ABORT, 'attempt_step is append-only'); END;

CREATE TABLE rail_job(
  job_id BLOB NOT NULL CHECK(length(job_id) = 32),
  version INTEGER NOT NULL CHECK(version >= 0),
  kind INTEGER NOT NULL CHECK(kind BETWEEN 0 AND 255),
  stage INTEGER NOT NULL CHECK(stage BETWEEN 0 AND 255),
  is_over INTEGER NOT NULL CHECK(is_over IN (0, 1)),
  bytes BLOB NOT NULL,
  made_ms INTEGER NOT NULL,
  PRIMARY KEY(job_id, version)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER rail_job_is_not_updated BEFORE UPDATE ON rail_job
  BEGIN SELECT RAISE(ABORT, 'rail_job is append-only'); END;
CREATE TRIGGER rail_job_is_not_deleted BEFORE DELETE ON rail_job
  BEGIN SELECT RAISE(ABORT, 'rail_job is append-only'); END;

CREATE TABLE open_rail_job(
  job_id BLOB PRIMARY KEY NOT NULL CHECK(length(job_id) = 32)
) STRICT, WITHOUT ROWID;

CREATE TABLE account(
  account_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  asset INTEGER NOT NULL REFERENCES asset(asset),
  UNIQUE(name, asset)
) STRICT;
CREATE TRIGGER account_is_not_updated BEFORE UPDATE ON account
  BEGIN SELECT RAISE(ABORT, 'account is append-only'); END;
CREATE TRIGGER account_is_not_deleted BEFORE DELETE ON account
  BEGIN SELECT RAISE(ABORT, 'account is append-only'); END;

CREATE TABLE balance(
  account_id INTEGER PRIMARY KEY REFERENCES account(account_id),
  debits_pending BLOB NOT NULL CHECK(length(debits_pending) = 32),
  debits_posted BLOB NOT NULL CHECK(length(debits_posted) = 32),
  credits_pending BLOB NOT NULL CHECK(length(credits_pending) = 32),
  credits_posted BLOB NOT NULL CHECK(length(credits_posted) = 32)
) STRICT;

CREATE TABLE transfer(
  transfer_number INTEGER PRIMARY KEY,
  transfer_id BLOB NOT NULL UNIQUE CHECK(length(transfer_id) = 32),
  kind INTEGER NOT NULL CHECK(kind BETWEEN 1 AND 4),
  cause BLOB NOT NULL CHECK(length(cause) = 32),
  pending_id BLOB UNIQUE REFERENCES transfer(transfer_id)
    CHECK((pending_id IS NOT NULL) = (kind IN (2, 3))),
  debit INTEGER NOT NULL REFERENCES account(account_id),
  credit INTEGER NOT NULL REFERENCES account(account_id) CHECK(credit <> debit),
  asset INTEGER NOT NULL REFERENCES asset(asset),
  amount BLOB NOT NULL CHECK(length(amount) = 32),
  detail TEXT NOT NULL,
  made_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX transfer_by_cause ON transfer(cause);
CREATE TRIGGER transfer_is_not_updated BEFORE UPDATE ON transfer
  BEGIN SELECT RAISE(ABORT, 'transfer is append-only'); END;
CREATE TRIGGER transfer_is_not_deleted BEFORE DELETE ON transfer
  BEGIN SELECT RAISE(ABORT, 'transfer is append-only'); END;
