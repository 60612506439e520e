//! A connection is on one side, however many there are.

use sealpost_server::Denial;
use sealpost_server::peer::{Patience, Peer, PeerError};
use sealpost_wire::request::Refusal;

use crate::program::{of_neither, of_owner, of_sender};
use crate::running::Running;

const GONE: PeerError = PeerError::Refused(Denial::of(Refusal::Gone));
const LATER: PeerError = PeerError::Refused(Denial::try_later(9));
const WRONG: PeerError = PeerError::Refused(Denial::of(Refusal::WrongSide));

#[tokio::test]
async fn a_connection_stays_on_the_side_of_its_first_request() {
    let server = Running::start().await;
    let connect = async || Peer::connect(&server.reference, Patience::default()).await.unwrap();
    let (mut owner, mut sender, mut neither) = (connect().await, connect().await, connect().await);
    for _ in 0..2 {
        assert_eq!(owner.call(&of_owner()).await.map(|count| count.items), Ok(7));
        assert_eq!(owner.call(&of_sender()).await.map(drop), Err(WRONG));
        assert_eq!(owner.call(&of_neither()).await.map(drop), Err(WRONG));
        assert_eq!(sender.call(&of_sender()).await.map(drop), Err(GONE));
        assert_eq!(sender.call(&of_neither()).await.map(drop), Err(WRONG));
        assert_eq!(neither.call(&of_neither()).await.map(drop), Err(LATER));
        assert_eq!(neither.call(&of_owner()).await.map(drop), Err(WRONG));
    }
    server.stop().await;
}
