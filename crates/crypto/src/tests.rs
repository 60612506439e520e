//! Claims about the crate as a whole, on people with stores in memory.

mod certificates;
mod conversation;
mod craft;
mod doors;
mod first_contact;
mod forgeries;
mod fuzz;
mod guards;
pub(crate) mod people;
mod printing;
mod replays;
mod sizes;
