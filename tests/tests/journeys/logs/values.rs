//! Everything that identifies somebody or something of theirs.

use std::collections::BTreeMap;

use data_encoding::BASE32_NOPAD;
use minicbor::Decoder;
use minicbor::data::Type;
use minicbor::decode::Error;
use sealpost_identity::CardRef;
use sealpost_identity::traces::Value;
use sealpost_tests::search::{Canary, Search};
use sealpost_tests::tap::Connection;
use sealpost_tests::{Result, http1};

/// Shorter byte strings would be found by chance.
const LEAST: usize = 8;
/// Longer ones are sealed; their beginning stands for them.
const MOST: usize = 64;

/// Values, each with what it is.
#[derive(Default)]
pub(in super::super) struct Values {
    texts: Vec<String>,
    bytes: BTreeMap<Vec<u8>, &'static str>,
}

impl Values {
    pub(in super::super) fn texts<'a>(&mut self, texts: impl Iterator<Item = &'a str>) {
        self.texts.extend(texts.map(str::to_owned));
    }

    /// A card: as a link, and its parts.
    pub(in super::super) fn card(&mut self, link: &str) -> Result<()> {
        let card: CardRef = link.parse().map_err(|_| "no card")?;
        self.texts.push(link.to_owned());
        for part in
            [card.seed.take_key().expose(), card.stock.as_bytes(), card.identity.as_bytes(), card.shelf().as_bytes()]
        {
            self.bytes.insert(part.to_vec(), "a part of a card");
        }
        Ok(())
    }

    /// Every byte string of every request, reply and frame.
    pub(in super::super) fn traffic(&mut self, connections: &[Connection]) {
        for connection in connections {
            let bodies = connection.plain().map(|bytes| http1::split(&bytes).0);
            for message in bodies.iter().flatten() {
                self.strings(&message.body);
            }
            connection.unmasked().iter().for_each(|frames| self.strings(frames));
        }
    }

    /// What is not CBOR, as the manifest is not, ends it early.
    fn strings(&mut self, cbor: &[u8]) {
        let mut decoder = Decoder::new(cbor);
        while let Ok(string) = next_string(&mut decoder) {
            let string = &string[..string.len().min(MOST)];
            if string.len() >= LEAST {
                self.bytes.insert(string.to_vec(), "a byte string of the traffic");
            }
        }
    }

    pub(in super::super) fn count(&self) -> usize {
        self.texts.len() + self.bytes.len()
    }

    /// The search for all of them.
    pub(in super::super) fn search(&self) -> Result<Search> {
        let texts = self.texts.iter().map(|text| canary("a text", Value::text(text)));
        let bytes = self.bytes.iter().flat_map(|(bytes, what)| {
            let spelled = [list(bytes), BASE32_NOPAD.encode(bytes)];
            let spelled = spelled.map(|spelling| canary(what, Value::text(&spelling)));
            spelled.into_iter().chain([canary(what, Value::bytes(bytes))])
        });
        Ok(Search::new(texts.chain(bytes).collect())?)
    }

    /// Whether each value is found once it is put behind this log.
    pub(in super::super) fn each_is_found_in(&self, log: &str) -> Result<bool> {
        let mut search = self.search()?;
        let mut all = true;
        for bytes in self.bytes.keys() {
            let before = search.found().len();
            search.bytes("a planted line", format!("{log}\nDEBUG id={bytes:?}\n").as_bytes());
            all &= search.found().len() > before;
        }
        Ok(all)
    }
}

/// The next byte string, at whatever depth.
fn next_string<'b>(decoder: &mut Decoder<'b>) -> std::result::Result<&'b [u8], Error> {
    loop {
        match decoder.datatype()? {
            Type::Bytes => return decoder.bytes(),
            Type::Map => drop(decoder.map()?),
            Type::Array => drop(decoder.array()?),
            _ => decoder.skip()?,
        }
    }
}

fn canary(what: &str, value: Value) -> Canary {
    Canary { what: what.to_owned(), value }
}

/// The beginning of what `Debug` prints of bytes.
fn list(bytes: &[u8]) -> String {
    bytes.iter().take(LEAST).map(u8::to_string).collect::<Vec<_>>().join(", ")
}
