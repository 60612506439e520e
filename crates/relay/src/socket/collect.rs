//! The owner's socket: subscriptions and acknowledgements come in, deliveries go out.

use bytes::Bytes;
use sealpost_wire::frame::{OwnerFrame, Received};
use sealpost_wire::{from_bytes, to_bytes};

use super::line::{Ending, Line};
use crate::service::Collector;

/// About how many bytes of envelopes one frame carries.
const ROOM: usize = 128 * 1024;

/// Serves until the end that it returns. While a frame is being taken by a slow peer, no further one is made.
pub(super) async fn run(line: &mut Line, mut collector: Collector) -> Ending {
    loop {
        let done = tokio::select! {
            heard = line.hear(), if !collector.is_owing() => match heard {
                Ok(messages) => obey(&mut collector, &messages).await,
                Err(ending) => Err(ending),
            },
            frame = collector.next(ROOM) => line.say([to_bytes(&frame)]).await,
        };
        if let Err(ending) = done {
            return ending;
        }
    }
}

/// Does what the frames say, in their order; acknowledgements that follow on each other in one go.
async fn obey(collector: &mut Collector, messages: &[Bytes]) -> Result<(), Ending> {
    let mut received: Vec<Received> = Vec::new();
    for message in messages {
        let frame: OwnerFrame = from_bytes(message).map_err(|_| Ending::Malformed)?;
        if !frame.subscribe.is_empty() {
            // A channel may be begun anew: what was received on it before belongs to its old mailbox.
            acknowledge(collector, &mut received).await;
        }
        frame.subscribe.iter().for_each(|subscribe| collector.subscribe(subscribe));
        received.extend(frame.acknowledge.into_vec());
        if !frame.unsubscribe.is_empty() {
            acknowledge(collector, &mut received).await;
        }
        frame.unsubscribe.iter().for_each(|channel| collector.unsubscribe(*channel));
    }
    acknowledge(collector, &mut received).await;
    Ok(())
}

async fn acknowledge(collector: &mut Collector, received: &mut Vec<Received>) {
    if !received.is_empty() {
        collector.acknowledge(received.drain(..)).await;
    }
}
