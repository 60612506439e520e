//! The store on Redis under the contract: on one server, which is killed in the middle, and on a cluster.

mod backend;

mod one_server {
    crate::store::contract::contract!(crate::store::redis::tests::backend::OneServer);
}

mod cluster {
    crate::store::contract::contract!(crate::store::redis::tests::backend::InCluster);
}
