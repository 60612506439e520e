//! The program `sealpost-bench`; all of it is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    sealpost_benches::cli::run()
}
