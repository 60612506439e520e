//! The unit that has systemd start the server.

use std::path::Path;

const UNIT: &str = include_str!("../../../../../deploy/sealpost-relay.service");
const STATE: &str = "/var/lib/";
/// What the unit in `deploy/` is of.
const USUAL: &str = "/var/lib/sealpost-relay";
const STATE_DIRECTORY: &str = "StateDirectory=sealpost-relay";

/// The unit of `deploy/` for the program at `program` and a server that lies in `directory`: both absolute.
pub(super) fn unit(program: &Path, directory: &Path) -> String {
    let shown = directory.display().to_string();
    let below = shown.strip_prefix(STATE).filter(|name| !name.is_empty() && !name.contains('/'));
    let state = match below {
        Some(name) => format!("StateDirectory={name}"),
        // What is anywhere else is not made by systemd, and read-only without this.
        None => format!("ReadWritePaths={shown}"),
    };
    let start = format!("ExecStart={} serve", program.display());
    let unit = UNIT.replace(USUAL, &shown).replace(STATE_DIRECTORY, &state);
    let unit = if below.is_some() { unit } else { unit.replace("StateDirectoryMode=0700\n", "") };
    unit.replace("ExecStart=sealpost-relay serve", &start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_names_program_and_directory() {
        let unit = unit(Path::new("/usr/local/bin/sealpost-relay"), Path::new("/srv/relay"));
        for line in [
            "ExecStart=/usr/local/bin/sealpost-relay serve --config /srv/relay/sealpost-relay.toml",
            "ReadWritePaths=/srv/relay",
        ] {
            assert!(unit.lines().any(|found| found == line), "no {line} in\n{unit}");
        }
        assert!(!unit.contains("StateDirectory") && !unit.contains(USUAL));
    }

    #[test]
    fn below_var_lib_systemd_makes_the_directory() {
        let unit = unit(Path::new("/usr/bin/sealpost-relay"), Path::new("/var/lib/keys"));
        assert!(unit.contains("\nStateDirectory=keys\n") && unit.contains("\nStateDirectoryMode=0700\n"));
    }
}
