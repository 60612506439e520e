//! The store on Redis: under the contract, on one server that is killed in the middle and on a cluster; shared by relays; in order;
//! at a start, in outages, and as whoever seizes the servers sees it.

mod backend;
mod deposits;
mod durable;
mod order;
mod outages;
mod parts;
mod sharing;
mod starting;
mod traces;

mod one_server {
    crate::store::contract::contract!(crate::store::redis::tests::backend::OneServer);
}

mod cluster {
    crate::store::contract::contract!(crate::store::redis::tests::backend::InCluster);
}
