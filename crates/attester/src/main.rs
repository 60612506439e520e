//! The program `sealpost-attester`; all of it is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    sealpost_attester::cli::run()
}
