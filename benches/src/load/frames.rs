//! Frames, written and read with as little work as a generator of load can do with: deposits are copied from a prepared one
//! and given their tag and id, deliveries are walked through without being copied.

use minicbor::{Decoder, Encoder};
use sealpost_wire::codec::{List, V1};
use sealpost_wire::frame::{Channel, MAX_DEPOSITS, OutcomeFrame, OwnerFrame, Received, Subscribe, TaggedOutcome};
use sealpost_wire::request::MAX_BATCH;
use sealpost_wire::{EnvelopeId, from_bytes, to_bytes};

use crate::failure::Failure;

/// What a frame of deposits has room for, in bytes.
const LONGEST: usize = 500 * 1024;
/// The first tag: from here on, all of them take five bytes.
pub const FIRST_TAG: u32 = 0x1_0000;
/// Where a tag's four bytes are: behind the head of the pair and its own.
const TAG: std::ops::Range<usize> = 2..6;

/// A deposit with its tag as it stands in a frame, of which tag and id are still to be put in.
#[derive(Debug, Clone)]
pub struct Prepared {
    bytes: Vec<u8>,
    id: usize,
}

impl Prepared {
    /// The id that stands where one is to be put in.
    pub const PLACE: [u8; 16] = *b"this is a place.";

    /// Takes over an encoding under [`FIRST_TAG`] and that id; `None` when it is not one.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Option<Self> {
        let id = bytes.windows(Self::PLACE.len()).position(|window| window == Self::PLACE)?;
        (bytes.get(TAG) == Some(&FIRST_TAG.to_be_bytes())).then_some(Self { bytes, id })
    }

    fn write(&self, tag: u32, id: [u8; 16], frame: &mut Vec<u8>) {
        let start = frame.len();
        frame.extend_from_slice(&self.bytes);
        let (tag_at, id_at) = (start + TAG.start, start + self.id);
        if let Some(place) = frame.get_mut(tag_at..tag_at + 4) {
            place.copy_from_slice(&tag.to_be_bytes());
        }
        if let Some(place) = frame.get_mut(id_at..id_at + id.len()) {
            place.copy_from_slice(&id);
        }
    }
}

/// The deposits of one mailbox, of which each number has its own, and begins again behind the last.
#[derive(Debug, Clone)]
pub struct Deposits(Vec<Prepared>);

impl Deposits {
    /// These, in their order.
    #[must_use]
    pub const fn new(all: Vec<Prepared>) -> Self {
        Self(all)
    }

    /// That of a number; none where there is none at all.
    #[must_use]
    pub fn of(&self, number: u32) -> Option<&Prepared> {
        self.0.get(number as usize % self.0.len().max(1))
    }
}

/// What is due: the deposit, its tag and its id.
pub type Due<'p> = (&'p Prepared, u32, [u8; 16]);

/// Deposit frames of what is due, none longer than a relay takes: messages of 512 KiB, unless it is configured otherwise.
#[must_use]
pub fn packed(mut due: &[Due<'_>]) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    while let Some((these, others)) = due.split_at_checked(fitting(due)).filter(|(these, _)| !these.is_empty()) {
        frames.push(deposits(these));
        due = others;
    }
    frames
}

/// How many of them go into one frame.
fn fitting(due: &[Due<'_>]) -> usize {
    let mut length = 0;
    let fits = due.iter().take(MAX_DEPOSITS).take_while(|(prepared, ..)| {
        length += prepared.bytes.len();
        length <= LONGEST
    });
    fits.count()
}

fn deposits(due: &[Due<'_>]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(16 + due.iter().map(|(prepared, ..)| prepared.bytes.len()).sum::<usize>());
    // Writing into a vector cannot fail.
    let _infallible = head(&mut frame, due.len() as u64);
    due.iter().for_each(|(prepared, tag, id)| prepared.write(*tag, *id, &mut frame));
    frame
}

fn head(
    frame: &mut Vec<u8>,
    count: u64,
) -> Result<(), minicbor::encode::Error<<&mut Vec<u8> as minicbor::encode::Write>::Error>> {
    Encoder::new(frame).map(2)?.u8(0)?.u8(sealpost_wire::VERSION)?.u8(1)?.array(count)?.ok()
}

/// What the relay answers to deposits.
///
/// # Errors
/// [`Failure::NoFrame`].
pub fn outcomes(frame: &[u8]) -> Result<Vec<TaggedOutcome>, Failure> {
    from_bytes::<OutcomeFrame>(frame).map(|frame| frame.outcomes.into_vec()).map_err(|_| Failure::NoFrame)
}

/// One envelope of a delivery frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivered<'b> {
    /// The subscription.
    pub channel: Channel,
    /// Its place in the mailbox's order.
    pub sequence: u64,
    /// Its id.
    pub id: EnvelopeId,
    /// As it was kept.
    pub sealed: &'b [u8],
}

/// What a delivery frame says besides its envelopes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// Channels that have caught up.
    pub caught_up: Vec<Channel>,
    /// Channels that have ended.
    pub ended: Vec<Channel>,
}

