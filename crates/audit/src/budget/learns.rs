//! What each request tells the server, in the words of the budget.

use super::{ATTESTER, RELAY};

/// How the text goes on.
const LEARNS: &str = " learns: ";

/// What a request to `path` tells whoever runs the server.
pub(crate) fn of_request(path: &str) -> String {
    match path {
        "/v1/relay" => "someone at this network address asks which relay this is".to_owned(),
        "/v1/oblivious" => "that somebody asks something, by way of a proxy".to_owned(),
        "/v1/ohttp-keys" => "someone at this network address asks for the key of the day".to_owned(),
        "/v1/proxy" => "who runs the proxy learns that someone at this network address asks this gateway".to_owned(),
        "/v1/bucket" => "someone at this network address reads this part of the directory".to_owned(),
        // The request that opens a socket tells nothing that its messages do not.
        path => learned(&format!("; POST {path} ")).unwrap_or_default(),
    }
}

/// What a request to `path` tells when it is sealed inside another.
pub(crate) fn of_sealed(path: &str) -> String {
    of_request(path).replace("at this network address", "somewhere")
}

/// What a message on the WebSocket at `path` tells whoever runs the server.
pub(crate) fn of_message(path: &str) -> String {
    learned(&format!("; GET {path}, to the relay")).unwrap_or_default()
}

/// The comment that stands below the line that begins like this.
fn learned(start: &str) -> Option<String> {
    let lines = [RELAY, ATTESTER].into_iter().find_map(|text| {
        let mut lines = text.lines().skip_while(|line| !line.starts_with(start)).skip(1);
        lines.next().map(|first| (first, lines))
    });
    let (first, more) = lines?;
    let (_, first) = first.split_once(LEARNS)?;
    let more = more.map_while(|line| line.strip_prefix("; "));
    Some([first].into_iter().chain(more).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::LeakBudget;

    #[test]
    fn every_request_and_message_tells_something() {
        for text in [RELAY, ATTESTER] {
            for request in LeakBudget::of(text).unwrap().requests {
                assert!(of_request(&format!("/v1/{request}")).len() > 20, "{request}");
            }
        }
        assert!(of_request("/v1/evaluate").ends_with("the one who did so before with the same voucher"));
        assert!(of_message("/v1/collect").starts_with("what collect and acknowledge tell"));
        assert_eq!(of_request("elsewhere"), "");
    }
}
