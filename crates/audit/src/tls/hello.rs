//! What the first messages tell (RFC 8446, section 4.1): the client's random, the server's choice.

/// The client's random.
pub(super) type Random = [u8; 32];

/// SHA-256 of "HelloRetryRequest", which stands in the place of the server's random.
const RETRY: Random = [
    0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91, 0xC2, 0xA2, 0x11,
    0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C,
];
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const EARLY_DATA: u16 = 42;
const SUPPORTED_VERSIONS: u16 = 43;
const TLS13: [u8; 2] = [3, 4];

/// A ClientHello.
pub(super) struct Hello {
    pub(super) random: Random,
    /// Whether early data follows.
    pub(super) early: bool,
}

/// A ServerHello.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The client is to say hello again.
    Retry,
    /// The server speaks an older TLS.
    OtherVersion,
    /// This suite from here on.
    Hello(u16),
}

/// Reads a whole handshake message.
pub(super) fn client(message: &[u8]) -> Option<Hello> {
    let (random, rest) = randoms(message, CLIENT_HELLO)?;
    let (_session, rest) = counted(rest, 1)?;
    let (_suites, rest) = counted(rest, 2)?;
    let (_compressions, rest) = counted(rest, 1)?;
    Some(Hello { random, early: extension(rest, EARLY_DATA).is_some() })
}

/// Reads a whole handshake message.
pub(super) fn server(message: &[u8]) -> Option<Answer> {
    let (random, rest) = randoms(message, SERVER_HELLO)?;
    let (_session, rest) = counted(rest, 1)?;
    let (suite, rest) = rest.split_first_chunk()?;
    let (_compression, rest) = rest.split_first()?;
    Some(if extension(rest, SUPPORTED_VERSIONS) != Some(&TLS13) {
        Answer::OtherVersion
    } else if random == RETRY {
        Answer::Retry
    } else {
        Answer::Hello(u16::from_be_bytes(*suite))
    })
}

/// What follows the message's header and the protocol's version.
fn randoms(message: &[u8], kind: u8) -> Option<(Random, &[u8])> {
    let (header, rest) = message.split_first_chunk::<6>()?;
    let (random, rest) = rest.split_first_chunk()?;
    (header[0] == kind).then_some((*random, rest))
}

/// The content of an extension, of the list that `bytes` begin with.
fn extension(bytes: &[u8], wanted: u16) -> Option<&[u8]> {
    let (mut list, _) = counted(bytes, 2)?;
    while let Some((kind, rest)) = list.split_first_chunk() {
        let (content, rest) = counted(rest, 2)?;
        if u16::from_be_bytes(*kind) == wanted {
            return Some(content);
        }
        list = rest;
    }
    None
}

/// Bytes behind their length, which has `width` bytes; and the rest.
fn counted(bytes: &[u8], width: usize) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_at_checked(width)?;
    let length = length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
    rest.split_at_checked(length)
}
