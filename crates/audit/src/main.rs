//! `sealpost-audit`

use std::process::ExitCode;

fn main() -> ExitCode {
    sealpost_audit::cli::run()
}
