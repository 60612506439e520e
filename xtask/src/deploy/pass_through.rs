//! A relay behind nginx, as `deploy/proxies` has it: what the relay says comes through, over the relay's own TLS, and no file of nginx
//! has a word of it.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::Duration;

use super::{deploy, read};
use crate::commands::built;
use crate::failure::Failure;
use crate::run::{output, run};

/// How often it is looked whether something listens, and how long at most.
const LOOK_EVERY: Duration = Duration::from_millis(50);
const LOOKS: usize = 200;

/// A program that does not outlive the check.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ended_before = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// Runs both in `directory`, on ports that are free.
pub(super) fn check(directory: &Path) -> Result<(), Failure> {
    let [behind, front, admin] = [free_port()?, free_port()?, free_port()?];
    let configuration = directory.join("nginx.conf");
    write(&configuration, &nginx(directory, behind, front)?)?;
    run(Command::new("nginx").arg("-t").arg("-c").arg(&configuration).arg("-p").arg(directory))?;
    let relay = built("sealpost-relay", false)?;
    let (listen, host, admin) = (local(behind), format!("localhost:{front}"), local(admin));
    let of_relay = directory.join("behind");
    let init = ["init", "--listen", &listen, "--host", &host, "--admin", &admin];
    output(Command::new(&relay).args(init).arg("--dir").arg(&of_relay))?;
    let serve = Command::new(&relay).args(["serve", "--config"]).arg(of_relay.join("sealpost-relay.toml")).spawn();
    let _relay = Running(serve.map_err(|error| Failure::new(format!("sealpost-relay: {error}")))?);
    let nginx = Command::new("nginx").arg("-c").arg(&configuration).arg("-p").arg(directory).spawn();
    let _nginx = Running(nginx.map_err(|error| Failure::new(format!("nginx: {error}")))?);
    compare(behind, front)?;
    nothing_written(directory)
}

/// The snippet on other ports, and what it needs around it.
fn nginx(directory: &Path, behind: u16, front: u16) -> Result<String, Failure> {
    let snippet = read(&deploy("proxies/nginx-stream.conf"))?;
    let snippet = snippet.replace("listen 8443;", &format!("listen {};", local(front)));
    let snippet = snippet.replace("listen [::]:8443;", "").replace("127.0.0.1:18443", &local(behind));
    let before = "load_module /usr/lib/nginx/modules/ngx_stream_module.so; daemon off; master_process off; events {}";
    Ok(format!("{before} pid {0}/nginx.pid; error_log {0}/nginx.log notice;\n{snippet}", directory.display()))
}

/// The manifest names the key that the connection was made with; so the same manifest, over a connection that it fits, is the relay's.
fn compare(behind: u16, front: u16) -> Result<(), Failure> {
    let [direct, through] = [manifest(behind)?, manifest(front)?];
    if direct == through && !direct.is_empty() && certificate(behind)? == certificate(front)? {
        return Ok(());
    }
    Err(Failure::new("what comes through nginx is not what the relay says"))
}

fn manifest(port: u16) -> Result<String, Failure> {
    listens(port)?;
    output(
        Command::new("curl")
            .args(["--silent", "--show-error", "--insecure", "--fail"])
            .arg(format!("https://{}/v1/relay", local(port))),
    )
}

fn certificate(port: u16) -> Result<String, Failure> {
    let script = "openssl s_client -connect \"$0\" </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256";
    output(Command::new("sh").args(["-c", script]).arg(local(port)))
}

fn listens(port: u16) -> Result<(), Failure> {
    for _ in 0..LOOKS {
        if TcpStream::connect(local(port)).is_ok() {
            return Ok(());
        }
        sleep(LOOK_EVERY);
    }
    Err(Failure::new(format!("nothing listens on {port}")))
}

/// nginx's own log has its start, and no connection.
fn nothing_written(directory: &Path) -> Result<(), Failure> {
    let log = read(&directory.join("nginx.log"))?;
    if log.contains("client") || log.contains("upstream") || !log.contains("notice") {
        return Err(Failure::new(format!("nginx wrote of a connection, or of nothing at all:\n{log}")));
    }
    Ok(())
}

fn free_port() -> Result<u16, Failure> {
    let found = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    found.map(|address| address.port()).map_err(|error| Failure::new(format!("no free port: {error}")))
}

fn local(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|error| Failure::new(format!("{}: {error}", path.display())))
}
