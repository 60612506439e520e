//! What is measured, one module each.

pub mod all;
pub mod away;
pub mod burst;
pub mod crew;
pub mod discover;
pub mod further;
pub mod idle;
pub mod mixed;
pub mod oblivious;
pub mod online;
pub mod phase;
pub mod quick;
pub mod rotate;
pub mod shape;
pub mod sizes;
pub mod soak;
