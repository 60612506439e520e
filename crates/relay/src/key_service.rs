//! A key service: it evaluates elements that it cannot see under a key of its own for each epoch.

pub mod epochs;