impl Told {
    /// Channels that have caught up, where none is to end.
    ///
    /// # Errors
    /// [`Failure::NoFrame`], when one has.
    pub fn without_end(self) -> Result<Vec<Channel>, Failure> {
        if self.ended.is_empty() { Ok(self.caught_up) } else { Err(Failure::NoFrame) }
    }
}

/// What stands in a delivery frame: `each` is called with every envelope in it.
///
/// # Errors
/// [`Failure::NoFrame`], or that of `each`.
pub fn deliveries<'b>(
    frame: &'b [u8],
    mut each: impl FnMut(Delivered<'b>) -> Result<(), Failure>,
) -> Result<Told, Failure> {
    let mut decoder = Decoder::new(frame);
    let mut told = Told::default();
    for _ in 0..decoder.map()?.ok_or(Failure::NoFrame)? {
        match decoder.u8()? {
            1 => {
                for _ in 0..decoder.array()?.ok_or(Failure::NoFrame)? {
                    each(delivered(&mut decoder)?)?;
                }
            }
            2 => {
                for _ in 0..decoder.array()?.ok_or(Failure::NoFrame)? {
                    told.caught_up.push(decoder.u32()?);
                }
            }
            3 => {
                for _ in 0..decoder.array()?.ok_or(Failure::NoFrame)? {
                    decoder.array()?;
                    told.ended.push(decoder.u32()?);
                    decoder.skip()?;
                }
            }
            _ => decoder.skip()?,
        }
    }
    Ok(told)
}

fn delivered<'b>(decoder: &mut Decoder<'b>) -> Result<Delivered<'b>, Failure> {
    decoder.array()?;
    let channel = decoder.u32()?;
    decoder.array()?;
    let sequence = decoder.u64()?;
    let id = decoder.bytes()?.try_into().map_err(|_| Failure::NoFrame)?;
    Ok(Delivered { channel, sequence, id: EnvelopeId::from_bytes(id), sealed: decoder.bytes()? })
}

/// Says what has been received, by channel: not more ids at once than a list has room for.
#[must_use]
pub fn acknowledgements(received: &[(Channel, Vec<EnvelopeId>)]) -> Vec<Vec<u8>> {
    let each = |(channel, ids): &(Channel, Vec<EnvelopeId>)| Received {
        channel: *channel,
        ids: List::new(ids.clone()).unwrap_or_default(),
    };
    let frame = |some: &[_]| {
        let acknowledge = List::new(some.iter().map(each).collect()).unwrap_or_default();
        to_bytes(&OwnerFrame { version: V1, acknowledge, ..OwnerFrame::default() })
    };
    received.chunks(MAX_BATCH).map(frame).collect()
}

/// Asks for mailboxes.
#[must_use]
pub fn subscription(subscribe: Vec<Subscribe>) -> Vec<u8> {
    to_bytes(&OwnerFrame { subscribe: List::new(subscribe).unwrap_or_default(), ..OwnerFrame::default() })
}

/// Wants a mailbox no more.
#[must_use]
pub fn unsubscription(channel: Channel) -> Vec<u8> {
    to_bytes(&OwnerFrame { unsubscribe: List::new(vec![channel]).unwrap_or_default(), ..OwnerFrame::default() })
}

#[cfg(test)]
mod tests {
    use sealpost_wire::frame::{Delivery, DeliveryFrame, DepositFrame, Ended, Tagged};
    use sealpost_wire::request::{Refusal, Stored};
    use sealpost_wire::{AtRest, SizeClass};

    use super::*;
    use crate::load::mailboxes::Mailbox;
    use crate::load::mark::Mark;

