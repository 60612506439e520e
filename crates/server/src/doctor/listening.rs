//! Where the server listens, or would.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};

use super::{Check, Finding};
use crate::config::{Admin, Serving};

/// Looks whether the listeners can be opened, or are the running server's; `None` where it cannot be asked whether one runs.
#[must_use]
pub fn listeners(serving: &Serving<'_>, is_running: Option<bool>) -> Vec<Finding> {
    let admin = match serving.admin {
        Admin::Off => None,
        Admin::On(address) => Some(("admin", address)),
    };
    let all = [("listen", serving.listen)].into_iter().chain(admin);
    all.map(|(option, address)| listener(option, address, is_running)).collect()
}

fn listener(option: &str, address: SocketAddr, is_running: Option<bool>) -> Finding {
    let Err(error) = TcpListener::bind(address) else {
        return match is_running {
            Some(true) => Finding::warning(
                Check::Port,
                format_args!("a server runs, but nothing listens on {address} ({option})"),
                "start the server again: the configuration has changed since",
            ),
            _ => Finding::ok(Check::Port, format_args!("{address} is free ({option})")),
        };
    };
    let port = address.port();
    match error.kind() {
        ErrorKind::AddrInUse if is_running == Some(true) => {
            Finding::ok(Check::Port, format_args!("the running server listens on {address} ({option})"))
        }
        ErrorKind::AddrInUse if is_running.is_none() => Finding::warning(
            Check::Port,
            format_args!("something listens on {address} ({option}): this server, or another program"),
            format!("ss -ltnp 'sport = :{port}' shows which; with `admin` set, it would be asked"),
        ),
        ErrorKind::AddrInUse => Finding::problem(
            Check::Port,
            format_args!("another program listens on {address} ({option})"),
            format!("ss -ltnp 'sport = :{port}' shows which; or another port in the configuration"),
        ),
        ErrorKind::PermissionDenied => Finding::problem(
            Check::Port,
            format_args!("this account may not listen on {address} ({option})"),
            "AmbientCapabilities=CAP_NET_BIND_SERVICE in the unit, or a port from 1024 on",
        ),
        _ => Finding::problem(
            Check::Port,
            format_args!("nothing can listen on {address} ({option}): {error}"),
            "`ip address` shows the addresses of this machine; 0.0.0.0 and [::] are all of them",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    #[test]
    fn a_taken_port_is_a_problem_unless_the_server_itself_has_it() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        assert_eq!(listener("listen", address, Some(false)).level, Level::Problem);
        assert_eq!(listener("listen", address, Some(true)).level, Level::Ok);
        assert_eq!(listener("listen", address, None).level, Level::Warning);
        drop(taken);
        assert_eq!(listener("listen", address, Some(false)).level, Level::Ok);
        assert_eq!(listener("listen", address, Some(true)).level, Level::Warning);
    }

    #[test]
    fn an_address_of_another_machine_is_a_problem() {
        let told = listener("listen", "192.0.2.1:8443".parse().unwrap(), Some(false));
        assert!(told.level == Level::Problem && told.mend.unwrap().contains("ip address"));
    }
}
