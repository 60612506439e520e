//! The service on an embedded store, with a clock that is set by hand.

mod collecting;
mod directory;
mod mailboxes;
mod shelves;
mod telling;
mod tickets;
mod world;
