//! Two people and what lies between them, without a network: sealing, opening, and crashes between their transactions.

mod crashes;
mod listing;
mod order;
mod side;
mod ways;
