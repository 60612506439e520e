//! What all relays of a store have to have alike.

use std::collections::BTreeMap;

use super::answer::{Fault, bytes, list, text};
use super::call::Call;
use super::context::Context;
use super::scripts::SCRIPTS;

impl Context {
    pub(super) async fn settle(&self, proposed: BTreeMap<String, Vec<u8>>) -> Result<BTreeMap<String, Vec<u8>>, Fault> {
        let mut call = Call::new(&SCRIPTS.settle, &self.keys.shared());
        for (name, value) in &proposed {
            call = call.with(name).with(value.as_slice());
        }
        let mut answer = list(self.change(call).await?)?.into_iter();
        let mut settled = BTreeMap::new();
        while let (Some(name), Some(value)) = (answer.next(), answer.next()) {
            settled.insert(text(name)?, bytes(value)?);
        }
        Ok(settled)
    }

    pub(super) async fn unsettle(&self, names: Vec<String>) -> Result<(), Fault> {
        self.change(Call::new(&SCRIPTS.unsettle, &self.keys.shared()).with_all(names)).await.map(drop)
    }
}
