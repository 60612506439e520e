//! Claims about the crate as a whole, on people with stores in memory.

mod conversation;
mod people;
mod sizes;