    #[test]
    fn a_frame_from_prepared_deposits_is_the_one_that_the_codec_writes() {
        for count in [1, 23, 24, 64] {
            let mailbox = Mailbox::random(SizeClass::Small);
            let prepared = mailbox.deposits().unwrap().of(0).unwrap().clone();
            let id = |number| Mark { mailbox: 0, number, due: 5 }.id();
            let due: Vec<_> = (0..count).map(|number| (&prepared, FIRST_TAG + number * 99, id(number))).collect();
            let tagged = |(_, tag, id): &(_, u32, _)| Tagged {
                tag: *tag,
                deposit: mailbox.deposit(EnvelopeId::from_bytes(*id)).unwrap(),
            };
            let deposits = List::new(due.iter().map(tagged).collect()).unwrap();
            assert_eq!(super::deposits(&due), to_bytes(&DepositFrame { version: V1, deposits }));
        }
    }

    #[test]
    fn a_frame_is_no_longer_than_a_relay_takes() {
        for (class, expected) in SizeClass::ALL.into_iter().zip([MAX_DEPOSITS, 31, 7]) {
            let prepared = Mailbox::random(class).deposits().unwrap().of(7).unwrap().clone();
            let frames = packed(&vec![(&prepared, FIRST_TAG, [0; 16]); 2 * expected]);
            assert_eq!((frames.len(), frames[0].len()), (2, frames[1].len()));
            assert!(frames[0].len() <= 512 * 1024);
        }
    }

    #[test]
    fn deposits_of_several_sizes_are_packed_in_their_order() {
        let all = SizeClass::ALL.map(|class| Mailbox::random(class).deposits().unwrap().of(0).unwrap().clone());
        let due: Vec<_> = (0..100).map(|number| (&all[number % 3], FIRST_TAG + number as u32, [0; 16])).collect();
        let frames = packed(&due);
        assert!(frames.iter().all(|frame| frame.len() <= 512 * 1024) && frames.len() > 2);
        let tags = frames.iter().flat_map(|frame| from_bytes::<DepositFrame>(frame).unwrap().deposits.into_vec());
        assert_eq!(
            tags.map(|tagged| tagged.tag).collect::<Vec<_>>(),
            (0..100).map(|n| FIRST_TAG + n).collect::<Vec<_>>()
        );
    }

    fn delivery(channel: Channel, sequence: u64) -> Delivery {
        let sealed = AtRest::new(vec![sequence as u8; SizeClass::Small.stored_length()].into()).unwrap();
        Delivery { channel, stored: Stored { sequence, id: EnvelopeId::from_bytes([channel as u8; 16]), sealed } }
    }

    #[test]
    fn a_delivery_frame_is_read_as_the_codec_reads_it() {
        let all = vec![delivery(1, 300), delivery(70_000, 5), delivery(1, 301)];
        let frame = DeliveryFrame {
            deliveries: List::new(all.clone()).unwrap(),
            caught_up: List::new(vec![1, 70_000]).unwrap(),
            ..DeliveryFrame::default()
        };
        let (bytes, mut read) = (to_bytes(&frame), Vec::new());
        let caught_up = deliveries(&bytes, |each| {
            let sealed = AtRest::new(each.sealed.into()).unwrap();
            read.push(Delivery {
                channel: each.channel,
                stored: Stored { sequence: each.sequence, id: each.id, sealed },
            });
            Ok(())
        });
        assert_eq!((caught_up.unwrap().without_end().unwrap(), read), (vec![1, 70_000], all));
    }

    #[test]
    fn however_much_was_received_is_acknowledged_in_frames_that_a_relay_takes() {
        let received = |channel| (channel, vec![EnvelopeId::from_bytes([7; 16]); 56]);
        let frames = acknowledgements(&(70_000..70_600).map(received).collect::<Vec<_>>());
        assert!(frames.iter().all(|frame| frame.len() <= 512 * 1024));
        let lists = frames.iter().map(|frame| from_bytes::<OwnerFrame>(frame).unwrap().acknowledge);
        assert_eq!(
            lists.map(|list| list.iter().map(|received| received.ids.len()).sum::<usize>()).sum::<usize>(),
            600 * 56
        );
    }

    #[test]
    fn an_ended_channel_and_what_is_no_frame_end_the_run() {
        let ended = vec![Ended { channel: 1, reason: Refusal::Denied }];
        let frame = DeliveryFrame { ended: List::new(ended).unwrap(), ..DeliveryFrame::default() };
        let told = deliveries(&to_bytes(&frame), |_| Ok(())).unwrap();
        assert_eq!(told.ended, [1]);
        assert!(told.without_end().is_err());
        assert!(deliveries(&[0xff], |_| Ok(())).is_err());
        assert!(outcomes(&[0xff]).is_err());
    }
}
