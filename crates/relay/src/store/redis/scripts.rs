//! The scripts: each decides and does one thing at one moment.

use std::sync::LazyLock;

/// A script, and the hash that a server calls it by.
pub(super) struct Script {
    source: String,
    hash: String,
}

/// Whether a server that is full, which erases nothing by itself, still carries it out.
#[derive(Clone, Copy)]
enum Full {
    Refuses,
    Allows,
}

impl Script {
    fn new(body: &str, full: Full) -> Self {
        let flags = match full {
            Full::Refuses => "",
            Full::Allows => " flags=allow-oom",
        };
        let source = format!("#!lua{flags}\n{}{body}", include_str!("lua/common.lua"));
        let hash = redis::Script::new(&source).get_hash().to_owned();
        Self { source, hash }
    }

    pub(super) fn source(&self) -> &str {
        &self.source
    }

    pub(super) fn hash(&self) -> &str {
        &self.hash
    }
}

macro_rules! scripts {
    ($($name:ident $full:ident $file:literal)*) => {
        /// All scripts.
        pub(super) struct Scripts {
            $(pub(super) $name: Script,)*
        }

        pub(super) static SCRIPTS: LazyLock<Scripts> = LazyLock::new(|| Scripts {
            $($name: Script::new(include_str!($file), Full::$full),)*
        });

        impl Scripts {
            pub(super) fn all(&self) -> impl Iterator<Item = &Script> {
                [$(&self.$name,)*].into_iter()
            }
        }
    };
}

// What keeps something new is refused when there is no room; what erases never is.
scripts! {
    open Refuses "lua/open.lua"
    close Allows "lua/close.lua"
    deposit Refuses "lua/deposit.lua"
    page Allows "lua/page.lua"
    acknowledge Allows "lua/acknowledge.lua"
    renew Allows "lua/renew.lua"
    expire Allows "lua/expire.lua"
    lapse Allows "lua/lapse.lua"
    stock Refuses "lua/stock.lua"
    count Allows "lua/count.lua"
    take Allows "lua/take.lua"
    epoch_open Refuses "lua/epoch_open.lua"
    epoch_retire Allows "lua/epoch_retire.lua"
    look Allows "lua/look.lua"
    place Refuses "lua/place.lua"
    withdraw Allows "lua/withdraw.lua"
    bucket Allows "lua/bucket.lua"
    spend Refuses "lua/spend.lua"
    forget_spent Allows "lua/forget_spent.lua"
    settle Refuses "lua/settle.lua"
    unsettle Allows "lua/unsettle.lua"
    forget_rates Allows "lua/forget_rates.lua"
    orphans Allows "lua/orphans.lua"
    probe Refuses "lua/probe.lua"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_script_tells_its_keys_arguments_and_answer() {
        for script in SCRIPTS.all() {
            let body = script.source().strip_prefix("#!lua").unwrap();
            for part in ["-- KEYS  ", "-- ARGV  ", "-- answer  "] {
                assert!(body.contains(part), "{body}");
            }
        }
    }
}
