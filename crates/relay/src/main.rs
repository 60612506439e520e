//! The program `sealpost-relay`; all of it is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    sealpost_relay::cli::run()
}
