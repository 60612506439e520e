//! The program `sealpost-attester`; all of it is in the library.

use std::alloc::System;
use std::process::ExitCode;

use zeroizing_alloc::ZeroAlloc;

/// Memory is wiped as it is freed: what a request brings lies in many buffers, and most of them are those of libraries.
#[global_allocator]
static MEMORY: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    sealpost_attester::cli::run()
}
