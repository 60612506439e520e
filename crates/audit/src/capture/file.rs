//! Files of packets: pcap, and pcapng with the secrets that may be kept in it.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use pcap_parser::pcapng::SecretsType;
use pcap_parser::traits::PcapReaderIterator;
use pcap_parser::{Block, Linktype, PcapBlockOwned, PcapError, create_reader};
use thiserror::Error;

/// The first guess of how long a packet may be; the buffer grows.
const BUFFER: usize = 256 * 1024;
/// A block that is longer is damaged.
const LONGEST_BLOCK: usize = 64 * 1024 * 1024;
/// The most interfaces of one section.
const MOST_INTERFACES: usize = 4096;

/// A packet as it was captured.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// What kind of link it was captured on, as numbered in the registry of link types.
    pub link: i32,
    /// Its bytes.
    pub bytes: &'a [u8],
    /// Whether the capture kept only its beginning.
    pub cut: bool,
}

/// Something in a capture.
pub(super) enum Item<'a> {
    /// A packet.
    Frame(Frame<'a>),
    /// A TLS key log.
    Secrets(&'a [u8]),
}

/// A capture cannot be read, or not to its end.
#[derive(Debug, Error)]
pub enum CaptureError {
    /// The file cannot be opened.
    #[error("{}: it cannot be read", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is neither pcap nor pcapng.
    #[error("{}: it is no capture", .0.display())]
    NoCapture(PathBuf),
    /// It is damaged or cut off; what stands before that has been read.
    #[error("{}: it is damaged or cut off behind {} bytes", path.display(), at)]
    Damaged {
        /// Which.
        path: PathBuf,
        /// How much could be read.
        at: usize,
    },
}

/// Hands each packet of the capture at `path` to `each`, in order, and each key log that is kept in it to `secrets`.
///
/// # Errors
/// [`CaptureError`]; what `each` got before holds.
pub fn read(path: &Path, each: &mut dyn FnMut(Frame<'_>), secrets: &mut dyn FnMut(&[u8])) -> Result<(), CaptureError> {
    let file = File::open(path).map_err(|source| CaptureError::Unreadable { path: path.to_owned(), source })?;
    let mut reader = create_reader(BUFFER, file).map_err(|_| CaptureError::NoCapture(path.to_owned()))?;
    walk(&mut *reader, &mut |item| match item {
        Item::Frame(frame) => each(frame),
        Item::Secrets(log) => secrets(log),
    })
    .map_err(|at| CaptureError::Damaged { path: path.to_owned(), at })
}

/// Reads all blocks; fails with how far it came.
fn walk(reader: &mut (dyn PcapReaderIterator + Send), each: &mut dyn FnMut(Item<'_>)) -> Result<(), usize> {
    let mut links = Links::default();
    let mut capacity = BUFFER;
    // A reader that has no more bytes asks for them for ever.
    let mut asked_in_vain = false;
    loop {
        let step = match reader.next() {
            Ok((consumed, block)) => {
                links.take(block, each);
                Step::Forward(consumed)
            }
            Err(PcapError::Eof) => return Ok(()),
            Err(PcapError::Incomplete(_)) if !asked_in_vain => Step::More,
            Err(PcapError::BufferTooSmall) if capacity < LONGEST_BLOCK => Step::Grow,
            Err(_) => return Err(reader.consumed()),
        };
        match step {
            Step::Forward(consumed) => {
                reader.consume(consumed);
                asked_in_vain = false;
            }
            Step::More => {
                asked_in_vain = reader.reader_exhausted();
                if reader.refill().is_err() && !grow(reader, &mut capacity) {
                    return Err(reader.consumed());
                }
            }
            Step::Grow if grow(reader, &mut capacity) => {}
            Step::Grow => return Err(reader.consumed()),
        }
    }
}

enum Step {
    Forward(usize),
    More,
    Grow,
}

fn grow(reader: &mut (dyn PcapReaderIterator + Send), capacity: &mut usize) -> bool {
    *capacity *= 2;
    *capacity <= LONGEST_BLOCK && reader.grow(*capacity) && reader.refill().is_ok()
}

/// The link types of a capture's interfaces; pcap has one.
#[derive(Default)]
struct Links(Vec<Linktype>);

impl Links {
    fn take(&mut self, block: PcapBlockOwned<'_>, each: &mut dyn FnMut(Item<'_>)) {
        match block {
            PcapBlockOwned::LegacyHeader(header) => self.0 = vec![header.network],
            PcapBlockOwned::Legacy(block) => {
                each(self.frame(0, block.data, block.origlen));
            }
            PcapBlockOwned::NG(Block::SectionHeader(_)) => self.0.clear(),
            PcapBlockOwned::NG(Block::InterfaceDescription(interface)) if self.0.len() < MOST_INTERFACES => {
                self.0.push(interface.linktype);
            }
            PcapBlockOwned::NG(Block::EnhancedPacket(block)) => {
                each(self.frame(block.if_id, whole(block.data, block.caplen), block.origlen));
            }
            PcapBlockOwned::NG(Block::SimplePacket(block)) => {
                each(self.frame(0, whole(block.data, block.origlen), block.origlen));
            }
            PcapBlockOwned::NG(Block::DecryptionSecrets(block)) if block.secrets_type == SecretsType::TlsKeyLog => {
                each(Item::Secrets(block.data));
            }
            PcapBlockOwned::NG(_) => {}
        }
    }

    fn frame<'a>(&self, interface: u32, bytes: &'a [u8], length: u32) -> Item<'a> {
        let link = usize::try_from(interface).ok().and_then(|index| self.0.get(index));
        let cut = usize::try_from(length).is_ok_and(|length| length > bytes.len());
        Item::Frame(Frame { link: link.map_or(-1, |link| link.0), bytes, cut })
    }
}

/// Blocks are padded to four bytes.
fn whole(data: &[u8], length: u32) -> &[u8] {
    usize::try_from(length).ok().and_then(|length| data.get(..length)).unwrap_or(data)
}
