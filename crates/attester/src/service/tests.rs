//! The service among a directory, two key services and a gateway that are all in this process.

mod asking;
mod proving;
mod servers;
mod world;
