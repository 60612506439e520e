//! People and a real relay, in one process.

mod conversations;
mod leaving;
mod people;
mod relay;
mod trouble;
