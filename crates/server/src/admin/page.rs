//! `GET /` at the operator's listener: one page that draws the numbers of `GET /metrics` for as long as somebody looks at it.

use aws_lc_rs::digest::{SHA256, digest};
use axum::response::{IntoResponse, Response};
use data_encoding::BASE64;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};

/// The page: it asks the server that it came from, and nobody else.
const PAGE: &str = include_str!("page.html");

/// `GET /`
pub(super) async fn page() -> Response {
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (CONTENT_SECURITY_POLICY, policy()),
        (REFERRER_POLICY, "no-referrer".to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, PAGE).into_response()
}

/// What a browser may do for the page: run its one script, use its one style sheet, and ask this server.
fn policy() -> String {
    let [style, script] = ["style", "script"].map(hash);
    format!(
        "default-src 'none'; style-src {style}; script-src {script}; connect-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    )
}

/// The source expression (CSP, section 2.3.1) for what stands in the page's one element of this name.
fn hash(element: &str) -> String {
    let inside =
        PAGE.split_once(&format!("<{element}>")).and_then(|(_, rest)| rest.split_once(&format!("</{element}>")));
    let inside = inside.map_or("", |(inside, _)| inside);
    format!("'sha256-{}'", BASE64.encode(digest(&SHA256, inside.as_bytes()).as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_one_file_that_names_no_other_place() {
        for from_elsewhere in [
            "src=",
            "url(",
            "@import",
            "import ",
            "http:",
            "https:",
            "eval(",
            "innerHTML",
            " style=",
            "onclick",
            "onload",
        ] {
            let page = PAGE.replace("http://www.w3.org/2000/svg", "");
            assert!(!page.contains(from_elsewhere), "{from_elsewhere}");
        }
        assert_eq!(PAGE.matches("<script").count(), 1);
        assert_eq!(PAGE.matches("<style").count(), 1);
    }

    #[test]
    fn its_policy_lets_its_own_script_and_style_run_and_nothing_else() {
        let policy = policy();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
        // SHA-256 of nothing: an element was not found.
        assert!(!policy.contains("47DEQpj8HBSa"), "{policy}");
    }
}
