//! `sealpost withdraw`

use super::closing::{self, Watch};
use crate::arguments::{Common, Withdraw};
use crate::failure::Failure;
use crate::opening;
use crate::output::Output;

/// Withdrawn, durably, before the directory is asked for anything.
pub(super) async fn run(common: &Common, command: &Withdraw, output: Output) -> Result<(), Failure> {
    let client = opening::opted_in_with(common, closing::options(&command.closing))?;
    let watch = Watch::start(&client)?;
    if let Some(access) = client.discovery()? {
        access.withdraw()?;
    }
    let closed = watch.wait(&command.closing, output).await?;
    output.show(&closed, |closed| closed.text())?;
    closed.verdict()
}
