#![doc = include_str!("../README.md")]

mod cluster;
mod server;
mod slots;
mod talk;

pub use cluster::{Cluster, Plan};
pub use server::{Server, free_port, is_installed};
pub use slots::{begin_move, end_move, move_slot, move_some};
