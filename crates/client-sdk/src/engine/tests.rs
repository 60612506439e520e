//! Two people and what lies between them, without a network: sealing, opening, and crashes between their transactions.

mod crashes;
mod listing;
mod moving;
mod order;
mod rotation;
mod side;
mod stocking;
mod telling;
mod ways;
