//! The tables, and how older databases come to them.

use rusqlite::Connection;
use rusqlite_migration::{Error, M, Migrations};

use super::StoreError;

/// Steps are only ever appended; what a released version has run is never changed.
const STEPS: &[M<'static>] =
    &[M::up(FIRST), M::up(DISCOVERY), M::up(RELAYS), M::up(RECEIPTS), M::up(TICKETS), M::up(REMINDERS), M::up(WAY)];

const FIRST: &str = "
-- One row from the opt-in on. phase: 1 opted in, 2 leaving.
CREATE TABLE profile (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    phase       INTEGER NOT NULL,
    relay       BLOB NOT NULL,
    consent     BLOB,
    identity    BLOB
) STRICT;

-- One's own cards, each with its shelf and (in mailboxes) its front door.
CREATE TABLE cards (
    id          INTEGER PRIMARY KEY,
    published   INTEGER NOT NULL,
    seed        BLOB NOT NULL,
    stock       BLOB NOT NULL,
    opened      INTEGER NOT NULL DEFAULT 0,
    renewed     INTEGER,
    counted     INTEGER
) STRICT;
CREATE TABLE door_keys (
    id          INTEGER PRIMARY KEY,
    card        INTEGER NOT NULL REFERENCES cards ON DELETE CASCADE,
    secret      BLOB NOT NULL,
    made        INTEGER NOT NULL,
    kept_until  INTEGER NOT NULL
) STRICT;
CREATE TABLE prekeys (
    id          INTEGER PRIMARY KEY,
    record      BLOB NOT NULL,
    kept_until  INTEGER NOT NULL
) STRICT;
CREATE TABLE prekey_uses (
    prekey      INTEGER NOT NULL,
    base_key    BLOB NOT NULL,
    PRIMARY KEY (prekey, base_key)
) STRICT, WITHOUT ROWID;

-- state: 0 unaccepted, 1 accepted, 2 blocked. address, generation: the mailbox that they named; homes: the generation of
-- the newest one that was made for them. Days and counters as the protocol has them.
CREATE TABLE contacts (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT NOT NULL UNIQUE,
    state       INTEGER NOT NULL,
    hash        BLOB NOT NULL UNIQUE,
    person      BLOB NOT NULL UNIQUE,
    identity    BLOB,
    card        BLOB,
    inner_card  BLOB,
    address     BLOB,
    generation  INTEGER NOT NULL DEFAULT 0,
    homes       INTEGER NOT NULL DEFAULT 0,
    door        BLOB,
    door_until  INTEGER,
    answered    INTEGER NOT NULL DEFAULT 0,
    sent        INTEGER NOT NULL DEFAULT 0,
    expected    INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE TABLE sessions (
    person      BLOB PRIMARY KEY,
    record      BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- One's own mailboxes: front doors have a card, pairwise ones a contact, a generation and an outer key.
CREATE TABLE mailboxes (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    mailbox     BLOB NOT NULL UNIQUE,
    deposit     BLOB NOT NULL,
    collect     BLOB NOT NULL,
    card        INTEGER REFERENCES cards ON DELETE CASCADE,
    contact     INTEGER REFERENCES contacts,
    generation  INTEGER NOT NULL DEFAULT 0,
    outer_key   BLOB,
    opened      INTEGER,
    used        INTEGER,
    closing     INTEGER NOT NULL DEFAULT 0,
    CHECK ((card IS NULL) <> (contact IS NULL))
) STRICT;
CREATE INDEX mailboxes_of_contact ON mailboxes (contact, generation);

-- state: 0 received, 1 received late, 2 queued, 3 accepted, 4 and above failed. time: milliseconds since 1970.
CREATE TABLE messages (
    position    INTEGER PRIMARY KEY AUTOINCREMENT,
    id          BLOB NOT NULL,
    contact     INTEGER NOT NULL REFERENCES contacts,
    state       INTEGER NOT NULL,
    time        INTEGER NOT NULL,
    text        TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX messages_once ON messages (contact, id);
CREATE INDEX messages_of_contact ON messages (contact, position);

-- What is still to be deposited, in order. Control messages have no position. Sealed rows have all from counter on.
CREATE TABLE outbox (
    place       INTEGER PRIMARY KEY AUTOINCREMENT,
    contact     INTEGER NOT NULL REFERENCES contacts,
    message     BLOB NOT NULL,
    position    INTEGER REFERENCES messages,
    counter     INTEGER,
    envelope_id BLOB,
    envelope    BLOB,
    target      BLOB,
    expires     INTEGER
) STRICT;
CREATE INDEX outbox_of_contact ON outbox (contact, place);

-- How far readers without a place of their own have come, by name.
CREATE TABLE cursors (
    name        TEXT PRIMARY KEY,
    position    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Received, but waiting for earlier ones. text is NULL for control messages.
CREATE TABLE held (
    contact     INTEGER NOT NULL REFERENCES contacts,
    counter     INTEGER NOT NULL,
    message     BLOB NOT NULL,
    time        INTEGER NOT NULL,
    text        TEXT,
    PRIMARY KEY (contact, counter)
) STRICT, WITHOUT ROWID;
CREATE TABLE seen (
    envelope    BLOB PRIMARY KEY,
    day         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE unopened (
    hash        BLOB PRIMARY KEY,
    reason      INTEGER NOT NULL,
    day         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What was learned of relays' certificates, by operator key.
CREATE TABLE pins (
    relay       BLOB PRIMARY KEY,
    pin         BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Left to close, after the opt-out. kind: 0 mailbox, 1 shelf. outcome: NULL pending, 0 confirmed, 1 gone before.
CREATE TABLE closings (
    id          INTEGER PRIMARY KEY,
    kind        INTEGER NOT NULL,
    object      BLOB NOT NULL,
    key         BLOB NOT NULL,
    outcome     INTEGER,
    statement   BLOB
) STRICT;
";

const DISCOVERY: &str = "
-- Consents to more than messaging. scope: 1 discovery, 2 SMS.
CREATE TABLE consents (
    scope       INTEGER PRIMARY KEY,
    record      BLOB NOT NULL
) STRICT;

-- No number is stored. Each is named by its hash under this key: one row from the first consent to discovery on.
CREATE TABLE number_key (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    key         BLOB NOT NULL
) STRICT;

-- What was computed for numbers, and in which epoch; basis: a hash of what it was computed under. x: after argon2id,
-- y1, y2: what the key services made of it. read: the day on which its bucket was read last.
CREATE TABLE epochs (
    epoch       INTEGER PRIMARY KEY,
    basis       BLOB NOT NULL
) STRICT;
CREATE TABLE lookups (
    epoch       INTEGER NOT NULL REFERENCES epochs ON DELETE CASCADE,
    number      BLOB NOT NULL,
    x           BLOB NOT NULL,
    y1          BLOB,
    y2          BLOB,
    read        INTEGER,
    PRIMARY KEY (epoch, number)
) STRICT, WITHOUT ROWID;

-- Who was found by a number, and the card of somebody else to whom it leads by now.
CREATE TABLE found (
    number      BLOB PRIMARY KEY,
    contact     INTEGER NOT NULL REFERENCES contacts,
    day         INTEGER NOT NULL,
    other       BLOB
) STRICT, WITHOUT ROWID;
ALTER TABLE contacts ADD COLUMN found_card BLOB;

-- The number that one publishes, and the card for it (cards.published: 0 given inside the seal, 1 shown, 2 in the directory).
CREATE TABLE publication (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    number      BLOB NOT NULL,
    card        INTEGER NOT NULL REFERENCES cards
) STRICT;

-- One's own entries. prefix, tag: from before it was published first. standing: 0 listed, 1 contested, 2 waiting, 3 full;
-- until: the day that goes with it; published: when the directory said so. changed: to be published anew.
CREATE TABLE entries (
    epoch       INTEGER NOT NULL,
    number      BLOB NOT NULL,
    key         BLOB NOT NULL,
    attestation BLOB,
    proved      INTEGER,
    prefix      INTEGER,
    tag         BLOB,
    standing    INTEGER,
    until       INTEGER,
    published   INTEGER,
    changed     INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (epoch, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE vouchers (
    epoch       INTEGER NOT NULL,
    service     BLOB NOT NULL,
    voucher     BLOB NOT NULL,
    PRIMARY KEY (epoch, service)
) STRICT, WITHOUT ROWID;

-- closings are also made while opted in, of what was withdrawn. kind: 2 an entry, whose object is epoch, prefix and tag.
";

const RELAYS: &str = "
-- Where one has, or had, something. profile.relay is where new objects are made.
CREATE TABLE relays (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    relay       BLOB NOT NULL UNIQUE
) STRICT;
INSERT INTO relays (id, relay) SELECT 1, relay FROM profile;

-- retired: the move that takes its object out of use.
CREATE TABLE moves (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    source      INTEGER NOT NULL REFERENCES relays,
    target      INTEGER NOT NULL REFERENCES relays,
    began       INTEGER NOT NULL,
    closes      INTEGER NOT NULL,
    contacts    INTEGER NOT NULL
) STRICT;
ALTER TABLE cards ADD COLUMN relay INTEGER NOT NULL DEFAULT 1;
ALTER TABLE cards ADD COLUMN retired INTEGER;
ALTER TABLE cards ADD COLUMN closing INTEGER NOT NULL DEFAULT 0;
ALTER TABLE closings ADD COLUMN relay INTEGER NOT NULL DEFAULT 1;
ALTER TABLE closings ADD COLUMN move INTEGER;

-- A mailbox that has neither card nor contact is a spare. due, announces: milliseconds since 1970; when it is to be opened or
-- closed at the earliest, and until when a message has to name it. since: the day on which its contact got it. drained: the
-- last day on which all that lay there had been collected. closing: 1 to be closed, and not collected any more; 2 to be
-- closed, and collected until then.
CREATE TABLE mailboxes_now (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    mailbox     BLOB NOT NULL UNIQUE,
    relay       INTEGER NOT NULL DEFAULT 1 REFERENCES relays,
    deposit     BLOB NOT NULL,
    collect     BLOB NOT NULL,
    card        INTEGER REFERENCES cards ON DELETE CASCADE,
    contact     INTEGER REFERENCES contacts,
    generation  INTEGER NOT NULL DEFAULT 0,
    outer_key   BLOB,
    due         INTEGER NOT NULL DEFAULT 0,
    opened      INTEGER,
    since       INTEGER,
    announces   INTEGER,
    used        INTEGER,
    drained     INTEGER,
    closing     INTEGER NOT NULL DEFAULT 0,
    retired     INTEGER,
    CHECK (card IS NULL OR contact IS NULL)
) STRICT;
INSERT INTO mailboxes_now (id, mailbox, relay, deposit, collect, card, contact, generation, outer_key, opened, since, used,
        closing)
    SELECT id, mailbox, 1, deposit, collect, card, contact, generation, outer_key, opened, opened, used, closing FROM mailboxes;
DROP TABLE mailboxes;
ALTER TABLE mailboxes_now RENAME TO mailboxes;
CREATE INDEX mailboxes_of_contact ON mailboxes (contact, generation);

-- card_due: the mailbox of this generation, used, shows that they have the newest card of one's own; 0 when they have it.
ALTER TABLE contacts ADD COLUMN card_due INTEGER NOT NULL DEFAULT 0;
";

const RECEIPTS: &str = "
-- receipts, typing: whether they are told. read: the counter of the last of theirs that was read. receipt_news: there is
-- something to tell; receipt_due: until when a message has to, in milliseconds since 1970. typed: when a notice was made last.
ALTER TABLE contacts ADD COLUMN receipts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE contacts ADD COLUMN typing INTEGER NOT NULL DEFAULT 0;
ALTER TABLE contacts ADD COLUMN read INTEGER NOT NULL DEFAULT 0;
ALTER TABLE contacts ADD COLUMN receipt_news INTEGER NOT NULL DEFAULT 0;
ALTER TABLE contacts ADD COLUMN receipt_due INTEGER;
ALTER TABLE contacts ADD COLUMN typed INTEGER NOT NULL DEFAULT 0;

-- counter: the sender's. state: also 20 delivered, 21 read.
ALTER TABLE messages ADD COLUMN counter INTEGER;
-- typing_at: of a notice, the second since 1970 of which it speaks.
ALTER TABLE outbox ADD COLUMN typing_at INTEGER;

-- Counters of messages that were given up, as far as contacts may be told of them.
CREATE TABLE missing (
    contact     INTEGER NOT NULL REFERENCES contacts,
    counter     INTEGER NOT NULL,
    PRIMARY KEY (contact, counter)
) STRICT, WITHOUT ROWID;
";

const TICKETS: &str = "
-- What pays at servers, which are named by their operators' keys. kind: as in the ticket; reserved: a hash of what its request is
-- for; contact: came with an item, for that contact's front door.
CREATE TABLE tickets (
    id          INTEGER PRIMARY KEY,
    issuer      BLOB NOT NULL,
    kind        INTEGER NOT NULL,
    good_from   INTEGER NOT NULL,
    last_day    INTEGER NOT NULL,
    ticket      BLOB NOT NULL UNIQUE,
    reserved    BLOB,
    contact     INTEGER REFERENCES contacts
) STRICT;
CREATE INDEX tickets_of_issuer ON tickets (issuer, kind, last_day);
CREATE TABLE invites (
    issuer      BLOB NOT NULL,
    code        BLOB NOT NULL,
    PRIMARY KEY (issuer, code)
) STRICT;
CREATE TABLE shown_vouchers (
    issuer      BLOB NOT NULL,
    voucher     BLOB NOT NULL,
    PRIMARY KEY (issuer, voucher)
) STRICT, WITHOUT ROWID;

-- A request for tickets that was not answered yet. keys: kind[1], first day[4], count[2], key[32] of each.
CREATE TABLE ticket_asks (
    issuer      BLOB PRIMARY KEY,
    seed        BLOB NOT NULL,
    invite      BLOB,
    attested    BLOB,
    renewal     BLOB,
    keys        BLOB NOT NULL
) STRICT, WITHOUT ROWID;
-- Keys of tickets that were told, so that another one for the same kind and day is noticed.
CREATE TABLE ticket_keys (
    issuer      BLOB NOT NULL,
    kind        INTEGER NOT NULL,
    first_day   INTEGER NOT NULL,
    last_day    INTEGER NOT NULL,
    key         BLOB NOT NULL,
    PRIMARY KEY (issuer, kind, first_day)
) STRICT, WITHOUT ROWID;
-- When the stock is to be filled up, in seconds since 1970.
CREATE TABLE ticket_refills (
    issuer      BLOB PRIMARY KEY,
    at          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";

const REMINDERS: &str = "
-- The day on which a contact who does not answer was last told again where one is.
ALTER TABLE contacts ADD COLUMN reminded INTEGER;
";

const WAY: &str = "
-- The proxy that requests go through, if there is one. policy: 0 mailboxes are collected together, 1 apart.
ALTER TABLE profile ADD COLUMN proxy BLOB;
ALTER TABLE profile ADD COLUMN policy INTEGER NOT NULL DEFAULT 0;
";

/// Brings the database to this version's schema.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    Migrations::from_slice(STEPS).to_latest(connection).map_err(|error| match error {
        Error::RusqliteError { err, .. } => err.into(),
        Error::MigrationDefinition(rusqlite_migration::MigrationDefinitionError::DatabaseTooFarAhead) => {
            StoreError::Newer
        }
        _ => StoreError::Damaged,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_valid_sql() {
        assert_eq!(Migrations::from_slice(STEPS).validate(), Ok(()));
    }

    #[test]
    fn what_an_older_version_has_kept_is_there_after_every_later_step() {
        for step in 1..STEPS.len() {
            let mut connection = Connection::open_in_memory().unwrap();
            let older: Vec<_> = STEPS.iter().take(step).cloned().collect();
            Migrations::new(older).to_latest(&mut connection).unwrap();
            let rows = "INSERT INTO profile (one, phase, relay) VALUES (1, 1, x'07');
                        INSERT INTO cards (published, seed, stock) VALUES (1, x'01', x'02');
                        INSERT INTO contacts (name, state, hash, person) VALUES ('Alice', 1, x'03', x'04');
                        INSERT INTO closings (kind, object, key) VALUES (0, x'05', x'06');
                        INSERT INTO mailboxes (mailbox, deposit, collect, contact, generation, outer_key)
                            VALUES (x'08', x'09', x'0A', 1, 3, x'0B');";
            let relays = if step < 3 { "" } else { "INSERT INTO relays (relay) VALUES (x'07');" };
            connection.execute_batch(relays).unwrap();
            connection.execute_batch(rows).unwrap();
            migrate(&mut connection).unwrap();
            let card = "SELECT count(*) FROM cards JOIN contacts ON found_card IS NULL JOIN closings JOIN relays
                        JOIN mailboxes ON mailboxes.relay = relays.id WHERE published = 1 AND mailboxes.generation = 3";
            assert_eq!(connection.query_row(card, [], |row| row.get::<_, i64>(0)).unwrap(), 1, "from step {step}");
        }
    }
}
