//! The embedded store under the contract, against a model, under kill -9, on a full disk, and as whoever seizes the disk
//! sees it.

mod backend;
mod batches;
mod crashes;
mod erasure;
mod full_disk;
mod hanging;
mod listing_model;
mod model;
mod opening;
mod order;
mod process;
mod raw;
mod tidying;

crate::store::contract::contract!(crate::store::embedded::tests::backend::Directory);
