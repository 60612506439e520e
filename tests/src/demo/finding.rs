//! Finding people by number: some are listed, an address book is looked up, and one who was found is written to.

use std::collections::BTreeSet;
use std::path::Path;
use std::thread;

use serde::Serialize;

use super::book::Book;
use super::cast::{Cast, NUMBERS};
use super::play::Stage;
use super::{PATIENCE, Progress, Setting};
use crate::Result;
use crate::address_book::Acquaintance;
use crate::person::{Discovered, Person};

/// What the first person writes to the third, whom they have found.
pub(super) const GREETING: &str = "I looked for your number, and here you are";
/// Where in a book that is made up those are who can be found: the third person of the demo first, of several countries.
const PLACES: [usize; 4] = [37, 3, 150, 291];

/// Somebody who is in the directory.
pub(super) struct Listed {
    pub(super) person: Person,
    /// As they stand in the address book.
    pub(super) acquaintance: Acquaintance,
}

/// What came of it.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Numbers that were looked up.
    pub looked_up: usize,
    /// People of the book who are listed.
    pub expected: usize,
    /// Those of them who were found.
    pub discovered: usize,
    /// People who were found and are not listed.
    pub wrongly_found: usize,
    /// Whether the third person, found by number, received what was written to them.
    pub written_to: bool,
    /// Memory for the slow hash, in MiB.
    pub argon2_memory_mib: u32,
    /// Its passes.
    pub argon2_passes: u32,
    /// Hashes that were taken.
    pub hashed: usize,
    /// Numbers that both key services evaluated.
    pub evaluated: usize,
    /// Buckets that were read.
    pub buckets_read: usize,
}

impl Listed {
    /// Who is to be found in this book; in one's own the third person alone, who is not in it.
    pub(super) fn of(book: &Book, directory: &Path) -> Result<Vec<Self>> {
        let made_up = Book::made_up().people;
        let places = if book.is_own() { PLACES.get(..1).unwrap_or_default() } else { &PLACES };
        let acquaintances = places.iter().filter_map(|place| made_up.get(*place)).cloned();
        let person = |(n, acquaintance): (usize, Acquaintance)| {
            Ok(Self { person: Person::new(&acquaintance.name, &directory.join(format!("listed-{n}")))?, acquaintance })
        };
        acquaintances.enumerate().map(person).collect()
    }
}

impl Finding {
    /// Whether who is listed was found, nobody else, and could be written to.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.expected > 0 && self.discovered == self.expected && self.wrongly_found == 0 && self.written_to
    }
}

/// Some publish their numbers; the first person proves one, which gives the right to ask, looks up everyone in the book, and
/// writes to the third.
pub(super) fn find(setting: &Setting<'_>, cast: &Cast, progress: Progress<'_>) -> Result<Finding> {
    progress(Stage::Publishing);
    publish(cast)?;
    progress(Stage::Finding);
    let [first, _] = &cast.people;
    let [[_, _, number], _] = NUMBERS;
    cast.servers.prove(first, number)?;
    let acquaintances: Vec<_> = cast.listed.iter().map(|listed| listed.acquaintance.clone()).collect();
    let files = setting.book.files(&cast.directory, &acquaintances)?;
    let discovered = first.discover(&files)?;
    progress(Stage::Greeting);
    Ok(Finding { written_to: greet(cast)?, ..Finding::of(cast, &discovered) })
}

impl Finding {
    fn of(cast: &Cast, discovered: &Discovered) -> Self {
        let expected: BTreeSet<_> = cast.listed.iter().map(|listed| &listed.acquaintance.name).collect();
        let found: BTreeSet<_> = discovered.found.iter().collect();
        let (argon2_memory_mib, argon2_passes) = cast.servers.argon2();
        Self {
            looked_up: discovered.numbers,
            expected: expected.len(),
            discovered: found.intersection(&expected).count(),
            wrongly_found: found.difference(&expected).count(),
            written_to: false,
            argon2_memory_mib,
            argon2_passes,
            hashed: discovered.hashed,
            evaluated: discovered.evaluated,
            buckets_read: discovered.read,
        }
    }
}

/// Each opts in, stocks a shelf, proves a number and is listed. They do it at once: they are different people.
fn publish(cast: &Cast) -> Result<()> {
    let publish = |listed: &Listed| -> Result<()> {
        let code = cast.servers.relay.server.invite()?;
        listed.person.opt_in_by(cast.servers.reference(), &code)?;
        let state = cast.servers.publish(&listed.person, &listed.acquaintance.number)?;
        let is_listed = state.get("listing").is_some_and(|listing| listing == "listed");
        if is_listed { Ok(()) } else { Err(format!("not listed: {state}").into()) }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = cast.listed.iter().map(|listed| scope.spawn(move || publish(listed))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread panicked")?)
    })
}

/// The first person writes to the third, under the name in the book; whether it arrives.
fn greet(cast: &Cast) -> Result<bool> {
    let ([first, _], Some(third)) = (&cast.people, cast.listed.first()) else { return Ok(false) };
    let listener = third.person.listen(0)?;
    // Who was not found cannot be written to, and what does not come in time is told at the end.
    if first.attempt(&["send", &third.acquaintance.name, GREETING])?.status.success() {
        let _late = listener.wait_for(1, PATIENCE);
    }
    Ok(listener.shown().iter().any(|message| message.text == GREETING))
}
