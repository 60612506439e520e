//! Refuses to build with settings under which stored sessions would break.

/// libcrux writes its ratchet state in the byte order of the vector unit that it was built for, so a profile that moves
/// to another machine, or another build on the same one, would lose its sessions.
const PORTABLE: [&str; 2] = ["LIBCRUX_DISABLE_SIMD256", "LIBCRUX_DISABLE_SIMD128"];

fn main() {
    for variable in PORTABLE {
        println!("cargo::rerun-if-env-changed={variable}");
        if std::env::var(variable).as_deref() != Ok("1") {
            println!(
                "cargo::error={variable} is not 1: stored sessions would not be portable. Set it in the [env] table of .cargo/config.toml"
            );
        }
    }
}
