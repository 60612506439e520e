//! Erasing all that a namespace holds.

use redis::{Value, cmd};
use tokio::runtime::Builder;

use super::answer::{Fault, bytes, integer, list};
use super::dump::Store;
use super::link::Node;
use super::open::OpenError;
use super::options::Options;
use crate::store::dump::DumpError;

/// Keys that are looked at at a time.
const KEYS: usize = 512;

/// Erases every key of the store's namespace, on every master.
///
/// # Errors
/// [`DumpError`].
pub(crate) fn erase(options: &Options) -> Result<(), DumpError<OpenError>> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| DumpError::Open(OpenError::Thread(error)))?.block_on(async {
        let store = Store::open(options).await?;
        for node in store.link.masters().await? {
            erase_from(&store, &node, &options.namespace).await?;
        }
        Ok(())
    })
}

async fn erase_from(store: &Store, node: &Node, namespace: &str) -> Result<(), Fault> {
    // Braces mean nothing in a pattern, and a namespace has no letter that does.
    let pattern = format!("{{{namespace}:*");
    let mut cursor = b"0".to_vec();
    loop {
        let mut scan = cmd("SCAN");
        scan.arg(&cursor).arg("MATCH").arg(&pattern).arg("COUNT").arg(KEYS);
        let mut answer = list(store.link.ask_node(node, &scan).await?)?.into_iter();
        cursor = bytes(answer.next().ok_or(Fault::Odd)?)?;
        for key in list(answer.next().unwrap_or(Value::Array(Vec::new())))? {
            let mut unlink = cmd("UNLINK");
            unlink.arg(bytes(key)?);
            integer(&store.link.ask_node(node, &unlink).await?)?;
        }
        if cursor == b"0" {
            return Ok(());
        }
    }
}
