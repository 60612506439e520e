//! The numbers of a server, as its admin listener writes them: Prometheus' text format, as far as that is needed.

use std::collections::BTreeMap;

/// Numbers by name and labels.
pub(super) struct Page(BTreeMap<String, f64>);

impl Page {
    pub(super) fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        Self(lines.filter_map(|line| line.rsplit_once(' ')).filter_map(pair).collect())
    }

    /// Whether it is a page of one of our servers.
    pub(super) fn is_ours(&self) -> bool {
        self.sum("sealpost_connections").is_some()
    }

    /// The sum over all labels; none where there is no such number.
    pub(super) fn sum(&self, name: &str) -> Option<f64> {
        let all = self.0.iter().filter(|(series, _)| name_of(series) == name).map(|(_, value)| *value);
        all.reduce(|sum, value| sum + value)
    }

    /// What a label says on the first number of that name.
    pub(super) fn label(&self, name: &str, label: &str) -> Option<&str> {
        let series = self.0.keys().find(|series| name_of(series) == name)?;
        value_of(series, label)
    }

    /// The mean of a histogram, of what came since `earlier`, or of all if nothing did.
    pub(super) fn mean(&self, name: &str, earlier: &Self) -> Option<f64> {
        let [sum, count] = ["sum", "count"].map(|part| format!("{name}_{part}"));
        let all = (self.sum(&sum)?, self.sum(&count)?);
        let since = (all.0 - earlier.sum(&sum)?, all.1 - earlier.sum(&count)?);
        let (sum, count) = if since.1 > 0.0 { since } else { all };
        (count > 0.0).then_some(sum / count)
    }

    /// The end of the bucket in which the quantile lies, of what came since `earlier`, or of all if nothing did.
    pub(super) fn quantile(&self, name: &str, quantile: f64, earlier: &Self) -> Option<f64> {
        let (all, before) = (self.buckets(name), earlier.buckets(name));
        let since: Vec<_> = all.iter().zip(&before).map(|(now, before)| (now.0, now.1 - before.1)).collect();
        let buckets = if since.last()?.1 > 0.0 { since } else { all };
        let wanted = buckets.last().filter(|all| all.1 > 0.0)?.1 * quantile;
        buckets.iter().find(|bucket| bucket.1 >= wanted).map(|bucket| bucket.0).filter(|end| end.is_finite())
    }

    /// Ends of buckets and how many lie below them, in order.
    fn buckets(&self, name: &str) -> Vec<(f64, f64)> {
        let name = format!("{name}_bucket");
        let all = self.0.iter().filter(|(series, _)| name_of(series) == name);
        let mut buckets: Vec<_> =
            all.filter_map(|(series, count)| Some((value_of(series, "le")?.parse::<f64>().ok()?, *count))).collect();
        buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
        buckets
    }
}

fn pair((series, value): (&str, &str)) -> Option<(String, f64)> {
    Some((series.to_owned(), value.parse().ok()?))
}

fn name_of(series: &str) -> &str {
    series.split('{').next().unwrap_or(series)
}

fn value_of<'a>(series: &'a str, label: &str) -> Option<&'a str> {
    let (_, labels) = series.split_once('{')?;
    let after = labels.split(',').find_map(|pair| pair.strip_prefix(label)?.strip_prefix("=\""))?;
    after.split('"').next()
}
