//! Subscriptions: what lies in a mailbox, then what comes, strictly in order and without gaps or doubles.
//!
//! A channel is *behind* or *live*. Behind, it is read from the store page by page; when a page reaches the end and
//! nothing arrived since it was asked for, the channel is live. Live, arrivals are queued for its connection; when the
//! queue is full, the channel falls behind again. A slow collector so costs what its queue may hold, a few pages, and no more.

mod channel;
mod collector;
mod hub;
mod inbox;

pub use collector::Collector;
pub(super) use hub::Hub;
