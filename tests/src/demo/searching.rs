//! What must not be found of anyone, and the search for it in everything.

use std::collections::BTreeSet;

use sealpost_identity::traces::Value;
use sealpost_identity::{Imei, Imsi, PhoneNumber};

use super::book::Book;
use super::cast::{Cast, NUMBERS};
use super::finding::GREETING;
use super::{Setting, Trial};
use crate::Result;
use crate::address_book::Acquaintance;
use crate::deployment::Watched;
use crate::search::{Canary, Find, Search};
use crate::tap::Connection;

/// Where the numbers of their owners have to be.
const TOLD: &str = "what the attester was told";

impl Cast {
    /// The search for all that was said, by whom, for the two people's numbers and for everyone in the address book.
    pub(super) fn search(&self, setting: &Setting<'_>) -> Result<Search> {
        let Setting { talk, book, .. } = setting;
        let texts = talk.lines.iter().enumerate().map(|(number, line)| {
            canary(format!("message {} of the talk", number + 1), Value::text(&line.text)) //
        });
        let names = talk.names.iter().enumerate();
        let names = names.map(|(number, name)| canary(format!("the name of person {}", number + 1), Value::text(name)));
        let mut canaries: Vec<_> = texts.chain(names).collect();
        for (n, [imei, imsi, number]) in NUMBERS.into_iter().enumerate() {
            canaries.push(canary("an IMEI", (&Imei::parse(imei)?).into()));
            canaries.push(canary("an IMSI", (&Imsi::parse(imsi)?).into()));
            canaries.push(canary(own_number_of(n), (&PhoneNumber::parse(number, None)?).into()));
        }
        canaries.push(canary("what the third person was told", Value::text(GREETING)));
        for (n, acquaintance) in self.looked_up(book).into_iter().enumerate() {
            canaries.push(canary(format!("name {n} of the address book"), Value::text(&acquaintance.name)));
            let number = PhoneNumber::parse(&acquaintance.number, None)?;
            canaries.push(canary(number_of(n), (&number).into()));
        }
        Ok(Search::new(canaries)?)
    }

    /// Everyone who is looked up: those in the book, and those besides who are to be found.
    fn looked_up<'a>(&'a self, book: &'a Book) -> Vec<&'a Acquaintance> {
        let listed = self.listed.iter().map(|listed| &listed.acquaintance);
        book.people.iter().chain(listed.filter(|listed| !book.people.contains(listed))).collect()
    }

    /// Searches the files of all servers, their logs among them, and everyone's logs and stores, as they are now.
    pub(super) fn search_files(&self, search: &mut Search) -> Result<()> {
        for watched in self.servers.all() {
            search.files(&watched.server.data())?;
            search.files(&watched.server.log())?;
        }
        for person in self.everyone().filter(|person| person.profile().exists()) {
            search.files(&person.profile())?;
            search.files(&person.log())?;
        }
        Ok(())
    }

    /// Searches the files and all traffic, on the wire and decrypted; what an attester is told in the clear is looked at by
    /// itself, in [`Cast::search_attester`].
    pub(super) fn search_all(&self, search: &mut Search) -> Result<()> {
        self.search_files(search)?;
        for watched in self.servers.all() {
            let is_attester = self.attester().is_some_and(|attester| std::ptr::eq(attester, watched));
            for connection in watched.tap.connections() {
                connection.raw().iter().for_each(|bytes| search.bytes("traffic on the wire", bytes));
                let inside = [connection.plain(), connection.unmasked()];
                let inside =
                    inside.iter().flat_map(|[sent, answered]| [sent, answered].into_iter().skip(is_attester.into()));
                inside.for_each(|bytes| search.bytes("traffic as the server sees it", bytes));
            }
        }
        Ok(())
    }

    /// Searches what the attester was told. It is told numbers by those whose they are, who is listed and the first person, who
    /// looks others up: how many, and what else was found of anyone, there or before.
    pub(super) fn search_attester(&self, search: &mut Search, setting: &Setting<'_>) -> (usize, Vec<Find>) {
        for connection in self.attester().iter().flat_map(|attester| attester.tap.connections()) {
            told(&connection).iter().for_each(|bytes| search.bytes(TOLD, bytes));
        }
        let is_listed = |number: &str| self.listed.iter().any(|listed| listed.acquaintance.number == number);
        let everyone = self.looked_up(setting.book).into_iter().enumerate();
        let listed = everyone.filter(|(_, one)| is_listed(&one.number)).map(|(n, _)| number_of(n));
        let own: BTreeSet<_> = listed.chain([own_number_of(0)]).collect();
        let is_told = |find: &Find| find.place == TOLD && own.contains(&find.what);
        let (told, others): (Vec<_>, Vec<_>) = search.found().iter().cloned().partition(is_told);
        (told.into_iter().map(|find| find.what).collect::<BTreeSet<_>>().len(), others)
    }

    /// Plants all that can be searched for in a scratch directory, and looks whether it is found there.
    pub(super) fn try_search(&self, search: &Search, setting: &Setting<'_>) -> Result<Trial> {
        let Setting { talk, book, .. } = setting;
        let said = talk.lines.iter().map(|line| &*line.text).chain(talk.names.iter().map(|name| &**name));
        let people = book.people.iter().flat_map(|person| [&*person.name, &*person.number]);
        let texts = said.chain(NUMBERS.iter().flatten().copied()).chain(people);
        let long_enough: Vec<_> = texts.filter(|text| !Value::text(text).is_too_short()).collect();
        let scratch = self.directory.join("scratch");
        Ok(Trial { planted: long_enough.len(), found: search.find_planted(&scratch, &long_enough)? })
    }

    fn attester(&self) -> Option<&Watched> {
        self.servers.attester.as_ref()
    }
}

/// What a client said, inside TLS: with its heads, and bodies alone.
fn told(connection: &Connection) -> [Vec<u8>; 2] {
    let ([plain, _], [bodies, _]) = (connection.plain(), connection.unmasked());
    [plain, bodies]
}

fn own_number_of(n: usize) -> String {
    format!("the phone number of person {}", n + 1)
}

fn number_of(n: usize) -> String {
    format!("number {n} of the address book")
}

fn canary(what: impl Into<String>, value: Value) -> Canary {
    Canary { what: what.into(), value }
}
