//! The embedded store under the contract, under kill -9, on a full disk, and as whoever seizes the disk sees it.

mod backend;

crate::store::contract::contract!(crate::store::embedded::tests::backend::Directory);
