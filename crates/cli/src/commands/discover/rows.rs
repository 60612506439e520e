//! Who was found, one row for each number.

use std::collections::{HashMap, HashSet};

use sealpost_client::{Client, ContactId, DiscoveryReport, Reason, Route};
use serde::Serialize;

use super::Sought;
use crate::commands::words;
use crate::failure::Failure;
use crate::table::table;
use crate::terminal::one_line;

/// What is known of a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Row {
    name: String,
    /// As the book writes it.
    number: String,
    /// `None` when it is not known yet.
    pub(super) found: Option<bool>,
    /// The contact that they are.
    contact: Option<String>,
    /// Whether the number leads to another identity than the contact's by now.
    changed: bool,
    /// How a message to the number would go.
    route: Option<&'static str>,
    /// Why it is not known.
    reason: Option<String>,
}

/// The rows, in the order in which people were sought.
pub(super) fn of(client: &Client, sought: &[Sought], report: &DiscoveryReport) -> Result<Vec<Row>, Failure> {
    // The report has names. Where one person has a number that is not known yet, the others not found are not either.
    let unknown: HashMap<_, _> = report.still_unknown.iter().map(|(name, reason)| (name.as_str(), *reason)).collect();
    let changed: HashSet<_> = report.changed.iter().copied().collect();
    let row = |sought: &Sought| {
        let route = client.route(&sought.number)?;
        let contact = match route {
            Route::Sealed(id) => Some((id, client.contact(id)?.name)),
            Route::Sms | Route::None => None,
        };
        let reason = unknown.get(sought.name.as_str()).copied();
        Ok(Row::of(sought, route, contact, &changed, reason))
    };
    sought.iter().map(row).collect()
}

/// A table of them.
pub(super) fn text(rows: &[Row]) -> String {
    let rows: Vec<_> = rows.iter().map(Row::cells).collect();
    table(["NAME", "NUMBER", "STATE", "CONTACT"], &rows)
}

impl Row {
    fn of(
        sought: &Sought,
        route: Route,
        contact: Option<(ContactId, String)>,
        changed: &HashSet<ContactId>,
        unknown: Option<Reason>,
    ) -> Self {
        let reason = unknown.filter(|_| contact.is_none());
        Self {
            name: sought.name.to_string(),
            number: sought.written.to_string(),
            found: if contact.is_some() { Some(true) } else { reason.is_none().then_some(false) },
            changed: contact.as_ref().is_some_and(|(id, _)| changed.contains(id)),
            contact: contact.map(|(_, name)| name),
            route: match route {
                Route::Sealed(_) => Some("sealed"),
                Route::Sms => Some("sms"),
                Route::None => None,
            },
            reason: reason.map(words::unknown),
        }
    }

    fn cells(&self) -> [String; 4] {
        let state = match (self.found, self.route, &self.reason) {
            (Some(true), ..) if self.changed => "sealed, but the number leads to another identity".to_owned(),
            (Some(true), ..) => "sealed".to_owned(),
            (None, _, Some(reason)) => format!("not known yet: {reason}"),
            (_, Some("sms"), _) => "SMS".to_owned(),
            _ => "not found".to_owned(),
        };
        [one_line(&self.name), one_line(&self.number), state, self.contact.as_deref().map(one_line).unwrap_or_default()]
    }
}

#[cfg(test)]
mod tests {
    use sealpost_identity::PhoneNumber;
    use zeroize::Zeroizing;

    use super::*;

    fn sought(name: &str) -> Sought {
        let text = |text: &str| Zeroizing::new(text.to_owned());
        let number = PhoneNumber::parse("+12025550123", None).unwrap();
        Sought { name: text(name), number, written: text("(202) 555-0123") }
    }

    fn row(route: Route, unknown: Option<Reason>) -> Row {
        Row::of(&sought("Ada"), route, None, &HashSet::new(), unknown)
    }

    #[test]
    fn a_number_is_found_not_found_or_not_known_yet() {
        let state = |row: &Row| (row.found, row.cells()[2].clone());
        assert_eq!(state(&row(Route::None, None)), (Some(false), "not found".to_owned()));
        assert_eq!(state(&row(Route::Sms, None)), (Some(false), "SMS".to_owned()));
        let unknown = row(Route::Sms, Some(Reason::Cancelled));
        assert_eq!(state(&unknown), (None, "not known yet: cancelled".to_owned()));
        let found = Row { found: Some(true), route: Some("sealed"), ..row(Route::None, None) };
        assert_eq!(state(&found), (Some(true), "sealed".to_owned()));
        let changed = Row { changed: true, ..found };
        assert_eq!(state(&changed).1, "sealed, but the number leads to another identity");
    }

    #[test]
    fn a_row_for_scripts_has_every_field() {
        assert_eq!(
            serde_json::to_string(&row(Route::None, None)).unwrap(),
            r#"{"name":"Ada","number":"(202) 555-0123","found":false,"contact":null,"changed":false,"route":null,"reason":null}"#
        );
    }
}
