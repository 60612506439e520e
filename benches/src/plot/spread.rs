//! Distributions, side by side: how long the middle one took, and the slowest of ten, a hundred and a thousand.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::{COLOURS, Drawn, SIZE, Titles};
use crate::failure::Failure;
use crate::load::latency::Spread;

const PERCENTILES: [&str; 4] = ["p50", "p90", "p99", "p99.9"];

/// Latencies by percentile, as an SVG image; each step upwards is ten times as long.
///
/// # Errors
/// [`Failure::Plot`].
pub(super) fn svg(titles: &Titles, lines: &[(&'static str, Spread)]) -> Result<String, Failure> {
    super::svg_of(SIZE, |area| draw(area, titles, lines))
}

fn points(spread: &Spread) -> [f64; 4] {
    [spread.p50_ms, spread.p90_ms, spread.p99_ms, spread.p999_ms]
}

fn draw(area: &DrawingArea<SVGBackend<'_>, Shift>, titles: &Titles, lines: &[(&'static str, Spread)]) -> Drawn {
    area.fill(&WHITE)?;
    let all = || lines.iter().flat_map(|(_, spread)| points(spread)).filter(|ms| *ms > 0.0);
    let (low, top) = (all().fold(1.0, f64::min), all().fold(10.0, f64::max));
    let mut chart = ChartBuilder::on(area)
        .caption(titles.caption, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(60)
        .build_cartesian_2d(-0.2..3.2, (low * 0.8..top * 1.6).log_scale())?;
    let name = |at: &f64| {
        let at = at.round();
        PERCENTILES.get(at as usize).filter(|_| at >= 0.0).map_or_else(String::new, |name| (*name).to_owned())
    };
    let mut mesh = chart.configure_mesh();
    mesh.light_line_style(TRANSPARENT).x_desc(titles.x).y_desc(titles.y).label_style(("sans-serif", 13));
    mesh.x_labels(4).x_label_formatter(&name).y_label_formatter(&|ms: &f64| format!("{ms}")).draw()?;
    for ((name, spread), colour) in lines.iter().zip(COLOURS) {
        let line = || (0..4).map(f64::from).zip(points(spread)).filter(|(_, ms)| *ms > 0.0);
        let drawn = chart.draw_series(LineSeries::new(line(), colour.stroke_width(2)))?;
        drawn.label(*name).legend(move |(x, y)| Rectangle::new([(x, y - 2), (x + 16, y + 2)], colour.filled()));
        chart.draw_series(line().map(|point| Circle::new(point, 3, colour.filled())))?;
    }
    let mut legend = chart.configure_series_labels();
    legend.position(SeriesLabelPosition::UpperLeft).background_style(WHITE.mix(0.85)).border_style(BLACK.mix(0.3));
    legend.label_font(("sans-serif", 13)).draw()?;
    Ok(())
}
