#![doc = include_str!("../README.md")]

mod cluster;
mod server;
mod talk;

pub use cluster::Cluster;
pub use server::{Server, free_port, is_installed};
